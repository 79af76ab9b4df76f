/** Writing revocation lists (RFC 5280 §5) with PKI.js. Apart from crl.ts, since most programs only read them. */
import { Enumerated, Integer } from 'asn1js';
import { CertificateRevocationList, Extensions, RevokedCertificate } from 'pkijs';
import { type Bytes, fromHex } from '../bytes.ts';
import { authorityKeyIdentifierExtension, extension, nameOfDer, signatureAlgorithm, toBeSigned, toGeneralizedTime, toTime } from './encode.ts';
import { PKI_OID } from './object-identifiers.ts';

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

/** DER TBSCertList. */
export function crlToBeSigned({ issuer, authorityKeyIdentifier, number, thisUpdate, nextUpdate, entries }: List): Bytes {
  return toBeSigned(new CertificateRevocationList({
    version: 1,
    signature: signatureAlgorithm(),
    issuer: nameOfDer(issuer),
    thisUpdate: toTime(thisUpdate),
    nextUpdate: toTime(nextUpdate),
    ...(entries.length > 0 ? { revokedCertificates: entries.map(toEntry) } : {}),
    crlExtensions: new Extensions({
      extensions: [authorityKeyIdentifierExtension(authorityKeyIdentifier), extension(PKI_OID.crlNumber, false, Integer.fromBigInt(number))],
    }),
  }));
}

function toEntry({ serial, date, reason, invalidityDate }: Entry): RevokedCertificate {
  const extensions = [
    ...(reason === undefined ? [] : [extension(PKI_OID.reasonCode, false, new Enumerated({ value: reason }))]),
    ...(invalidityDate === undefined ? [] : [extension(PKI_OID.invalidityDate, false, toGeneralizedTime(invalidityDate))]),
  ];
  return new RevokedCertificate({
    userCertificate: new Integer({ valueHex: fromHex(serial) }),
    revocationDate: toTime(date),
    ...(extensions.length > 0 ? { crlEntryExtensions: new Extensions({ extensions }) } : {}),
  });
}
