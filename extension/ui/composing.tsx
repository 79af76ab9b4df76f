/** While a mail is written: what will happen to it, recipient by recipient. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ComposingHost, ComposingView } from '../host.ts';
import type { Plan } from '../member/plan.ts';
import { type DraftPreview, type RecipientPreview, stops } from '../member/preview.ts';
import { Choices } from './choices.tsx';
import { Pieces, ReasonText } from './parts.tsx';
import { reasonOf } from './reasons.ts';
import type { Piece, Words } from './words.ts';

/** `children` stand below. */
export function Composing({ host, words, children }: { readonly host: ComposingHost; readonly words: Words; readonly children?: ComponentChildren }): VNode {
  const [view, setView] = useState<ComposingView>();
  const load = (): void => void host.view().then(setView);
  useEffect(load, []);
  return (
    <main class="popup">
      <h1 class="small">{words.text('composing_title')}</h1>
      {view === undefined ? <p role="status">{words.text('label_checking')}</p> : <Preview preview={view.preview} all={view.plan === undefined || view.plan.mode === 'protect-all'} host={host} words={words} />}
      {view?.passesOn === true && <section id="passes-on"><p>{words.text('forward_next')}</p><p>{words.text('forward_clear')}</p></section>}
      {view?.plan !== undefined && !view.passesOn && <Choices plan={view.plan} words={words} choose={(choice) => void host.choose(choice).then(load)} />}
      {view?.plan !== undefined && view.sealedDrafts && (
        <section class="draft">
          <div class="buttons"><button id="save-draft" type="button" aria-describedby="draft-text" onClick={() => host.saveDraft()}>{words.text('draft_save')}</button></div>
          <p id="draft-text" class="faint">{words.text('draft_text')}</p>
        </section>
      )}
      {children}
    </main>
  );
}

/** `all`: all of the mail is encrypted. */
function Preview({ preview, all, host, words }: { readonly preview: DraftPreview; readonly all: boolean; readonly host: ComposingHost; readonly words: Words }): VNode {
  switch (preview.kind) {
    case 'not-ours': return <p>{words.text('composing_not_ours')}</p>;
    case 'from-typed': return <ReasonText reason={reasonOf(words, 'from-typed', { from: preview.from, account: preview.account })} words={words} />;
    case 'unknown': return <p>{reasonOf(words, preview.code).why}</p>;
    case 'not-enrolled': return (
      <>
        <p>{words.text('composing_not_enrolled', { address: preview.address })}</p>
        <div class="buttons"><button class="primary" type="button" onClick={() => host.openEnrolment()}>{words.text('not_sent_enrol')}</button></div>
      </>
    );
    case 'protected': return (
      <>
        {preview.recipients.length === 0 && <p>{words.text('composing_nobody')}</p>}
        <ul class="recipients">
          {preview.recipients.map((one) => <li class={one.outcome}><Pieces pieces={outcomeSentence(words, one)} /></li>)}
        </ul>
        {preview.recipients.some(({ organisation }) => organisation !== undefined) && <p class="faint">{words.sentences([...(all && preview.recipients.every(({ outcome }) => outcome === 'colleague' || outcome === 'partner') ? [words.text('composing_only')] : []), words.text('composing_inspection')])}</p>}
        {preview.recipients.some(({ outcome }) => outcome === 'apart') && (
          <section class="draft">
            <div class="buttons"><button id="split" class="primary" type="button" aria-describedby="split-text" onClick={() => host.split()}>{words.text('split')}</button></div>
            <p id="split-text" class="faint">{words.text('split_text')}</p>
          </section>
        )}
      </>
    );
  }
}

function outcomeSentence(words: Words, { outcome, name, address, organisation }: RecipientPreview): readonly Piece[] {
  const person = name === address ? address : words.text('composing_person', { name });
  const values = { name, person, organisation: organisation?.[words.language] ?? '' };
  switch (outcome) {
    case 'colleague': return words.pieces('composing_colleague', values);
    case 'partner': return words.pieces('composing_partner', values);
    case 'outside': return words.pieces('composing_outside', values);
    case 'signed-only': return words.pieces('composing_signed_only', values);
    case 'apart': return words.pieces('composing_apart', values);
    case 'unreadable': return words.pieces('composing_unreadable', values);
  }
}

/** For the button in the compose window: a few words that say whether it goes, and who will take it. */
export function composingLabel(words: Words, preview: DraftPreview, plan?: Plan): string {
  if (preview.kind === 'not-ours') return words.text('composing_label_not_ours');
  if (preview.kind !== 'protected') return words.text('composing_label_stopped');
  const stopped = preview.recipients.filter(({ outcome }) => stops(outcome));
  if (stopped.length > 0) return words.text('composing_label_outside', { count: stopped.length });
  if (preview.recipients.some(({ outcome }) => outcome === 'signed-only')) return words.text('composing_label_signed_only');
  const names = [...new Set(preview.recipients.map(({ organisation }) => organisation?.[words.language] ?? ''))];
  if (names.length === 0) return words.text('composing_label_ready');
  if (plan !== undefined && plan.mode !== 'protect-all') return words.text(plan.mode === 'sign-only' ? 'composing_label_sign_only' : 'composing_label_attachments_only', { organisation: words.list(names) });
  return names.length === 1 ? words.text('composing_label_one', { organisation: names[0] ?? '' }) : words.text('composing_label_more', { organisation: names[0] ?? '', count: names.length - 1 });
}
