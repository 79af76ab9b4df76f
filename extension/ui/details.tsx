/** The popup on the button in the message header: how this mail was checked, leg by leg. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DetailsHost, DetailsView } from '../host.ts';
import type { MailAction } from './mail-actions.ts';
import { ContactLine } from './contact.tsx';
import { Copy } from './copy.tsx';
import { Forward } from './forward.tsx';
import { Notice, Pieces } from './parts.tsx';
import { Report } from './report.tsx';
import type { Words } from './words.ts';

/** `children` stand below. */
export function Details({ host, words, children }: { readonly host: DetailsHost; readonly words: Words; readonly children?: ComponentChildren }): VNode {
  const [view, setView] = useState<DetailsView | 'loading' | undefined>('loading');
  const [doing, setDoing] = useState<MailAction>();
  useEffect(() => void host.details().then(setView, () => setView(undefined)), []);
  if (view === 'loading') return <main class="popup"><h1 class="heard">{words.text('details_title')}</h1><p role="status">{words.text('label_checking')}</p></main>;
  if (view === undefined) return <main class="popup"><h1 class="heard">{words.text('details_title')}</h1><p>{words.text('details_no_message')}</p>{children}</main>;
  const which = <section class="group"><dl>{view.about.map(([name, value]) => <div><dt>{name}</dt><dd>{value}</dd></div>)}</dl></section>;
  const { state, heading, sentence, notes, groups, enrol, actions, copies, sealedNames } = view;
  if (doing === 'forward') return <main class="popup">{which}<Forward host={host} words={words} names={sealedNames} onBack={() => setDoing(undefined)} /></main>;
  if (doing === 'copy') return <main class="popup">{which}<Copy host={host} words={words} onBack={() => setDoing(undefined)} /></main>;
  if (doing === 'report') return <main class="popup">{which}<Report host={host} words={words} named={view.reportsNameMember} onBack={() => setDoing(undefined)} /></main>;
  return (
    <main class="popup">
      <Notice title state={state} heading={heading}>
        <p><Pieces pieces={sentence} /></p>
        {notes.map((note) => <p>{note}</p>)}
        {state === 'problem' && <ContactLine words={words} />}
        {enrol && <div class="buttons"><button type="button" class="primary" onClick={() => host.openEnrolment()}>{words.text('banner_enrol')}</button></div>}
      </Notice>
      <div class={actions.length > 0 || !copies ? 'actions' : ''}>
        {actions.includes('forward') && <p><button id="forward" class="link" type="button" onClick={() => setDoing('forward')}>{words.text('forward_button')}</button></p>}
        {actions.includes('copy') && <p><button id="copy" class="link" type="button" onClick={() => setDoing('copy')}>{words.text('copy_button')}</button></p>}
        {!copies && <p class="faint">{words.text('copies_forbidden')}</p>}
        {actions.includes('report') && <p><button id="report" class="link" type="button" onClick={() => setDoing('report')}>{words.text('report_button')}</button></p>}
      </div>
      {groups.map(({ title, rows }) => (
        <section class="group">
          <h2>{title}</h2>
          <dl>{rows.map(([name, value]) => <div><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
        </section>
      ))}
      {children}
    </main>
  );
}
