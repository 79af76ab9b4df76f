/** An inspection server's organisation, and what its gateway submits, made as the key server's answer leads to it. */
import type { Bytes } from '../../src/core/bytes.ts';
import { contentDigest, deriveContentKey, encodeAuthEnvelopedData, encryptContent, type EnvelopeBody } from '../../src/core/cms/auth-enveloped-data.ts';
import { encodeKemRecipientInfo, type KemRecipientInfo, wrapCek } from '../../src/core/cms/kem-recipient-info.ts';
import { integer, octetString, oid, sequence, setOf } from '../../src/core/der.ts';
import { sha256 } from '../../src/core/digest.ts';
import { encapsulate } from '../../src/core/elgamal/index.ts';
import { OID } from '../../src/core/oids.ts';
import type { Certificate } from '../../src/core/pki/certificate.ts';
import { type Issuer, issueOrganisation, issueRoot, issueServer, type ServerOrder } from '../../src/core/pki/issue.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { encodeKemct, type Kemct } from '../../src/wire/kemct.ts';
import { encodeLabel, type Label } from '../../src/wire/label.ts';

export const native = createNodeCrypto();
const random = (length: number): Bytes => native.random(length);

const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2036-01-01T00:00:00Z') };

/** A server's key, kept as PKCS#8 for tests that put it on disk. */
export interface ServerIdentity extends Credential {
  readonly pkcs8: Bytes;
}

export interface Organisation {
  readonly certificate: Certificate;
  readonly server: (role: ServerOrder['role'], host: string) => Promise<ServerIdentity>;
}

export async function makeOrganisation(): Promise<Organisation> {
  const rootKey = loadPrivateKey(generatePrivateKey());
  const root = await issueRoot({
    key: rootKey, subject: { country: 'JP', organisation: 'SSMAX Authority', organisationId: 'NTRJP-1', commonName: 'SSMAX Root' }, validity, random,
  });
  const key = loadPrivateKey(generatePrivateKey());
  const certificate = await issueOrganisation({
    publicKey: key.publicKey, issuer: { certificate: root, key: rootKey }, validity, random,
    name: 'Hinode', organisationId: 'NTRJP-2000012345678', country: 'JP', mailDomains: ['hinode.example'], hostNames: ['hinode.example'],
  });
  const issuer: Issuer = { certificate, key };
  return {
    certificate,
    async server(role, host) {
      const pkcs8 = generatePrivateKey();
      const own = loadPrivateKey(pkcs8);
      return { key: own, pkcs8, certificate: await issueServer({ publicKey: own.publicKey, issuer, validity, random, role, dnsNames: [host] }) };
    },
  };
}

/** Deviations from a correct submission. */
export interface Deviations {
  readonly label?: Partial<Label>;
  readonly kemct?: (kemct: Kemct) => Kemct;
  readonly info?: Partial<KemRecipientInfo>;
  /** Encrypt under another key than the wrapped one. */
  readonly otherCek?: Bytes;
  /** Commit to another key, in a ciphertext that is otherwise good. */
  readonly otherCommitment?: boolean;
  readonly infos?: (info: Bytes) => Bytes[];
}

/** DER AuthEnvelopedData with `content` for the inspection server. */
export async function submission(content: Bytes, target: Certificate, organisation: Certificate, deviations: Deviations = {}): Promise<Bytes> {
  const cek = native.random(32);
  const body = deviations.otherCommitment === true
    ? await uncommitted(content, cek)
    : await encryptContent(content, deviations.otherCek ?? cek, native.random(12));
  const digest = await contentDigest(body);
  const label = encodeLabel({
    purpose: 'inspect', targetKey: target.spkiSha256, sealer: organisation.sha256, contentDigest: digest, recipients: ['hanako@tsukimi.example'],
    ...deviations.label,
  });
  const { secret, ...kem } = await encapsulate(native, target.publicKey, await sha256(label));
  const kemct = (deviations.kemct ?? ((same) => same))({ ...kem, label });
  const info = encodeKemRecipientInfo({
    subjectKeyIdentifier: target.subjectKeyIdentifier, kemct: encodeKemct(kemct), ukm: digest, encryptedKey: await wrapCek(cek, secret, digest),
    ...deviations.info,
  });
  return encodeAuthEnvelopedData(deviations.infos?.(info) ?? [info], body);
}

/** As encryptContent, but the commitment is to no key: GCM alone would open it. */
async function uncommitted(content: Bytes, cek: Bytes): Promise<EnvelopeBody> {
  const template = await encryptContent(content, cek, native.random(12));
  const cekCommitment = native.random(32);
  const authAttrs = setOf(sequence(oid(OID.cekCommitment), setOf(octetString(cekCommitment))));
  const gcm = sequence(oid(OID.aes256Gcm), sequence(octetString(template.nonce), integer(16)));
  const key = await crypto.subtle.importKey('raw', await deriveContentKey(cek, gcm), 'AES-GCM', false, ['encrypt']);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: template.nonce, additionalData: authAttrs }, key, content));
  // The ciphertext does not depend on the additional data: only the tag does.
  return { ...template, cekCommitment, authAttrs, mac: sealed.slice(-16) };
}
