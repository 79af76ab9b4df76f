/** Between "send" and sending: what is unusual, a delay that can be cut short or taken back, long work. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { shownName } from '../../src/mail/shown-text.ts';
import type { SendingHost, SendingView } from '../host.ts';
import type { MailRisk, RecipientRisk } from '../member/risk.ts';
import { focus, Mark, useEscape } from './parts.tsx';
import type { Words } from './words.ts';

/** Milliseconds between two looks at what has changed. */
const LOOK = 200;

interface Parts {
  readonly host: SendingHost;
  readonly words: Words;
}

export function Sending({ host, words }: Parts): VNode {
  const [view, setView] = useState<SendingView>();
  useEffect(() => {
    const look = (): void => void host.sending().then(setView);
    look();
    const timer = setInterval(look, LOOK);
    return () => clearInterval(timer);
  }, []);
  useEscape(() => host.decide(false));
  if (view === undefined) return <main class="page dialog" />;
  return (
    <main class="page dialog">
      <p class="faint">{view.subject === '' ? words.text('not_sent_no_subject') : words.text('not_sent_subject', { subject: view.subject })}</p>
      {view.stage === 'confirm' && <Confirm host={host} words={words} view={view} />}
      {view.stage === 'delay' && <Delay host={host} words={words} until={view.until} />}
      {view.stage === 'working' && <Working host={host} words={words} done={view.done} />}
    </main>
  );
}

function Confirm({ host, words, view }: Parts & { readonly view: Extract<SendingView, { stage: 'confirm' }> }): VNode {
  const { recipients, mail } = view.risks;
  const items = [
    ...recipients.map(({ mailbox, risks }) => ({
      id: mailbox.address,
      head: shownName(mailbox.displayName) === '' ? mailbox.address : words.text('name_and_address', { name: shownName(mailbox.displayName), address: mailbox.address }),
      reasons: risks.map((risk) => recipientSentence(words, risk)),
    })),
    ...mail.map((risk, i) => ({ id: `mail${i}`, head: mailSentence(words, risk), reasons: [] as string[] })),
  ];
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const tick = (id: string, on: boolean): void => {
    const next = new Set(ticked);
    if (on) next.add(id);
    else next.delete(id);
    setTicked(next);
  };
  const missing = items.length - ticked.size;
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (missing === 0) host.decide(true); }}>
      <h1><Mark /> {words.text('sending_confirm')}</h1>
      <p>{words.text('sending_confirm_text')}</p>
      <ul class="checks">
        {items.map(({ id, head, reasons }) => (
          <li>
            <label>
              <input type="checkbox" checked={ticked.has(id)} onChange={(event) => tick(id, event.currentTarget.checked)} />
              <span><strong>{head}</strong>{reasons.map((reason) => <><br />{reason}</>)}</span>
            </label>
          </li>
        ))}
      </ul>
      <div class="buttons">
        <button id="back" class="primary" type="button" ref={focus} onClick={() => host.decide(false)}>{words.text('sending_back')}</button>
        <button id="send" type="submit" disabled={missing > 0}>{words.text('sending_go')}</button>
      </div>
      <p class="faint" role="status">{missing > 0 ? words.text('sending_missing', { count: missing }) : ''}</p>
    </form>
  );
}

function recipientSentence(words: Words, risk: RecipientRisk): string {
  switch (risk.kind) {
    case 'lookalike': return words.text('risk_lookalike', { known: risk.of });
    case 'colleagues-name': return words.text('risk_colleagues_name', { address: risk.colleague });
    case 'new-domain': return words.text('risk_new_domain', { domain: risk.domain });
  }
}

function mailSentence(words: Words, risk: MailRisk): string {
  switch (risk.kind) {
    case 'answers-problem': return words.text('risk_answers_problem', { addresses: words.list(risk.recipients) });
    case 'forwards-problem': return words.text('risk_forwards_problem');
    case 'outside': return words.text('risk_outside');
    case 'readable': return words.text(risk.mode === 'sign-only' ? 'risk_sign_only' : 'risk_attachments_only');
    case 'subject-shown': return words.text('risk_subject_shown');
    case 'many-outsiders': return words.text('risk_many_outsiders', { count: risk.count });
    case 'greeting': return words.text('risk_greeting', { name: risk.name });
    case 'no-attachment': return words.text('risk_no_attachment');
    case 'password-archive': return words.text('risk_password_archive', { name: risk.name });
  }
}

function Delay({ host, words, until }: Parts & { readonly until: number }): VNode {
  const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
  return (
    <section>
      <h1><span id="countdown" role="timer">{words.text('sending_delay', { seconds })}</span></h1>
      <div class="buttons">
        <button id="back" class="primary" type="button" ref={focus} aria-describedby="countdown" onClick={() => host.decide(false)}>{words.text('sending_take_back')}</button>
        <button id="send" type="button" onClick={() => host.decide(true)}>{words.text('sending_now')}</button>
      </div>
    </section>
  );
}

function Working({ host, words, done }: Parts & { readonly done: number }): VNode {
  return (
    <section>
      <h1>{words.text('sending_working')}</h1>
      <progress value={done} max={1} aria-label={words.text('sending_working')} />
      <div class="buttons"><button id="back" type="button" ref={focus} onClick={() => host.decide(false)}>{words.text('sending_take_back')}</button></div>
    </section>
  );
}
