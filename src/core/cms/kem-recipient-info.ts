/** KEMRecipientInfo (RFC 9629) in the SSMAX profile: subject key identifier, HKDF-SHA256, AES-256 key wrap. */
import { type Bytes, equal } from '../bytes.ts';
import { contextTag, integer, octetString, oid, readDer, readSequence, sequence, tlv } from '../der.ts';
import { hkdf } from '../digest.ts';
import { refused } from '../error.ts';
import { OID } from '../oids.ts';
import { AES256_WRAP, HKDF_SHA256, KEM_SSMAX_P256 } from './algorithms.ts';

const KEK_LENGTH = 32;
/** A 32-byte key under AES key wrap (RFC 3394). */
const WRAPPED_LENGTH = 40;
const MAX_KEMCT = 65_536;

export interface KemRecipientInfo {
  /** The recipient's certificate, by its subject key identifier (20 bytes). */
  readonly subjectKeyIdentifier: Bytes;
  /** DER Kemct (src/wire/kemct.ts). */
  readonly kemct: Bytes;
  /** User keying material: the contentDigest, 32 bytes. */
  readonly ukm: Bytes;
  /** The CEK wrapped under the derived key, 40 bytes. */
  readonly encryptedKey: Bytes;
}

/** RecipientInfo: [4] OtherRecipientInfo{id-ori-kem, KEMRecipientInfo}. */
export function encodeKemRecipientInfo(info: KemRecipientInfo): Bytes {
  return tlv(contextTag(4), oid(OID.oriKem), sequence(
    integer(0),
    tlv(contextTag(0, false), info.subjectKeyIdentifier),
    KEM_SSMAX_P256,
    octetString(info.kemct),
    HKDF_SHA256,
    integer(KEK_LENGTH),
    tlv(contextTag(0), octetString(info.ukm)),
    AES256_WRAP,
    octetString(info.encryptedKey),
  ));
}

/** Reads one RecipientInfo; any other kind is `recipient-info-invalid`. */
export function parseKemRecipientInfo(der: Bytes): KemRecipientInfo {
  return readDer(der, (cursor) => {
    if (cursor.peek() !== contextTag(4)) throw refused('recipient-info-invalid', { what: 'not a KEM recipient' });
    return readSequence(cursor, (other) => {
      if (other.oid() !== OID.oriKem) throw refused('recipient-info-invalid', { what: 'not a KEM recipient' });
      return readSequence(other, (c) => {
        const expect = (element: Bytes, what: string): void => {
          if (!equal(c.element().full, element)) throw refused('recipient-info-invalid', { what });
        };
        expect(integer(0), 'version');
        const subjectKeyIdentifier = c.octets(20, contextTag(0, false));
        expect(KEM_SSMAX_P256, 'kem');
        const kemct = c.octets();
        if (kemct.length > MAX_KEMCT) throw refused('recipient-info-invalid', { what: 'kemct length' });
        expect(HKDF_SHA256, 'kdf');
        expect(integer(KEK_LENGTH), 'kekLength');
        const ukm = readSequence(c, (inner) => inner.octets(32), contextTag(0));
        expect(AES256_WRAP, 'wrap');
        const encryptedKey = c.octets(WRAPPED_LENGTH);
        return { subjectKeyIdentifier, kemct, ukm, encryptedKey };
      });
    }, contextTag(4));
  });
}

/** DER CMSORIforKEMOtherInfo (RFC 9629 §5). */
export function kemOtherInfo(ukm: Bytes): Bytes {
  return sequence(AES256_WRAP, integer(KEK_LENGTH), tlv(contextTag(0), octetString(ukm)));
}

async function keyEncryptionKey(secret: Bytes, ukm: Bytes, usage: 'wrapKey' | 'unwrapKey'): Promise<CryptoKey> {
  const kek = await hkdf(secret, new Uint8Array(0), kemOtherInfo(ukm), KEK_LENGTH);
  return crypto.subtle.importKey('raw', kek, 'AES-KW', false, [usage]);
}

const CEK_AS = { name: 'HMAC', hash: 'SHA-256', length: 256 };

/** Wraps a 32-byte CEK under the KEM's shared secret (65 bytes). */
export async function wrapCek(cek: Bytes, secret: Bytes, ukm: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', cek, CEK_AS, true, ['sign']);
  return new Uint8Array(await crypto.subtle.wrapKey('raw', key, await keyEncryptionKey(secret, ukm, 'wrapKey'), 'AES-KW'));
}

/** Unwraps the CEK; the one opaque `content-invalid` where it does not fit. */
export async function unwrapCek(encryptedKey: Bytes, secret: Bytes, ukm: Bytes): Promise<Bytes> {
  const kek = await keyEncryptionKey(secret, ukm, 'unwrapKey');
  try {
    const key = await crypto.subtle.unwrapKey('raw', encryptedKey, kek, 'AES-KW', CEK_AS, true, ['sign']);
    return new Uint8Array(await crypto.subtle.exportKey('raw', key));
  } catch {
    throw refused('content-invalid');
  }
}
