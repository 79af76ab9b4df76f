/**
 * Protected header fields (RFC 9788): reads them from a sealed entity and compares them with the outer mail's.
 *
 * Only From, To, Cc, Reply-To and Subject are compared; the others change on the way by right. Addresses are compared,
 * not how they are written, and display names in From alone, because clients show that one. Where the seal itself says
 * (HP-Outer) that the outer mail shows something else, that is no conflict.
 *
 * Known gap: legacy display elements (RFC 9788 §2.1.2) of other makers are shown as they are; ours have none.
 */
import { refused } from '../core/error.ts';
import { parseAddressList, parseFrom, type Mailbox } from './address.ts';
import { decodeWords } from './encoded-word.ts';
import { parseDate, type Headers } from './header.ts';
import type { Entity } from './mime.ts';

export interface ProtectedHeaders {
  readonly protection: 'cipher' | 'clear';
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly replyTo: readonly Mailbox[];
  /** Decoded; empty when absent. */
  readonly subject: string;
  /** When it was sealed; undefined when the field is absent or no RFC 5322 date. */
  readonly date: Date | undefined;
  /** The Subject that the outer mail was given instead of the real one, if any (HP-Outer). */
  readonly outerSubject: string | undefined;
}

/**
 * Reads the protected fields of a sealed entity's root. Refused: `protected-headers-missing` (no `hp` parameter or no
 * From), `header-duplicate`, `from-several`, `address-invalid`, `address-list-too-long`.
 */
export function readProtectedHeaders(entity: Entity): ProtectedHeaders {
  const protection = entity.params.get('hp');
  const from = entity.headers.single('From');
  if ((protection !== 'cipher' && protection !== 'clear') || from === undefined) throw refused('protected-headers-missing');
  const list = (name: string): Mailbox[] => parseAddressList(entity.headers.single(name) ?? '');
  const date = entity.headers.single('Date');
  const subject = entity.headers.text('Subject') ?? '';
  const outerSubject = outerField(entity.headers, 'Subject');
  return {
    protection,
    from: parseFrom(from),
    to: list('To'),
    cc: list('Cc'),
    replyTo: list('Reply-To'),
    subject,
    date: date === undefined ? undefined : parseDate(date),
    outerSubject: outerSubject === subject ? undefined : outerSubject,
  };
}

/** The decoded value that HP-Outer records for a field (RFC 9788 §2.2). */
function outerField(headers: Headers, name: string): string | undefined {
  const prefix = `${name.toLowerCase()}:`;
  const values = headers.all('HP-Outer').filter((value) => value.toLowerCase().startsWith(prefix));
  if (values.length > 1) throw refused('header-duplicate', { field: 'hp-outer' });
  return values[0] === undefined ? undefined : decodeWords(values[0].slice(prefix.length).trim());
}

export interface HeaderConflict {
  readonly field: 'from' | 'to' | 'cc' | 'reply-to' | 'subject';
  /** As decoded text, to be shown; empty when absent. */
  readonly inner: string;
  readonly outer: string;
}

/** Fields in which the outer mail says something else than the seal, in a fixed order; empty when all agree. */
export function compareHeaders(inner: ProtectedHeaders, outer: Headers): HeaderConflict[] {
  const conflicts: HeaderConflict[] = [];
  const check = (field: HeaderConflict['field'], name: string, innerText: string, same: (value: string) => boolean): void => {
    const values = outer.all(name);
    const [value = ''] = values;
    if (values.length <= 1 && agrees(same, value)) return;
    conflicts.push({ field, inner: innerText, outer: values.map(decodeWords).join(' / ') });
  };
  check('from', 'From', showMailbox(inner.from), (value) => sameSender(inner.from, parseFrom(value)));
  for (const [field, name, list] of [['to', 'To', inner.to], ['cc', 'Cc', inner.cc], ['reply-to', 'Reply-To', inner.replyTo]] as const) {
    check(field, name, list.map(showMailbox).join(', '), (value) => sameAddresses(list, parseAddressList(value)));
  }
  check('subject', 'Subject', inner.subject, (value) => sameSubject(inner, decodeWords(value)));
  return conflicts;
}

/** A value that cannot be read agrees with nothing. */
function agrees(same: (value: string) => boolean, value: string): boolean {
  try {
    return same(value);
  } catch {
    return false;
  }
}

function showMailbox({ address, displayName }: Mailbox): string {
  return displayName === '' ? address : `${displayName} <${address}>`;
}

/** A name that is missing outside misleads nobody; another one does. */
function sameSender(inner: Mailbox, outer: Mailbox): boolean {
  return inner.address === outer.address && (outer.displayName === '' || collapse(inner.displayName) === collapse(outer.displayName));
}

function sameAddresses(inner: readonly Mailbox[], outer: readonly Mailbox[]): boolean {
  const set = (list: readonly Mailbox[]): string => JSON.stringify([...new Set(list.map(({ address }) => address))].sort());
  return set(inner) === set(outer);
}

function collapse(text: string): string {
  return text.replace(/\s+/gu, ' ').trim();
}

/** A list's tag, `[name]` or `[name 123]`, perhaps behind reply marks that the inner Subject has as well. */
const LIST_TAG = /^((?:[A-Za-z]{2,3}: ?){0,3})\[[^[\]]{1,80}\] ?/;

function sameSubject(inner: ProtectedHeaders, outerText: string): boolean {
  const outer = collapse(outerText);
  const expected = [inner.subject, ...(inner.outerSubject === undefined ? [] : [inner.outerSubject])].map(collapse);
  const untagged = collapse(outer.replace(LIST_TAG, '$1'));
  return expected.includes(outer) || expected.includes(untagged);
}
