/**
 * Writes test/vectors/pki.json anew: `npx tsx scripts/make-pki-vectors.ts`. Keys, serials and signatures are random, so
 * every run gives other bytes; docs/protocol-pki.md says how to use the file.
 */
import { writeFileSync } from 'node:fs';
import { type Bytes, concat, fromHex, hex } from '../src/core/bytes.ts';
import { encodeCertsOnly } from '../src/core/pki/certs-only.ts';
import { parseCertificate } from '../src/core/pki/certificate.ts';
import { issueCrl } from '../src/core/pki/crl.ts';
import { createCsr } from '../src/core/pki/csr.ts';
import { type Issuer, issueUser } from '../src/core/pki/issue.ts';
import { forge } from '../test/core/pki/forge.ts';
import type { CertificateVector, CrlVector, CsrVector, PathVector, PkiVectors } from '../test/core/pki/vectors.ts';
import { badConstraints, forgeOrganisation, illFormed, unreadable } from '../test/core/pki/violations.ts';
import { AT, YEAR, createWorld, day, newKey, random } from '../test/core/pki/world.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
/** Larger ones are left to the tests: a file of vectors should stay readable. */
const MAX_BYTES = 20_000;

const world = await createWorld();
const { root, delegate, hinode, tsukimi, taro, gateway, inspection, keyServer } = world;
const { publicKey } = newKey();

const pseudonymous: Issuer = {
  key: newKey(),
  certificate: await issueUser({
    issuer: hinode, publicKey, validity: YEAR, random, email: 'desk-12@hinode.example', commonName: '窓口 12', pseudonymous: true, crlUrls: ['https://keyserver.hinode.example/crl'],
  }),
};

const holders = { ...world, pseudonymous };

const certificates: CertificateVector[] = Object.entries<Issuer>(holders).map(([name, { certificate: c }]) => ({
  name, expected: 'ok', der: base64(c.der),
  fields: {
    sha256: hex(c.sha256), serial: c.serial, subject: c.subject, notBefore: c.notBefore.toISOString(), notAfter: c.notAfter.toISOString(),
    publicKey: hex(c.publicKey), subjectKeyIdentifier: hex(c.subjectKeyIdentifier), authorityKeyIdentifier: hex(c.authorityKeyIdentifier),
    keyUsage: c.keyUsage, isCa: c.isCa, emails: c.emails, dnsNames: c.dnsNames, roles: c.roles, crlUrls: c.crlUrls,
    ...(c.nameConstraints && { mailDomains: c.nameConstraints.mailDomains, hostNames: c.nameConstraints.hostNames }),
  },
}));

async function refusedCertificates(): Promise<CertificateVector[]> {
  const out: CertificateVector[] = [];
  for (const [name, expected, parts] of unreadable) out.push({ name, expected, der: base64(await forge(hinode, publicKey, parts)) });
  for (const [name, expected, constraints] of badConstraints) {
    if (expected === 'certificate-malformed') out.push({ name: `name constraints: ${name}`, expected, der: base64(await forgeOrganisation(root, publicKey, constraints)) });
  }
  const { der } = taro.certificate;
  const broken: [string, Uint8Array][] = [
    ['empty', new Uint8Array(0)], ['truncated', der.subarray(0, -1)], ['trailing byte', concat(der, Uint8Array.of(0))],
    ['indefinite length (BER)', concat(Uint8Array.of(0x30, 0x80), der.subarray(4), Uint8Array.of(0, 0))],
    ['length not minimal (BER)', concat(Uint8Array.of(0x30, 0x83, 0), der.subarray(2))],
    ['length 0x84FFFFFFFF', concat(fromHex('3084ffffffff'), der.subarray(4))],
  ];
  out.push(...broken.map(([name, bytes]) => ({ name, expected: 'certificate-malformed', der: base64(bytes) })));
  return out.filter((vector) => vector.der.length <= MAX_BYTES);
}

const path = (name: string, expected: string, leaf: Bytes, overrides: Partial<PathVector> = {}): PathVector => ({
  name, expected, leaf: base64(leaf), intermediates: [base64(tsukimi.certificate.der), base64(hinode.certificate.der)], root: base64(root.certificate.der),
  at: AT.toISOString(), role: 'user', ...overrides,
});

