/**
 * A clear-signed mail (RFC 8551 §3.5.3, RFC 1847), as readers outside SSMAX get it:
 *
 * ```
 * Content-Type: multipart/signed; protocol="application/pkcs7-signature"
 *   the entity that the sender signed, byte for byte
 *   application/pkcs7-signature     named smime.p7s
 * ```
 */
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { type CarrierChanges, keptFields, type StreamedMail } from './carrier.ts';
import { formatField } from './header.ts';
import { base64LinesLength, encodeBase64Lines } from './transfer.ts';

/** Longest line that SMTP carries, without CRLF (RFC 5321 §4.5.3.1.6). */
const LINE = 998;

/** Whether mail servers carry an entity as it is: 7-bit, every line ended by CRLF and not too long (RFC 8551 §3.1.2). */
export function isSevenBitSafe(entity: Bytes): boolean {
  let start = 0;
  for (const [i, byte] of entity.entries()) {
    if (byte === 0 || byte > 0x7e) return false;
    if (byte === 0x0d && entity[i + 1] !== 0x0a) return false;
    if (byte !== 0x0a) continue;
    if (entity[i - 1] !== 0x0d || i - 1 - start > LINE) return false;
    start = i + 1;
  }
  return entity.length - start <= LINE;
}

/**
 * The mail with this body instead of its own. Header fields stay and go as in `replaceCarrier`.
 *
 * @param entity 7-bit safe
 * @param signature DER of the detached signature
 * @param boundary a line that does not stand in the entity
 */
export function clearSigned(rawMail: Bytes, entity: Bytes, signature: Bytes, boundary: string, changes: CarrierChanges = {}): StreamedMail {
  const head = concat(keptFields(rawMail, changes), utf8(
    formatField('MIME-Version', '1.0')
      + formatField('Content-Type', `multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="${boundary}"`)
      + '\r\n',
  ));
  const before = utf8(`--${boundary}\r\n`);
  const between = utf8(
    `\r\n--${boundary}\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\n`
      + 'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="smime.p7s"\r\n\r\n',
  );
  const after = utf8(`--${boundary}--\r\n`);
  return {
    head,
    *body() {
      yield before;
      yield entity;
      yield between;
      yield* encodeBase64Lines(signature);
      yield after;
    },
    size: head.length + before.length + entity.length + between.length + base64LinesLength(signature.length) + after.length,
  };
}
