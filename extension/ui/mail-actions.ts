/** What can be done with a mail that is shown, beyond reading it. */
import type { Reading } from '../member/read.ts';

export type MailAction = 'report';

/** Only what organisations stand for is worth a report. */
export function actionsOf(reading: Reading | undefined): readonly MailAction[] {
  const { state, leg, deliveredTo } = reading?.judgement ?? {};
  return state === 'verified' && leg === 3 && deliveredTo !== undefined ? ['report'] : [];
}
