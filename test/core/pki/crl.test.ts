import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex } from '../../../src/core/bytes.ts';
import { TAG, contextTag, generalizedTime, integer, octetString, oid, rfc5280Time, sequence, tlv } from '../../../src/core/der.ts';
import { type CrlOrder, type RevocationRequest, checkRevocation, createCrlReader, issueCrl, parseCrl } from '../../../src/core/pki/crl.ts';
import { encodeAuthorityKeyIdentifier, encodeSerial, extension } from './encode.ts';
import type { Issuer } from '../../../src/core/pki/issue.ts';
import { PKI_OID } from '../../../src/core/pki/object-identifiers.ts';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { SIGNATURE_ALGORITHM, createSignatureCache, sign } from '../../../src/core/pki/signed.ts';
import { nest } from './forge.ts';
import { expectCode } from './expect-code.ts';
import { AT, createWorld, day, newKey, openssl } from './world.ts';

const { root, delegate, hinode, tsukimi, taro, gateway } = await createWorld();

const order: CrlOrder = { issuer: hinode, number: 7, thisUpdate: day(99), nextUpdate: day(102), revoked: [] };
const crl = await issueCrl(order);
const request = (overrides: Partial<RevocationRequest> = {}): RevocationRequest =>
  ({ certificate: taro.certificate, issuer: hinode.certificate, crl, at: AT, ...overrides });

