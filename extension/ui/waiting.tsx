/** Mails that have waited in the outbox for more than five days: to be sent again, each after a look. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { shownText } from '../../src/mail/shown-text.ts';
import type { WaitingHost } from '../host.ts';
import { focus, Notice, ReasonText, useEscape } from './parts.tsx';
import type { Reason } from './reasons.ts';
import type { Words } from './words.ts';

export function Waiting({ host, words }: { readonly host: WaitingHost; readonly words: Words }): VNode {
  const [opened, setOpened] = useState<readonly number[]>([]);
  const [failed, setFailed] = useState<{ readonly id: number; readonly reason: Reason }>();
  useEscape(() => host.close());
  const again = async (id: number): Promise<void> => {
    const reason = await host.again(id);
    setFailed(reason === undefined ? undefined : { id, reason });
    if (reason === undefined) setOpened([...opened, id]);
  };
  return (
    <main class="page dialog">
      <Notice title state="cannot-check" heading={words.text('waiting_title')}>
        <p>{words.text('waiting_text')}</p>
      </Notice>
      <ul class="recipients">
        {host.mails.map(({ id, subject, recipients, sealedAt }) => (
          <li>
            <p><strong>{shownText(subject) || words.text('not_sent_no_subject')}</strong><br /><span class="faint">{words.text('waiting_mail', { recipients: words.list(recipients), date: words.moment(new Date(sealedAt)) })}</span></p>
            {failed?.id === id && <div role="alert"><ReasonText reason={failed.reason} words={words} /></div>}
            <div class="buttons"><button class="primary" type="button" disabled={opened.includes(id)} onClick={() => void again(id)}>{words.text(opened.includes(id) ? 'waiting_opened' : 'waiting_again')}</button></div>
          </li>
        ))}
      </ul>
      <div class="buttons"><button id="close" type="button" ref={focus} onClick={() => host.close()}>{words.text('waiting_close')}</button></div>
    </main>
  );
}
