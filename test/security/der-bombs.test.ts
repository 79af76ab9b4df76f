/** Structures made to exhaust a reader: refused at the first byte that cannot be. */
import { describe, expect, it } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo } from '../../src/core/cms/kem-recipient-info.ts';
import { decodeSignerInfo, parseSignedData } from '../../src/core/cms/signed-data.ts';
import { contextTag, DerCursor, header, integer, octetString, oid, sequence, setOf, TAG, tlv } from '../../src/core/der.ts';
import { OID } from '../../src/core/oids.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { parseCrl } from '../../src/core/pki/crl.ts';
import { decodeKemct, decodeKemHeader } from '../../src/wire/kemct.ts';
import { decodeLabel } from '../../src/wire/label.ts';
import { decodeLeg } from '../../src/wire/leg.ts';
import { decodeVerdict } from '../../src/wire/verdict.ts';

const readers: [string, (der: Bytes) => unknown][] = [
  ['SignedData', parseSignedData], ['SignerInfo', decodeSignerInfo], ['AuthEnvelopedData', parseAuthEnvelopedData],
  ['RecipientInfo', parseKemRecipientInfo], ['Kemct', decodeKemct], ['KemHeader', decodeKemHeader], ['Label', decodeLabel], ['Leg', decodeLeg],
  ['Verdict', decodeVerdict], ['Certificate', parseCertificate], ['CRL', parseCrl],
];

function nested(depth: number, tag: number): Bytes {
  const headers: Bytes[] = [];
  for (let i = 0, length = 0; i < depth; i++) {
    const one = header(tag, length);
    headers.push(one);
    length += one.length;
  }
  return concat(...headers.reverse());
}

const bombs: [string, Bytes][] = [
  ['20,000 sequences in one another', nested(20_000, TAG.sequence)],
  ['20,000 sets in one another', nested(20_000, TAG.set)],
  ['20,000 explicit tags in one another', nested(20_000, contextTag(0))],
  ['a length of 4 GiB', Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30, 0x00)],
  ['a length of five bytes', Uint8Array.of(0x30, 0x85, 0x01, 0, 0, 0, 0)],
  ['a length of 126 bytes', concat(Uint8Array.of(0x30, 0xfe), new Uint8Array(126).fill(0xff))],
  ['an indefinite length', Uint8Array.of(0x30, 0x80, 0x02, 0x01, 0x01, 0x00, 0x00)],
  ['a length that is not minimal', Uint8Array.of(0x30, 0x81, 0x03, 0x02, 0x01, 0x01)],
  ['a multi-byte tag', Uint8Array.of(0x3f, 0xff, 0xff, 0x7f, 0x00)],
  ['an object identifier without end', sequence(tlv(TAG.oid, new Uint8Array(10_000).fill(0xff)))],
  ['a huge integer', sequence(tlv(TAG.integer, concat(Uint8Array.of(1), new Uint8Array(100_000))))],
  ['a million elements', sequence(...Array.from({ length: 1000 }, () => concat(...Array.from({ length: 1000 }, () => Uint8Array.of(2, 1, 1)))))],
  ['nothing', new Uint8Array(0)],
];

describe.each(readers)('%s', (_, parse) => {
  it.each(bombs)('refuses %s', (_name, der) => {
    expect(() => parse(der)).toThrow(expect.objectContaining({ name: 'SsmaxError' }) as Error);
  });
});

describe('bounds', () => {
  it('no more than 32 levels, wherever a reader would go on', () => {
    let cursor = DerCursor.over(nested(40, TAG.sequence));
    const descend = (): void => {
      for (;;) cursor = cursor.enter();
    };
    expect(descend).toThrow(/nested too deeply/);
  });

  it('lengths in their one form', () => {
    for (const der of [[0x04, 0x81, 0x01, 0], [0x04, 0x82, 0x00, 0x80, ...new Array<number>(128).fill(0)], [0x04, 0x80, 0, 0], [0x04, 0x85, 0, 0, 0, 0, 0]]) {
      expect(() => DerCursor.over(Uint8Array.from(der)).element()).toThrow(/der-invalid/);
    }
  });

  it('no more than ten recipient infos, and none twice', () => {
    const body = sequence(oid(OID.data), integer(1));
    const envelope = (...infos: Bytes[]): Bytes => sequence(integer(0), setOf(...infos), body);
    const infos = Array.from({ length: 11 }, (_, i) => octetString(Uint8Array.of(i)));
    expect(() => parseAuthEnvelopedData(envelope(...infos))).toThrow(/too many/);
    expect(() => parseAuthEnvelopedData(envelope(octetString(), octetString()))).toThrow(/not sorted/);
  });
});
