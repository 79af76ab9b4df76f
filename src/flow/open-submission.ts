/**
 * Opening what a gateway submits to its inspection server: an AuthEnvelopedData that the key server re-encrypted for
 * this server and nobody else (docs/protocol.md §8). Everything that can be checked in public is checked
 * before the private key is used; from there on there is one opaque error.
 */
import { type Bytes, equal } from '../core/bytes.ts';
import { contentDigest, decryptContent, type EnvelopeBody, parseAuthEnvelopedData } from '../core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo, unwrapCek } from '../core/cms/kem-recipient-info.ts';
import { sha256 } from '../core/digest.ts';
import { decapsulate } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { decodeKemct, type Kemct } from '../wire/kemct.ts';
import { decodeLabel, type Label } from '../wire/label.ts';
import type { Credential } from './ports.ts';

/** What opening needs to know of the server itself. */
export interface Opener {
  readonly credential: Credential;
  readonly native: NativeCrypto;
  /** SHA-256 of the own organisation's DER certificate: it alone seals for this server. */
  readonly sealer: Bytes;
}

export interface OpenedSubmission {
  /** The MIME entity. Secret: whoever takes it fills it with zeros when done. */
  readonly content: Bytes;
  readonly contentDigest: Bytes;
}

interface Submission {
  readonly body: EnvelopeBody;
  readonly contentDigest: Bytes;
  readonly kemct: Kemct;
  readonly encryptedKey: Bytes;
}

/**
 * Checks and decrypts.
 *
 * @param der DER AuthEnvelopedData with exactly one recipient info, of purpose `inspect`
 * @throws SsmaxError `refused`: `der-invalid`, `envelope-invalid`, `envelope-algorithm`, `recipient-info-count`,
 *   `recipient-info-invalid`, `label-invalid`, `content-digest-mismatch`, `label-mismatch`; `not-for-me`:
 *   `recipient-info-target`; and for all that has to do with decryption (proof, KEM, key wrap, commitment, GCM) the one
 *   `content-invalid`
 */
export async function openSubmission(der: Bytes, opener: Opener): Promise<OpenedSubmission> {
  const submission = await checkSubmission(der, opener);
  try {
    return { content: await decrypt(submission, opener), contentDigest: submission.contentDigest };
  } catch (error) {
    // A fault is ours and tells nothing of the content; all else must look alike.
    if (error instanceof SsmaxError && error.kind === 'fault') throw error;
    throw refused('content-invalid');
  }
}

async function checkSubmission(der: Bytes, opener: Opener): Promise<Submission> {
  const { recipientInfos, body } = parseAuthEnvelopedData(der);
  const [only, ...others] = recipientInfos;
  if (only === undefined || others.length > 0) throw refused('recipient-info-count');
  const info = parseKemRecipientInfo(only);
  const kemct = decodeKemct(info.kemct);
  const label = decodeLabel(kemct.label);
  const digest = await contentDigest(body);
  if (!equal(info.ukm, digest)) throw refused('content-digest-mismatch', { where: 'ukm' });
  if (!equal(label.contentDigest, digest)) throw refused('content-digest-mismatch', { where: 'label' });
  const { certificate } = opener.credential;
  if (!equal(info.subjectKeyIdentifier, certificate.subjectKeyIdentifier)) throw new SsmaxError('not-for-me', 'recipient-info-target');
  checkLabel(label, opener);
  return { body, contentDigest: digest, kemct, encryptedKey: info.encryptedKey };
}

/** A label for another purpose would let this server open what was never submitted for inspection. */
function checkLabel(label: Label, { credential, sealer }: Opener): void {
  if (label.purpose !== 'inspect') throw refused('label-mismatch', { what: 'purpose' });
  if (!equal(label.targetKey, credential.certificate.spkiSha256)) throw refused('label-mismatch', { what: 'target' });
  if (!equal(label.sealer, sealer)) throw refused('label-mismatch', { what: 'sealer' });
}

async function decrypt({ body, contentDigest: ukm, kemct, encryptedKey }: Submission, { credential, native }: Opener): Promise<Bytes> {
  const secrets: Bytes[] = [];
  try {
    const secret = await decapsulate(native, credential.key, kemct, await sha256(kemct.label));
    secrets.push(secret);
    const cek = await unwrapCek(encryptedKey, secret, ukm);
    secrets.push(cek);
    return await decryptContent(body, cek);
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}
