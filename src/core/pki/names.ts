/**
 * Distinguished names (RFC 5280 §4.1.2.4) and the text in them. The profile knows five attribute types, each at most
 * once, one per RDN, in one order; country is a PrintableString, the others are UTF8Strings.
 */
import type { Bytes } from '../bytes.ts';
import { type DerCursor, TAG, readDer, readSequence } from '../der.ts';
import { refused } from '../error.ts';
import { PKI_OID } from './object-identifiers.ts';

export interface Subject {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country?: string;
  /** Legal name. */
  readonly organisation?: string;
  /** ETSI EN 319 412-1 §5.1.4, for instance `NTRJP-1234567890123`. */
  readonly organisationId?: string;
  readonly pseudonym?: string;
  readonly commonName?: string;
}

/** In the order in which they are written. `maximum` counts code points (RFC 5280 appendix A, upper bounds). */
const ATTRIBUTES: readonly { field: keyof Subject; type: string; maximum: number }[] = [
  { field: 'country', type: PKI_OID.country, maximum: 2 },
  { field: 'organisation', type: PKI_OID.organisation, maximum: 64 },
  { field: 'organisationId', type: PKI_OID.organisationId, maximum: 64 },
  { field: 'pseudonym', type: PKI_OID.pseudonym, maximum: 128 },
  { field: 'commonName', type: PKI_OID.commonName, maximum: 64 },
];

/**
 * What no name shows: control characters (NUL, CR, LF), format characters (bidirectional overrides, zero-width), line and
 * paragraph separators, lone surrogates, private use; and blanks at the ends.
 */
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|^\s|\s$/u;

function checkText(field: string, text: string, maximum: number): void {
  const length = [...text].length;
  if (length === 0 || length > maximum || UNFIT.test(text)) throw refused('certificate-name', { field });
  if (field === 'country' && !/^[A-Z]{2}$/.test(text)) throw refused('certificate-name', { field });
}

export interface NameAttribute {
  readonly field: keyof Subject;
  /** Object identifier. */
  readonly type: string;
  readonly text: string;
}

/** What there is of a subject, in the order in which it is written; throws `certificate-name` for text that is empty, too long or holds what no name shows. */
export function nameAttributes(subject: Subject): readonly NameAttribute[] {
  return ATTRIBUTES.flatMap(({ field, type, maximum }) => {
    const text = subject[field];
    if (text === undefined) return [];
    checkText(field, text, maximum);
    return [{ field, type, text }];
  });
}

interface Name {
  readonly der: Bytes;
  readonly subject: Subject;
}

/**
 * Reads a Name. `strict` (certificates) refuses attributes outside the profile, repeated or out of order; otherwise
 * (requests) they are passed over.
 */
export function readName(cursor: DerCursor, strict = true): Name {
  const der = cursor.element(TAG.sequence).full;
  const found: { -readonly [field in keyof Subject]: Subject[field] } = {};
  let last = -1;
  readNameAttributes(der, (type, value) => {
    const index = ATTRIBUTES.findIndex((attribute) => attribute.type === type);
    const attribute = ATTRIBUTES[index];
    if (attribute === undefined || index <= last) {
      if (strict) throw refused('certificate-name', { field: attribute?.field ?? type });
      return void value.element();
    }
    last = index;
    const { field, maximum } = attribute;
    const text = field === 'country' ? String.fromCharCode(...value.octets(2, TAG.printableString)) : value.text();
    checkText(field, text, maximum);
    found[field] = text;
  });
  return { der, subject: found };
}

function readNameAttributes(der: Bytes, each: (type: string, value: DerCursor) => void): void {
  readDer(der, (cursor) =>
    readSequence(cursor, (name) =>
      name.list((rdn) => readSequence(rdn, (set) => readSequence(set, (pair) => each(pair.oid(), pair)), TAG.set), 12),
    ),
  );
}

/** Whether Name `inner` begins with all RDNs of Name `base`, byte for byte (RFC 5280 §7.1 with one encoding only). */
export function isWithin(inner: Bytes, base: Bytes): boolean {
  const a = readDer(inner, (cursor) => cursor.element(TAG.sequence).content);
  const b = readDer(base, (cursor) => cursor.element(TAG.sequence).content);
  return b.length <= a.length && b.every((byte, i) => byte === a[i]);
}
