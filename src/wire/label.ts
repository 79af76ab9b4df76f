/** The label: what a KEM ciphertext is for. Hashed into its proof (docs/protocol.md §4). */
import { type Bytes, compare, utf8 } from '../core/bytes.ts';
import { type DerCursor, ia5String, integer, octetString, oid, readDer, readSequence, sequence, TAG } from '../core/der.ts';
import { refused } from '../core/error.ts';
import { OID } from '../core/oids.ts';

export const PURPOSES = ['seal', 'self', 'transfer', 'deliver', 'inspect', 'recover', 'forward', 'report', 'look'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Recipients one label may name. */
export const MAX_RECIPIENTS = 1000;

export interface Label {
  readonly purpose: Purpose;
  /** SHA-256 of the target's DER SubjectPublicKeyInfo. */
  readonly targetKey: Bytes;
  /** SHA-256 of the sealer's DER certificate: the user's on leg 1, else the organisation's. */
  readonly sealer: Bytes;
  readonly contentDigest: Bytes;
  /** This leg's recipients: normalised addresses, sorted byte-wise, no repetition. */
  readonly recipients: readonly string[];
}

/** Sorts and removes repetition, as labels and leg attributes list addresses. */
export function sortAddresses(addresses: Iterable<string>): string[] {
  return [...new Set(addresses)].sort((a, b) => compare(utf8(a), utf8(b)));
}

/** Reads a sorted list of addresses without repetition: 1 (or `minimum`) to MAX_RECIPIENTS. */
export function readAddresses(cursor: DerCursor, minimum = 1): string[] {
  const addresses = readSequence(cursor, (inner) => inner.list((c) => c.ascii(), MAX_RECIPIENTS));
  if (addresses.length < minimum) throw refused('label-invalid', { what: 'recipients' });
  const sorted = sortAddresses(addresses);
  if (sorted.length !== addresses.length || sorted.some((address, i) => address !== addresses[i])) {
    throw refused('label-invalid', { what: 'recipients not sorted' });
  }
  return addresses;
}

export function encodeAddresses(addresses: readonly string[]): Bytes {
  return sequence(...addresses.map(ia5String));
}

export function encodePurpose(purpose: Purpose): Bytes {
  return integer(PURPOSES.indexOf(purpose) + 1, TAG.enumerated);
}

export function readPurpose(cursor: DerCursor): Purpose {
  const purpose = PURPOSES[cursor.small(TAG.enumerated) - 1];
  if (purpose === undefined) throw refused('label-invalid', { what: 'purpose' });
  return purpose;
}

export function encodeLabel(label: Label): Bytes {
  return sequence(
    integer(1), encodePurpose(label.purpose), oid(OID.kemSsmaxP256), octetString(label.targetKey), octetString(label.sealer),
    octetString(label.contentDigest), encodeAddresses(label.recipients),
  );
}

export function decodeLabel(der: Bytes): Label {
  return readDer(der, (cursor) => readSequence(cursor, (c) => {
    if (c.small() !== 1) throw refused('label-invalid', { what: 'version' });
    const purpose = readPurpose(c);
    if (c.oid() !== OID.kemSsmaxP256) throw refused('label-invalid', { what: 'suite' });
    return { purpose, targetKey: c.octets(32), sealer: c.octets(32), contentDigest: c.octets(32), recipients: readAddresses(c) };
  }));
}
