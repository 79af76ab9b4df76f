/** Keys and certificates for TLS tests, issued by one organisation under one Authority. */
import { createHash } from 'node:crypto';
import type { Bytes } from '../../../src/core/bytes.ts';
import { issueOrganisation, issueRoot, issueServer } from '../../../src/core/pki/issue.ts';
import type { Issuer, Validity } from '../../../src/core/pki/issue.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import type { TlsIdentity } from '../../../src/server/shared/pinned-server.ts';

const { random } = createNodeCrypto();

const day = 86_400_000;

function validity(days: number): Validity {
  return { notBefore: new Date(Date.now() - Math.abs(days) * day), notAfter: new Date(Date.now() + days * day) };
}

export async function testOrganisation(): Promise<Issuer> {
  const root = loadPrivateKey(generatePrivateKey());
  const authority = { key: root, certificate: await issueRoot({ key: root, subject: { commonName: 'Authority', organisation: 'Authority' }, validity: validity(30), random }) };
  const key = loadPrivateKey(generatePrivateKey());
  const certificate = await issueOrganisation({
    publicKey: key.publicKey, issuer: authority, validity: validity(20), random,
    name: '日之出市役所', organisationId: 'NTRJP-1000020123456', country: 'JP', mailDomains: ['hinode.example'], hostNames: ['hinode.example'],
  });
  return { key, certificate };
}

/** A server's identity and its pin. `expired` gives a certificate that ran out. */
export async function testServer(issuer: Issuer, role: 'gateway' | 'inspection' | 'key-server', expired = false): Promise<TlsIdentity & { pin: Bytes }> {
  const key = generatePrivateKey();
  const { publicKey } = loadPrivateKey(key);
  const ended = { notBefore: new Date(Date.now() - 10 * day), notAfter: new Date(Date.now() - day) };
  const certificate = await issueServer({ publicKey, issuer, validity: expired ? ended : validity(10), random, role, dnsNames: [`${role}.hinode.example`] });
  return { key, certificates: [certificate.der, issuer.certificate.der], pin: new Uint8Array(createHash('sha256').update(certificate.spki).digest()) };
}
