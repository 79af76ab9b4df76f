/** The KEM ciphertext of one recipient info with its label proof (docs/protocol.md §4). */
import type { Bytes } from '../core/bytes.ts';
import { type DerCursor, octetString, readDer, readSequence, sequence, TAG } from '../core/der.ts';

/** All but C2: what the key server gets. Points are 65 bytes uncompressed, f is 32 bytes. */
export interface KemHeader {
  readonly c1: Bytes;
  readonly u: Bytes;
  readonly w: Bytes;
  readonly v: Bytes;
  readonly f: Bytes;
  /** DER Label. */
  readonly label: Bytes;
}

export interface Kemct extends KemHeader {
  readonly c2: Bytes;
}

const POINT = 65;
const SCALAR = 32;

function proof(header: KemHeader): Bytes[] {
  return [octetString(header.u), octetString(header.w), octetString(header.v), octetString(header.f), header.label];
}

function readProof(c: DerCursor): Omit<KemHeader, 'c1'> {
  return { u: c.octets(POINT), w: c.octets(POINT), v: c.octets(POINT), f: c.octets(SCALAR), label: c.element(TAG.sequence).full };
}

export function encodeKemct(kemct: Kemct): Bytes {
  return sequence(octetString(kemct.c1), octetString(kemct.c2), ...proof(kemct));
}

export function decodeKemct(der: Bytes): Kemct {
  return readDer(der, (cursor) => readSequence(cursor, (c) => ({ c1: c.octets(POINT), c2: c.octets(POINT), ...readProof(c) })));
}

/** The ciphertext without C2, as it goes to the key server. */
export function encodeKemHeader(header: KemHeader): Bytes {
  return sequence(octetString(header.c1), ...proof(header));
}

export function decodeKemHeader(der: Bytes): KemHeader {
  return readDer(der, (cursor) => readSequence(cursor, (c) => ({ c1: c.octets(POINT), ...readProof(c) })));
}
