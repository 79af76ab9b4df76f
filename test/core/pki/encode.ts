/**
 * Extensions written by hand, for what PKI.js would never write, and for comparing with what it does write: what is tested
 * here is not tested with itself.
 */
import { type Bytes, fromHex } from '../../../src/core/bytes.ts';
import { TAG, boolean, contextTag, integer, octetString, oid, sequence, tlv } from '../../../src/core/der.ts';
import { type Usage, keyUsageBits } from '../../../src/core/pki/extensions.ts';

export function extension(type: string, critical: boolean, value: Uint8Array): Bytes {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(value));
}

export function encodeKeyUsage(usages: readonly Usage[]): Bytes {
  const { byte, unused } = keyUsageBits(usages);
  return tlv(TAG.bitString, Uint8Array.of(unused, byte));
}

export function encodeBasicConstraints(pathLength?: number): Bytes {
  return pathLength === undefined ? sequence() : sequence(boolean(true), integer(pathLength));
}

export function encodeExtendedKeyUsage(usages: readonly string[]): Bytes {
  return sequence(...usages.map(oid));
}

export function encodeAuthorityKeyIdentifier(keyIdentifier: Uint8Array): Bytes {
  return sequence(tlv(contextTag(0, false), keyIdentifier));
}

export function encodeSerial(serial: string): Bytes {
  return tlv(TAG.integer, fromHex(serial));
}
