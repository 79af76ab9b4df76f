/** Extensions of certificates, CRLs and requests (RFC 5280 §4.2, §5.2): readers of the frame and of each value. Writers are in encode.ts. */
import { type Bytes, hex } from '../bytes.ts';
import { type DerCursor, TAG, contextTag, readDer, readSequence } from '../der.ts';
import { refused } from '../error.ts';
import { malformed } from './failures.ts';
import { type Role, ROLE_OID } from './object-identifiers.ts';

const MAX_EXTENSIONS = 24;
const MAX_NAMES = 64;

/** A value's reader by object identifier; it must read its value to the end. */
type ExtensionReaders = Readonly<Record<string, (value: DerCursor) => void>>;

/**
 * Reads Extensions with `readers`. Throws `certificate-duplicate-extension`, and `certificate-critical-extension` for a
 * critical one without a reader, unless `closed` is false; others without a reader are passed over. Returns which were
 * critical.
 */
export function readExtensions(cursor: DerCursor, readers: ExtensionReaders, closed = true): ReadonlyMap<string, boolean> {
  const seen = new Map<string, boolean>();
  readSequence(cursor, (list) =>
    list.list((inner) => {
      readSequence(inner, (entry) => {
        const type = entry.oid();
        const written = entry.peek() === TAG.boolean;
        const critical = written && entry.boolean();
        if (written && !critical) throw malformed('a written FALSE is not DER'); // X.690 §11.5
        const value = entry.octets();
        if (seen.has(type)) throw refused('certificate-duplicate-extension', { oid: type });
        seen.set(type, critical);
        const read = Object.hasOwn(readers, type) ? readers[type] : undefined;
        if (read !== undefined) readDer(value, read);
        else if (critical && closed) throw refused('certificate-critical-extension', { oid: type });
      });
    }, MAX_EXTENSIONS),
  );
  return seen;
}

const USAGE_BITS = { digitalSignature: 0x80, keyAgreement: 0x08, keyCertSign: 0x04, cRLSign: 0x02 } as const;
export type Usage = keyof typeof USAGE_BITS;

/** The octet of named bits, and how many of its trailing bits, zeros, are left out (X.690 §11.2.2). */
export function keyUsageBits(usages: readonly Usage[]): { byte: number; unused: number } {
  const byte = usages.reduce((bits, usage) => bits | USAGE_BITS[usage], 0);
  return { byte, unused: unusedBits(byte) };
}

function unusedBits(byte: number): number {
  return byte === 0 ? 8 : 31 - Math.clz32(byte & -byte);
}

/** The usages set; bits outside the profile are refused. */
export function readKeyUsage(cursor: DerCursor): readonly Usage[] {
  const [unused, byte, ...rest] = cursor.element(TAG.bitString).content;
  if (byte === undefined || rest.length > 0 || byte === 0 || unused !== unusedBits(byte)) throw malformed('key usage');
  const usages = (Object.keys(USAGE_BITS) as Usage[]).filter((usage) => (byte & USAGE_BITS[usage]) !== 0);
  if (keyUsageBits(usages).byte !== byte) throw malformed('key usage');
  return usages;
}

export function readBasicConstraints(cursor: DerCursor): { ca: boolean; pathLength: number | undefined } {
  return readSequence(cursor, (inner) => {
    if (inner.done) return { ca: false, pathLength: undefined };
    if (!inner.boolean()) throw malformed('basic constraints'); // a written FALSE is not DER
    return { ca: true, pathLength: inner.done ? undefined : inner.small() };
  });
}

const RFC822_NAME = contextTag(1, false);
const DNS_NAME = contextTag(2, false);
const URI = contextTag(6, false);

export interface AltNames {
  readonly emails: readonly string[];
  readonly dnsNames: readonly string[];
  /** Tags of names of other kinds. */
  readonly others: readonly number[];
}

export function readAltNames(cursor: DerCursor): AltNames {
  const emails: string[] = [];
  const dnsNames: string[] = [];
  const others: number[] = [];
  readSequence(cursor, (names) =>
    names.list((name) => {
      const { tag, content } = name.element();
      if (tag === RFC822_NAME) emails.push(readAscii(content));
      else if (tag === DNS_NAME) dnsNames.push(readAscii(content));
      else others.push(tag);
    }, MAX_NAMES),
  );
  if (emails.length + dnsNames.length + others.length === 0) throw malformed('empty subjectAltName');
  return { emails, dnsNames, others };
}

/** IA5String content of a GeneralName; every byte outside printable ASCII is refused, NUL above all. */
export function readAscii(content: Bytes): string {
  if (content.length > 1024 || content.some((byte) => byte < 0x21 || byte > 0x7e)) throw malformed('name is not ASCII');
  return String.fromCharCode(...content);
}

/** The usages in dotted form, and the SSMAX roles among them. */
export function readExtendedKeyUsage(cursor: DerCursor): { usages: readonly string[]; roles: readonly Role[] } {
  const usages = readSequence(cursor, (inner) => inner.list((one) => one.oid(), 16));
  if (usages.length === 0 || new Set(usages).size !== usages.length) throw malformed('extended key usage');
  return { usages, roles: (Object.keys(ROLE_OID) as Role[]).filter((role) => usages.includes(ROLE_OID[role])) };
}

/** The key identifier; the profile has no other form of the extension. */
export function readAuthorityKeyIdentifier(cursor: DerCursor): Bytes {
  return readSequence(cursor, (inner) => inner.octets(20, contextTag(0, false)));
}

/** The http and https URLs of all points; points by reason or indirect issuer are refused. */
export function readDistributionPoints(cursor: DerCursor): readonly string[] {
  const readPoint = (point: DerCursor): string[] =>
    readSequence(point, (inner) =>
      readSequence(inner, (name) => readSequence(name, (full) => full.list((url) => readAscii(url.octets(undefined, URI)), 4), contextTag(0)), contextTag(0)),
    );
  const urls = readSequence(cursor, (points) => points.list(readPoint, 4)).flat();
  if (!urls.every(isCrlUrl)) throw malformed('CRL distribution point');
  return urls;
}

export function isCrlUrl(url: string): boolean {
  return /^https?:\/\/[\x21-\x7e]{1,500}$/.test(url);
}

/** Serial number as lower-case hexadecimal of its DER content, for registers and look-ups; positive, at most 20 bytes. */
export function readSerial(cursor: DerCursor): string {
  const { content } = cursor.element(TAG.integer);
  const [first, second] = content;
  const minimal = first !== undefined && first < 0x80 && !(first === 0 && (second === undefined || second < 0x80));
  if (!minimal || content.length > 20) throw malformed('serial number');
  return hex(content);
}
