/** Sentences of the page in the reader's language. */
import { en } from './locales/en.ts';
import { ja } from './locales/ja.ts';

export const LANGUAGES = ['ja', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

type Key =
  | 'title' | 'asOf' | 'loading' | 'unreachable' | 'neverReached' | 'language'
  | 'allWell' | 'attention_one' | 'attention_other' | 'urgent' | 'soon'
  | 'server_down' | 'server_down_remedy' | 'server_not_ready' | 'server_not_ready_remedy' | 'certificate_ended' | 'certificate_ending'
  | 'certificate_remedy' | 'list_ended' | 'list_remedy' | 'queue_unreadable' | 'queue_unreadable_remedy' | 'held' | 'held_remedy' | 'waiting' | 'waiting_remedy'
  | 'turned_away' | 'turned_away_remedy' | 'alerts' | 'alerts_remedy' | 'abuse' | 'abuse_remedy'
  | 'flow' | 'span' | 'span_hour' | 'span_day' | 'span_month' | 'sending' | 'arriving' | 'taken' | 'refused' | 'later' | 'chart' | 'showTable' | 'time' | 'counting'
  | 'notTaken' | 'reason' | 'where' | 'answer' | 'number' | 'nothingRefused' | 'at_submission' | 'at_arriving'
  | 'servers' | 'server' | 'state' | 'runningSince' | 'memory' | 'state_ready' | 'state_not_ready' | 'state_down'
  | 'role_gateway' | 'role_keyserver' | 'role_inspection' | 'role_authority' | 'missing_database' | 'missing_trust' | 'missing_clamd'
  | 'queue' | 'queueHeld' | 'queueDeferred' | 'queueMoving' | 'oldestSince' | 'queueUnknown'
  | 'certificates' | 'what' | 'ends' | 'daysLeft' | 'hasEnded' | 'good' | 'certificate_server' | 'certificate_organisation' | 'certificate_root'
  | 'list_directory' | 'list_authority-crl' | 'list_organisation-crl' | 'listsCurrent' | 'noCertificates'
  | 'members' | 'membersRegistered' | 'membersExpiring' | 'alertsDay' | 'abuseOpen' | 'auditEntries' | 'unknown' | 'foot' | 'otherReason';

/** One language. `reasons`: an error code in an administrator's words. */
export type Texts = Readonly<Record<Key, string>> & { readonly reasons: Readonly<Record<string, string>> };

export interface Words {
  readonly language: Language;
  text(key: Key, values?: Readonly<Record<string, string | number>>): string;
  /** For a name that a server made: `fallback` if there is no text of that key. */
  named(key: string, fallback: string): string;
  reason(code: string): string;
  number(value: number): string;
  /** Date and time, milliseconds since 1970. */
  moment(at: number): string;
  /** Time of day with seconds. */
  clock(at: number): string;
  hour(at: number): string;
  day(at: number): string;
  /** Bytes. */
  size(bytes: number): string;
  list(items: readonly string[]): string;
}

export function createWords(language: Language): Words {
  const texts = language === 'ja' ? ja : en;
  const number = new Intl.NumberFormat(language);
  const format = (options: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat(language, options);
    return (at: number): string => formatter.format(at);
  };
  const all: Readonly<Record<string, unknown>> = texts;
  return {
    language,
    text: (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return typeof value === 'number' ? number.format(value) : value ?? whole;
    }),
    named: (key, fallback) => (typeof all[key] === 'string' ? all[key] : fallback),
    reason: (code) => (Object.hasOwn(texts.reasons, code) ? texts.reasons[code] : undefined) ?? texts.otherReason,
    number: (value) => number.format(value),
    moment: format({ month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    clock: format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    hour: format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    day: format({ year: 'numeric', month: 'short', day: 'numeric' }),
    size: (bytes) => `${number.format(Math.round(bytes / 1_000_000))} MB`,
    list: (items) => items.join(language === 'ja' ? '、' : ', '),
  };
}
