/** A certificate ends and could not be renewed: what happens then, why, and what to do. */
import type { VNode } from 'preact';
import { ReasonText } from './parts.tsx';
import { reasonOf } from './reasons.ts';
import type { Words } from './words.ts';

export interface RenewalView {
  readonly address: string;
  readonly until: Date;
  readonly code: string;
  readonly now: Date;
}

interface NoticeProps {
  readonly view: RenewalView;
  readonly words: Words;
  readonly onEnrol: () => void;
  readonly onClose: () => void;
}

export function RenewalNotice({ view: { address, until, code, now }, words, onEnrol, onClose }: NoticeProps): VNode {
  return (
    <main class="page dialog">
      <h1>{words.text('renewal_title')}</h1>
      <section role="alert">
        <p>{words.text(code === 'certificate-revoked' ? 'renewal_revoked' : until > now ? 'renewal_ends' : 'renewal_ended', { address, date: words.day(until) })}</p>
        {/* That it is revoked has just been said. */}
        <ReasonText reason={{ ...reasonOf(words, code), ...(code === 'certificate-revoked' && { why: '' }) }} words={words} />
      </section>
      <div class="buttons">
        <button id="enrol-again" class="primary" type="button" onClick={onEnrol}>{words.text('renewal_enrol')}</button>
        <button type="button" onClick={onClose}>{words.text('enrol_close')}</button>
      </div>
    </main>
  );
}