async function paths(): Promise<PathVector[]> {
  const stranger = await createWorld();
  const leaf = taro.certificate.der;
  const out = [
    path('user', 'ok', leaf), path('pseudonymous user', 'ok', pseudonymous.certificate.der), path('gateway', 'ok', gateway.certificate.der, { role: 'gateway' }),
    path('inspection server', 'ok', inspection.certificate.der, { role: 'inspection' }), path('key server', 'ok', keyServer.certificate.der, { role: 'key-server' }),
    path('organisation', 'ok', hinode.certificate.der, { role: 'organisation' }), path('delegate', 'ok', delegate.certificate.der, { role: 'delegate' }),
    path('first second', 'ok', leaf, { at: YEAR.notBefore.toISOString() }), path('last second', 'ok', leaf, { at: YEAR.notAfter.toISOString() }),
    path('expired', 'certificate-expired', leaf, { at: day(366).toISOString() }), path('not yet valid', 'certificate-not-yet-valid', leaf, { at: day(-1).toISOString() }),
    path('expired, and no issuer: the graver reason', 'certificate-untrusted', leaf, { at: day(366).toISOString(), intermediates: [] }),
    path('another root of the same name', 'certificate-untrusted', leaf, { root: base64(stranger.root.certificate.der) }),
    path('another organisation of the same name', 'certificate-untrusted', leaf, { intermediates: [base64(stranger.hinode.certificate.der)] }),
    path('gateway as user', 'certificate-role', gateway.certificate.der), path('user as gateway', 'certificate-role', leaf, { role: 'gateway' }),
    path('organisation as root', 'certificate-role', leaf, { root: base64(hinode.certificate.der) }),
    path('signed by another key', 'certificate-untrusted', await forge({ ...hinode, key: newKey() }, publicKey)),
    path('issued by a user', 'certificate-role', await forge(taro, publicKey), { intermediates: [base64(taro.certificate.der), base64(hinode.certificate.der)] }),
    path('name constraints: none', 'certificate-profile', await forgeOrganisation(root, publicKey, undefined), { role: 'organisation' }),
  ];
  for (const [name, expected, parts] of illFormed) out.push(path(name, expected, await forge(hinode, publicKey, parts)));
  return out;
}

async function crls(): Promise<CrlVector[]> {
  const order = { issuer: hinode, number: 7, thisUpdate: day(99), nextUpdate: day(102) };
  const revoked = [{ serial: taro.certificate.serial, date: day(50), reason: 'keyCompromise' as const, invalidityDate: day(40) }];
  const byHinode = await issueCrl({ ...order, revoked });
  const byDelegate = await issueCrl({ ...order, issuer: delegate, revoked: [{ serial: tsukimi.certificate.serial, date: day(60) }] });
  const forged = await issueCrl({ ...order, issuer: { certificate: { ...hinode.certificate, publicKey: tsukimi.key.publicKey }, key: tsukimi.key }, revoked: [] });
  const vector = (name: string, expected: string, crl: Bytes, certificate: Issuer, issuer: Issuer, at = AT): CrlVector =>
    ({ name, expected, crl: base64(crl), certificate: base64(certificate.certificate.der), issuer: base64(issuer.certificate.der), at: at.toISOString() });
  return [
    { ...vector('revoked', 'revoked', byHinode.der, taro, hinode), revocation: { date: day(50).toISOString(), invalidityDate: day(40).toISOString(), reason: 'keyCompromise' } },
    vector('good', 'good', byHinode.der, gateway, hinode),
    { ...vector('revoked by the delegate', 'revoked', byDelegate.der, tsukimi, delegate), revocation: { date: day(60).toISOString(), reason: 'unspecified' } },
    vector('good by the delegate', 'good', byDelegate.der, hinode, delegate),
    vector('stale', 'crl-stale', byHinode.der, gateway, hinode, day(103)), vector('from the future', 'crl-not-yet-valid', byHinode.der, gateway, hinode, day(98)),
    vector('of another issuer', 'crl-wrong-issuer', byHinode.der, hinode, delegate), vector('delegate\'s CRL taken for the root\'s', 'crl-wrong-issuer', byDelegate.der, hinode, root),
    vector('signed by another key', 'crl-signature', forged.der, gateway, hinode), vector('truncated', 'crl-malformed', byHinode.der.subarray(0, -1), gateway, hinode),
  ];
}

async function csrs(): Promise<CsrVector[]> {
  const key = newKey();
  const der = await createCsr(key, { commonName: '日之出 太郎', email: 'taro@hinode.example' });
  const swapped = Uint8Array.from(der);
  swapped.set(newKey().publicKey, Buffer.from(der).indexOf(key.publicKey));
  return [
    { name: 'user', expected: 'ok', der: base64(der), fields: { publicKey: hex(key.publicKey), commonName: '日之出 太郎', emails: ['taro@hinode.example'] } },
    { name: 'no wishes', expected: 'ok', der: base64(await createCsr(key, {})), fields: { publicKey: hex(key.publicKey), emails: [] } },
    { name: 'somebody else\'s key', expected: 'csr-signature', der: base64(swapped) },
    { name: 'truncated', expected: 'csr-malformed', der: base64(der.subarray(0, -1)) },
  ];
}

const bundle = [hinode.certificate.der, root.certificate.der];
const vectors: PkiVectors = {
  certificates: [...certificates, ...(await refusedCertificates())], paths: await paths(), crls: await crls(), csrs: await csrs(),
  certsOnly: [{ name: 'organisation and root', der: base64(encodeCertsOnly(bundle)), certificates: bundle.map((der) => hex(parseCertificate(der).sha256)).sort() }],
};
writeFileSync(new URL('../test/vectors/pki.json', import.meta.url), `${JSON.stringify(vectors, undefined, 1)}\n`);
