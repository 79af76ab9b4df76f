/** Writing revocation lists (RFC 5280 §5), straight as DER: PKI.js would take ten seconds for 100,000 entries, this a fraction of one. */
import { type Bytes, concat, fromHex } from '../bytes.ts';
import { contextTag, generalizedTime, header, integer, octetString, oid, rfc5280Time, sequence, TAG, tlv } from '../der.ts';
import { PKI_OID } from './object-identifiers.ts';
import { SIGNATURE_ALGORITHM } from './signed.ts';

interface Entry {
  /** Hexadecimal of the INTEGER's content. */
  readonly serial: string;
  readonly date: Date;
  /** CRLReason; none for `unspecified`. */
  readonly reason?: number;
  readonly invalidityDate?: Date;
}

interface List {
  /** DER Name. */
  readonly issuer: Bytes;
  readonly authorityKeyIdentifier: Bytes;
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly entries: readonly Entry[];
}

const REASON_CODE = oid(PKI_OID.reasonCode);
const INVALIDITY_DATE = oid(PKI_OID.invalidityDate);

/** Extensions of the profile that are not critical: the flag, FALSE by default, is left out (X.690 §11.5). */
function extension(type: Bytes, value: Bytes): Bytes {
  return sequence(type, octetString(value));
}

/** DER TBSCertList. */
export function crlToBeSigned({ issuer, authorityKeyIdentifier, number, thisUpdate, nextUpdate, entries }: List): Bytes {
  return sequence(
    integer(1), SIGNATURE_ALGORITHM, issuer, rfc5280Time(thisUpdate), rfc5280Time(nextUpdate),
    ...(entries.length === 0 ? [] : [revokedCertificates(entries)]),
    tlv(contextTag(0), sequence(
      extension(oid(PKI_OID.authorityKeyIdentifier), sequence(tlv(contextTag(0, false), authorityKeyIdentifier))),
      extension(oid(PKI_OID.crlNumber), integer(number)),
    )),
  );
}

/** Entries are joined in portions: a call takes only so many arguments. */
const PORTION = 1000;

function revokedCertificates(entries: readonly Entry[]): Bytes {
  const portions: Bytes[] = [];
  for (let at = 0; at < entries.length; at += PORTION) portions.push(concat(...entries.slice(at, at + PORTION).map(toEntry)));
  const content = concat(...portions);
  return concat(header(TAG.sequence, content.length), content);
}

function toEntry({ serial, date, reason, invalidityDate }: Entry): Bytes {
  const extensions = [
    ...(reason === undefined ? [] : [extension(REASON_CODE, integer(reason, TAG.enumerated))]),
    ...(invalidityDate === undefined ? [] : [extension(INVALIDITY_DATE, generalizedTime(invalidityDate))]),
  ];
  return sequence(tlv(TAG.integer, fromHex(serial)), rfc5280Time(date), ...(extensions.length > 0 ? [sequence(...extensions)] : []));
}