describe('issued CRLs', () => {
  test('read back as ordered', async () => {
    const revoked = [
      { serial: taro.certificate.serial, date: day(50), reason: 'keyCompromise' as const, invalidityDate: day(40) },
      { serial: gateway.certificate.serial, date: day(51) },
    ];
    const issued = await issueCrl({ ...order, revoked });
    expect(issued).toMatchObject({ number: 7n, thisUpdate: day(99), nextUpdate: day(102), issuerDer: hinode.certificate.subjectDer });
    expect([...issued.revoked.values()]).toEqual([revoked[0], { ...revoked[1], reason: 'unspecified' }]);
    expect(parseCrl(issued.der)).toEqual(issued);
  });

  test('revoked and good are told apart', async () => {
    const revoked = [{ serial: taro.certificate.serial, date: day(50), reason: 'superseded' as const }];
    const issued = await issueCrl({ ...order, revoked });
    expect(await checkRevocation(request({ crl: issued }))).toEqual({ status: 'revoked', serial: taro.certificate.serial, date: day(50), reason: 'superseded' });
    expect(await checkRevocation(request({ crl: issued, certificate: gateway.certificate }))).toEqual({ status: 'good' });
  });

  test('the delegate speaks for the root', async () => {
    const issued = await issueCrl({ ...order, issuer: delegate, revoked: [{ serial: tsukimi.certificate.serial, date: day(60), reason: 'cessationOfOperation' }] });
    const common = { crl: issued, issuer: delegate.certificate, cache: createSignatureCache() };
    expect(await checkRevocation(request({ ...common, certificate: hinode.certificate }))).toEqual({ status: 'good' });
    expect(await checkRevocation(request({ ...common, certificate: tsukimi.certificate }))).toMatchObject({ status: 'revoked', reason: 'cessationOfOperation' });
  });

  test('any set of revocations comes back', async () => {
    const reasons = fc.constantFrom('unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'certificateHold', 'privilegeWithdrawn');
    const entry = fc.record({ serial: fc.bigInt(1n, 2n ** 126n).map((n) => Buffer.from(encodeSerialOf(n)).toString('hex')), date: fc.nat(3000).map(day), reason: reasons });
    await fc.assert(fc.asyncProperty(fc.uniqueArray(entry, { selector: ({ serial }) => serial, maxLength: 20 }), async (revoked) => {
      expect([...(await issueCrl({ ...order, revoked })).revoked.values()]).toEqual(revoked);
    }), { numRuns: 30 });
  });

  test('hold 100,000 entries and are read once however often they are asked for', async () => {
    const revoked = Array.from({ length: 100_000 }, (_, i) => ({ serial: `01${i.toString(16).padStart(30, '0')}`, date: day(50), reason: 'keyCompromise' as const, invalidityDate: day(40) }));
    const { der } = await issueCrl({ ...order, revoked });
    expect(der.length).toBeLessThan(8 * 1024 * 1024);
    const read = createCrlReader();
    const first = await read(der);
    expect([first.revoked.size, first.revoked.get(`01${(99_999).toString(16).padStart(30, '0')}`)]).toEqual([100_000, revoked[99_999]]);
    for (const again of [der, der.slice()]) expect(await read(again)).toBe(first);
  });

  test('OpenSSL reads them and decides alike', async () => {
    const revoked = [{ serial: gateway.certificate.serial, date: day(50), reason: 'keyCompromise' as const, invalidityDate: day(40) }];
    const byHinode = await issueCrl({ ...order, revoked });
    const byDelegate = await issueCrl({ ...order, issuer: delegate, revoked: [{ serial: tsukimi.certificate.serial, date: day(60) }] });
    const text = openssl(['crl', '-in', 'a.crl', '-noout', '-text'], { 'a.crl': encodePem('X509 CRL', byHinode.der) });
    for (const line of ['Version 2', 'X509v3 CRL Number: \n                7', 'Key Compromise', 'Invalidity Date']) expect(text).toContain(line);
    const verify = (leaf: Issuer): string => {
      const pem = (issuer: Issuer): string => encodePem('CERTIFICATE', issuer.certificate.der);
      const args = ['verify', '-x509_strict', '-attime', String(AT.getTime() / 1000), '-crl_check', '-CAfile', 'root.pem', '-untrusted', 'more.pem', '-CRLfile', 'crls.pem', 'leaf.pem'];
      return openssl(args, { 'root.pem': pem(root), 'more.pem': pem(hinode), 'crls.pem': encodePem('X509 CRL', byHinode.der), 'leaf.pem': pem(leaf) });
    };
    expect(verify(taro)).toBe('leaf.pem: OK\n');
    expect(() => verify(gateway)).toThrow(/certificate revoked/);
    // `openssl verify` cannot check a delegate's CRL: it would want the delegate looked up in that very CRL first.
    const files = { 'a.crl': encodePem('X509 CRL', byDelegate.der), 'delegate.pem': encodePem('CERTIFICATE', delegate.certificate.der) };
    expect(openssl(['crl', '-in', 'a.crl', '-noout', '-verify', '-CAfile', 'delegate.pem'], files, 'stderr')).toContain('verify OK');
  });
});

function encodeSerialOf(value: bigint): Uint8Array {
  return integer(value).subarray(2);
}

describe('whatever is wrong with a CRL, nothing passes', () => {
  test('stale, from the future', async () => {
    await checkRevocation(request({ at: day(102) }));
    await expectCode(() => checkRevocation(request({ at: new Date(day(102).getTime() + 1000) })), 'crl-stale', 'unavailable');
    await checkRevocation(request({ at: new Date(day(99).getTime() - 9 * 60_000) }));
    await expectCode(() => checkRevocation(request({ at: day(98) })), 'crl-not-yet-valid', 'unavailable');
  });

  test('wrong issuer', async () => {
    const wrong = (overrides: Partial<RevocationRequest>): Promise<void> => expectCode(() => checkRevocation(request(overrides)), 'crl-wrong-issuer', 'unavailable');
    await wrong({ certificate: hinode.certificate }); // issued by the root, looked up at hinode
    await wrong({ issuer: tsukimi.certificate });
    await wrong({ issuer: root.certificate });
    await wrong({ issuer: root.certificate, certificate: hinode.certificate, crl: await issueCrl({ ...order, issuer: delegate }) }); // the delegate's, not the root's
  });

  test('signed by another key, or one bit changed anywhere', async () => {
    const forged = await issueCrl({ ...order, issuer: { certificate: { ...hinode.certificate, publicKey: tsukimi.key.publicKey }, key: tsukimi.key } });
    await expectCode(() => checkRevocation(request({ crl: forged })), 'crl-signature', 'unavailable');
    await fc.assert(fc.asyncProperty(fc.nat(crl.der.length * 8 - 1), async (bit) => {
      const changed = Uint8Array.from(crl.der);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const checked = (async () => checkRevocation(request({ crl: parseCrl(changed) })))();
      await expect(checked).rejects.toMatchObject({ name: 'SsmaxError', kind: 'unavailable' });
    }), { numRuns: 200 });
  });

  test('issuing refuses what readers would', async () => {
    await expectCode(() => issueCrl({ ...order, issuer: taro }), 'crl-order');
    await expectCode(() => issueCrl({ ...order, nextUpdate: day(99) }), 'crl-order');
    await expectCode(() => issueCrl({ ...order, revoked: [{ serial: '01', date: day(1) }, { serial: '01', date: day(2) }] }), 'crl-order');
    await expectCode(() => issueCrl({ ...order, issuer: { ...hinode, key: newKey() } }), 'issuer-key-mismatch', 'fault');
  });
});

describe('malformed CRLs', () => {
  const aki = extension(PKI_OID.authorityKeyIdentifier, false, encodeAuthorityKeyIdentifier(hinode.certificate.subjectKeyIdentifier));
  const number = extension(PKI_OID.crlNumber, false, integer(1));
  const entry = (...extensions: Bytes[]): Bytes => sequence(encodeSerial('01'), rfc5280Time(day(1)), ...(extensions.length > 0 ? [sequence(...extensions)] : []));
  interface Parts { version: Bytes; times: Bytes; entries: Bytes; extensions: Bytes[] }
  const forge = async (overrides: Partial<Parts>): Promise<Bytes> => {
    const parts = { version: integer(1), times: concat(rfc5280Time(day(99)), rfc5280Time(day(102))), entries: sequence(entry()), extensions: [aki, number], ...overrides };
    return sign(sequence(parts.version, SIGNATURE_ALGORITHM, hinode.certificate.subjectDer, parts.times, parts.entries, ...(parts.extensions.length > 0 ? [tlv(contextTag(0), sequence(...parts.extensions))] : [])), hinode.key);
  };

  test('the forger itself makes an acceptable CRL', async () => {
    expect(await checkRevocation(request({ crl: parseCrl(await forge({})) }))).toEqual({ status: 'good' });
  });

  const bad: [string, Partial<Parts>][] = [
    ['version 1', { version: new Uint8Array(0) }],
    ['no nextUpdate', { times: rfc5280Time(day(99)) }],
    ['nextUpdate before thisUpdate', { times: concat(rfc5280Time(day(99)), rfc5280Time(day(98))) }],
    ['empty list', { entries: sequence() }],
    ['serial twice', { entries: sequence(entry(), entry()) }],
    ['no extensions', { extensions: [] }],
    ['no CRL number', { extensions: [aki] }],
    ['no authority key identifier', { extensions: [number] }],
    ['CRL number of 21 bytes', { extensions: [aki, extension(PKI_OID.crlNumber, false, integer(2n ** 160n))] }],
    ['delta CRL', { extensions: [aki, number, extension('2.5.29.27', true, integer(1))] }],
    ['issuing distribution point', { extensions: [aki, number, extension('2.5.29.28', true, sequence())] }],
    ['unknown critical extension', { extensions: [aki, number, extension('1.2.3.4', true, sequence())] }],
    ['indirect entry', { entries: sequence(entry(extension('2.5.29.29', true, sequence()))) }],
    ['reason removeFromCRL', { entries: sequence(entry(extension(PKI_OID.reasonCode, false, fromHex('0a0108')))) }],
    ['unknown reason', { entries: sequence(entry(extension(PKI_OID.reasonCode, false, fromHex('0a010b')))) }],
    ['reason as INTEGER', { entries: sequence(entry(extension(PKI_OID.reasonCode, false, integer(1)))) }],
    ['invalidity date as UTCTime', { entries: sequence(entry(extension(PKI_OID.invalidityDate, false, rfc5280Time(day(1))))) }],
    ['reason twice', { entries: sequence(entry(extension(PKI_OID.reasonCode, false, fromHex('0a0101')), extension(PKI_OID.reasonCode, false, fromHex('0a0102')))) }],
    ['entry 5,000 levels deep', { entries: sequence(nest(5_000)) }],
    ['entry that is an OCTET STRING', { entries: sequence(octetString(Uint8Array.of(1))) }],
    ['GeneralizedTime before 2050', { entries: sequence(sequence(encodeSerial('01'), generalizedTime(day(1)))) }],
  ];
  test.each(bad)('%s', async (_what, parts) => {
    const der = await forge(parts);
    await expectCode(() => parseCrl(der), 'crl-malformed', 'unavailable');
  });

  test('bytes that are no DER, and too many of them', async () => {
    for (const der of [crl.der.subarray(0, -1), concat(crl.der, Uint8Array.of(0)), fromHex('3084ffffffff'), fromHex('30800000'), nest(20_000), new Uint8Array()]) {
      await expectCode(() => parseCrl(der), 'crl-malformed', 'unavailable');
    }
    await expectCode(() => parseCrl(new Uint8Array(8 * 1024 * 1024 + 1)), 'crl-too-large', 'unavailable');
    const rsa = sequence(sequence(), sequence(oid('1.2.840.113549.1.1.11'), tlv(TAG.null)), tlv(TAG.bitString, new Uint8Array(2)));
    await expectCode(() => parseCrl(rsa), 'crl-malformed', 'unavailable');
  });

  test('20,000 entries are read', async () => {
    const revoked = Array.from({ length: 20_000 }, (_, i) => ({ serial: Buffer.from(encodeSerialOf(2n ** 120n + BigInt(i))).toString('hex'), date: day(1) }));
    expect((await issueCrl({ ...order, revoked })).revoked.size).toBe(20_000);
  });
});
