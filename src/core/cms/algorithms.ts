/** AlgorithmIdentifiers as the SSMAX profile writes them, byte for byte; a reader compares whole encodings. */
import type { Bytes } from '../bytes.ts';
import { oid, sequence } from '../der.ts';
import { OID } from '../oids.ts';

/** SHA-256, parameters absent (RFC 5754 §2). */
export const SHA256 = sequence(oid(OID.sha256));
/** ecdsa-with-SHA256, parameters absent (RFC 5758 §3.2). */
export const ECDSA_SHA256 = sequence(oid(OID.ecdsaWithSha256));
/** id-aes256-wrap, parameters absent (RFC 3565 §2.3.2). */
export const AES256_WRAP = sequence(oid(OID.aes256Wrap));
/** HKDF with SHA-256, parameters absent (RFC 8619). */
export const HKDF_SHA256 = sequence(oid(OID.hkdfSha256));
/** The SSMAX KEM over P-256, parameters absent. */
export const KEM_SSMAX_P256: Bytes = sequence(oid(OID.kemSsmaxP256));
