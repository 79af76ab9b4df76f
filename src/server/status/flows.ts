/** Sums up what was counted: for the last hour, day and month. */
import type { Answer, Bar, Flow, Listener, Reason, Span } from '../../wire/status.ts';
import type { Growth } from './history.ts';

/** Each span in bars; milliseconds. */
const BARS: Readonly<Record<Span, { readonly bar: number; readonly number: number }>> = {
  hour: { bar: 300_000, number: 12 }, day: { bar: 3_600_000, number: 24 }, month: { bar: 86_400_000, number: 30 },
};

/** The longest that is summed up; milliseconds. */
export const LONGEST = 31 * 86_400_000;

const NONE: Readonly<Record<Answer, number>> = { taken: 0, refused: 0, later: 0 };

/** `zone` is how far local time is ahead of UTC, milliseconds: bars begin where the local hour or day does. */
export function sumUp(span: Span, growths: readonly Growth[], now: Date, zone: number): Flow {
  const { bar, number } = BARS[span];
  const last = Math.floor((now.getTime() + zone) / bar) * bar - zone;
  const first = last - (number - 1) * bar;
  const bars: (Pick<Bar, 'at'> & Record<Answer, number>)[] = Array.from({ length: number }, (_, index) => ({ at: first + index * bar, ...NONE }));
  const listeners: Record<Listener, Record<Answer, number>> = { submission: { ...NONE }, arriving: { ...NONE } };
  const reasons = new Map<string, Reason>();
  let alerts = 0;
  for (const { at, counter: { name, labels }, count } of growths) {
    if (at < first) continue;
    if (name === 'ssmax_alerts_total') alerts += count;
    if (name !== 'ssmax_mails_total') continue;
    const { listener, answer, outcome: code = '' } = labels;
    if ((listener !== 'submission' && listener !== 'arriving') || (answer !== 'taken' && answer !== 'refused' && answer !== 'later')) continue;
    listeners[listener][answer] += count;
    const own = bars[Math.floor((at - first) / bar)];
    if (own !== undefined) own[answer] += count;
    if (answer === 'taken') continue;
    const key = `${listener} ${answer} ${code}`;
    reasons.set(key, { listener, answer, code, count: (reasons.get(key)?.count ?? 0) + count });
  }
  return { span, ...listeners, bars, alerts, reasons: [...reasons.values()].sort((a, b) => b.count - a.count) };
}
