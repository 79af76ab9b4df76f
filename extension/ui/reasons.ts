/** Codes to sentences: why something was not done, and what to do about it. */
import { SsmaxError } from '../../src/core/error.ts';
import type { MessageKey, Values, Words } from './words.ts';

export interface Reason {
  readonly why: string;
  readonly fix: string;
  /** Stable; for the administrator. */
  readonly code: string;
}

/** Codes that mean the same to a member. */
const SAME: Readonly<Record<string, string>> = {
  'origin-mismatch': 'not-forwardable',
  'pkcs12-too-large': 'pkcs12-malformed', 'directory-stale': 'trust-stale', 'crl-missing': 'trust-stale', 'crl-stale': 'trust-stale', 'scanner-unavailable': 'server-refused',
  'answer-too-large': 'server-refused', 'answer-mismatch': 'trust-invalid', 'sender-mismatch': 'from-mismatch',
  'native-crypto-fault': 'key-mismatch', 'address-not-ascii': 'address-invalid', 'header-too-large': 'mail-too-large',
  'address-list-too-long': 'too-many-recipients', 'certificate-not-yet-valid': 'clock-wrong',
  'answer-invalid': 'server-refused',
};

/** What a table of ours says to a code that somebody else may have chosen, such as `constructor`. */
export function entryOfTable<Value>(table: Readonly<Record<string, Value>>, code: string | number): Value | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}

/** The reason in words. Codes without a sentence of their own, and those whose sentence lacks a value, get the general one, with the code to be passed on. */
export function reasonOf(words: Words, code: string, values: Values = {}): Reason {
  const name = (entryOfTable(SAME, code) ?? code).replaceAll('-', '_');
  const [why, fix] = [`why_${name}`, `fix_${name}`];
  if (!words.has(why) || !words.has(fix)) return { why: words.text('why_other'), fix: words.text('fix_other'), code };
  return { why: words.text(isComplete(words, why, values) ? why : 'why_other', values), fix: words.text(isComplete(words, fix, values) ? fix : 'fix_other', values), code };
}

/** Whether every name in a sentence has a value. */
function isComplete(words: Words, key: MessageKey, values: Values): boolean {
  return [...words.text(key).matchAll(/\{(\w+)\}/g)].every(([, name = '']) => values[name] !== undefined);
}

/** Anything thrown, in words: faults of ours show no more than that. */
export function reasonOfError(words: Words, error: unknown): Reason {
  return error instanceof SsmaxError ? reasonOf(words, error.code, error.params) : reasonOf(words, 'fault');
}
