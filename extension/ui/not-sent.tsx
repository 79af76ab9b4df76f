/** A mail was not sent: why, and what to do. */
import type { VNode } from 'preact';
import type { NotSentHost, NotSentView } from '../host.ts';
import { focus, Notice, ReasonText, useEscape } from './parts.tsx';
import type { MessageKey, Words } from './words.ts';

export const TITLES: Readonly<Record<NotSentView['failed'], MessageKey>> = { 'sending': 'not_sent_title', 'draft-saved': 'draft_not_saved', 'draft-opened': 'draft_not_opened' };

export function NotSent({ host, words }: { readonly host: NotSentHost; readonly words: Words }): VNode {
  const { failed, subject, reason, remedy } = host.view;
  useEscape(() => host.close());
  return (
    <main class="page dialog">
      <Notice title state="problem" heading={words.text(TITLES[failed])}>
        <p class="faint">{subject === '' ? words.text('not_sent_no_subject') : words.text('not_sent_subject', { subject })}</p>
        <ReasonText reason={reason} words={words} />
      </Notice>
      {failed !== 'draft-opened' && <p>{words.text('not_sent_kept')}</p>}
      <div class="buttons">
        <button id="close" class="primary" type="button" ref={focus} onClick={() => host.close()}>{words.text('not_sent_close')}</button>
        {remedy === 'allow-lists' && <button id="allow" type="button" onClick={() => host.openOptions()}>{words.text('not_sent_allow_lists')}</button>}
        {remedy === 'split' && <button id="split" type="button" onClick={() => host.split()}>{words.text('split')}</button>}
        {remedy === 'unlock' && <button id="unlock" type="button" onClick={() => host.openUnlock()}>{words.text('banner_unlock')}</button>}
        {remedy === 'enrol' && <button type="button" onClick={() => host.openEnrolment()}>{words.text('not_sent_enrol')}</button>}
      </div>
    </main>
  );
}
