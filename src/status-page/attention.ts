/** What of a status needs an administrator's attention, the urgent first. */
import type { Expiry, ServerStatus, Status } from '../wire/status.ts';
import type { Words } from './words.ts';

export interface Attention {
  readonly urgent: boolean;
  readonly sentence: string;
  readonly remedy: string;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Days before a certificate's end. */
const SOON = 30;
const URGENT = 7;
/** Fewer mails than this in an hour say nothing. */
const TELLING = 10;

export function attentions(status: Status, words: Words): Attention[] {
  const found = [
    ...status.servers.flatMap((server) => ofServer(server, words)),
    ...status.expiries.flatMap((expiry) => ofExpiry(expiry, status.at, words)),
    ...ofQueue(status, words),
    ...ofFlow(status, words),
  ];
  return [...found.filter(({ urgent }) => urgent), ...found.filter(({ urgent }) => !urgent)];
}

function ofServer({ name, state, missing }: ServerStatus, words: Words): Attention[] {
  if (state === 'ready') return [];
  if (state === 'down') return [{ urgent: true, sentence: words.text('server_down', { server: name }), remedy: words.text('server_down_remedy') }];
  return [{ urgent: true, sentence: words.text('server_not_ready', { server: name, what: missingWords(missing, words) }), remedy: words.text('server_not_ready_remedy') }];
}

export function missingWords(missing: readonly string[], words: Words): string {
  return words.list(missing.map((what) => words.named(`missing_${what}`, what)));
}

export function expiryName({ kind, what }: Expiry, words: Words): string {
  return words.named(`${kind}_${what}`, what);
}

export function daysLeft({ ends }: Expiry, now: number): number {
  return Math.floor((ends - now) / DAY);
}

function ofExpiry(expiry: Expiry, now: number, words: Words): Attention[] {
  const { kind, ends } = expiry;
  const server = words.list(expiry.servers);
  const what = expiryName(expiry, words);
  if (kind === 'list') {
    if (ends > now) return [];
    return [{ urgent: true, sentence: words.text('list_ended', { server, what, time: words.moment(ends) }), remedy: words.text('list_remedy') }];
  }
  const days = daysLeft(expiry, now);
  if (days >= SOON) return [];
  const sentence = words.text(ends <= now ? 'certificate_ended' : 'certificate_ending', { server, what, day: words.day(ends), days });
  return [{ urgent: days < URGENT, sentence, remedy: words.text('certificate_remedy') }];
}

function ofQueue({ queue, at }: Status, words: Words): Attention[] {
  if (queue === undefined) return [];
  if (queue === 'unreadable') return [{ urgent: false, sentence: words.text('queue_unreadable'), remedy: words.text('queue_unreadable_remedy') }];
  const { deferred, held, oldestDeferred = at, oldestHeld = at } = queue;
  return [
    ...(held > 0 ? [{ urgent: false, sentence: words.text('held', { count: held, time: words.moment(oldestHeld) }), remedy: words.text('held_remedy') }] : []),
    ...(at - oldestDeferred > HOUR ? [{ urgent: false, sentence: words.text('waiting', { deferred, time: words.moment(oldestDeferred) }), remedy: words.text('waiting_remedy') }] : []),
  ];
}

function ofFlow({ flows, registry: { abuseOpen = 0 } }: Status, words: Words): Attention[] {
  const [hour, day] = [flows.find(({ span }) => span === 'hour'), flows.find(({ span }) => span === 'day')];
  const total = (answer: 'taken' | 'later'): number => (hour === undefined ? 0 : hour.submission[answer] + hour.arriving[answer]);
  const alerts = day?.alerts ?? 0;
  return [
    ...(alerts > 0 ? [{ urgent: true, sentence: words.text('alerts', { count: alerts }), remedy: words.text('alerts_remedy') }] : []),
    ...(total('later') >= TELLING && total('later') > total('taken') ? [{ urgent: true, sentence: words.text('turned_away'), remedy: words.text('turned_away_remedy') }] : []),
    ...(abuseOpen > 0 ? [{ urgent: false, sentence: words.text('abuse', { count: abuseOpen }), remedy: words.text('abuse_remedy') }] : []),
  ];
}
