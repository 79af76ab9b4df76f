/** What can be done with a mail that is shown, beyond reading it. */
import type { Reading } from '../member/read.ts';

export type MailAction = 'report' | 'forward' | 'copy';

/**
 * Only what organisations stand for is worth a report. What came by Bcc is not passed on unopened: it would tell so; nor is
 * a mail that holds nothing sealed, or that cannot be opened here.
 */
export function actionsOf(reading: Reading | undefined): readonly MailAction[] {
  const { state, leg, deliveredTo, hidden, mode, content } = reading?.judgement ?? {};
  const copy: readonly MailAction[] = content === 'opened' ? ['copy'] : [];
  if (state !== 'verified' || leg !== 3 || deliveredTo === undefined) return copy;
  return hidden === true || mode === 'sign-only' || content !== 'opened' ? [...copy, 'report'] : ['forward', ...copy, 'report'];
}
