/**
 * Opening what a gateway submits to its inspection server: a leg's content that the key server re-encrypted for this server
 * and nobody else (docs/protocol.md §8). Everything that can be checked in public is checked before the private key is
 * used; from there on there is one opaque error.
 */
import { type Bytes, equal, hex } from '../core/bytes.ts';
import { decryptContent, type EnvelopeBody } from '../core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo, unwrapCek } from '../core/cms/kem-recipient-info.ts';
import { sha256 } from '../core/digest.ts';
import { decapsulate } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { OID } from '../core/oids.ts';
import { parseAddressList } from '../mail/address.ts';
import { parseMime } from '../mail/mime.ts';
import { joinMixed } from '../mail/mixed.ts';
import { decodeKemct, type Kemct } from '../wire/kemct.ts';
import { decodeLabel, type Label } from '../wire/label.ts';
import { readLegContent } from './leg-content.ts';
import type { Credential } from './ports.ts';

/** What is submitted: one AuthEnvelopedData, or a clear part with sealed ones (docs/protocol.md §5). */
export const SUBMISSION_FORMS = ['sealed', 'mixed'] as const;
export type SubmissionForm = (typeof SUBMISSION_FORMS)[number];

/** What opening needs to know of the server itself. */
export interface Opener {
  readonly credential: Credential;
  readonly native: NativeCrypto;
  /** What it opens; default `inspect`. */
  readonly purpose?: 'inspect' | 'report';
  /** SHA-256 of the own organisation's DER certificate: it alone seals for this server. */
  readonly sealer: Bytes;
}

export interface OpenedSubmission {
  /**
   * MIME entities, each to be judged: the mail, then what it forwards. Secret: whoever takes them fills them with zeros when
   * done.
   */
  readonly contents: readonly Bytes[];
  readonly contentDigest: Bytes;
  /** The leg's recipients, from the labels that the key server made: nobody else could. Where nothing is sealed, those that the mail names. */
  readonly recipients: readonly string[];
}

interface Submission {
  readonly recipients: readonly string[];
  readonly body: EnvelopeBody;
  readonly digest: Bytes;
  readonly forwarded: boolean;
  readonly kemct: Kemct;
  readonly encryptedKey: Bytes;
}

/**
 * Checks and decrypts.
 *
 * @param submission a leg's eContent in which every sealed part has exactly one recipient info, of purpose `inspect`
 * @throws SsmaxError `refused`: `der-invalid`, `envelope-invalid`, `envelope-algorithm`, `mixed-invalid` and what parseMime
 *   throws, `recipient-info-count`, `recipient-info-invalid`, `label-invalid`, `content-digest-mismatch`, `label-mismatch`;
 *   `not-for-me`: `recipient-info-target`; and for all that has to do with decryption (proof, KEM, key wrap, commitment,
 *   GCM) the one `content-invalid`
 */
export async function openSubmission(submission: Bytes, opener: Opener, form: SubmissionForm): Promise<OpenedSubmission> {
  const eContentType = form === 'sealed' ? OID.authEnvelopedData : OID.data;
  const { parts, mixed, contentDigest, recipientInfos } = await readLegContent({ eContentType, eContent: submission });
  const checked = parts.map(({ body, digest, origins }, i) => checkPart({ body, digest, forwarded: origins.length > 0 }, recipientInfos[i] ?? [], opener));
  const opened: { content: Bytes; forwarded: boolean }[] = [];
  try {
    for (const part of checked) opened.push({ content: await decrypt(part, opener), forwarded: part.forwarded });
  } catch (error) {
    for (const { content } of opened) content.fill(0);
    // A fault is ours and tells nothing of the content; all else must look alike.
    if (error instanceof SsmaxError && error.kind === 'fault') throw error;
    throw refused('content-invalid');
  }
  const of = (forwarded: boolean): Bytes[] => opened.filter((part) => part.forwarded === forwarded).map(({ content }) => content);
  const recipients = [...new Set(checked.flatMap((part) => part.recipients))];
  if (mixed === undefined) return { contents: of(false), contentDigest, recipients };
  const own = of(false);
  const whole = joinMixed(mixed.clear, own, hex(contentDigest).slice(0, 32));
  for (const content of own) content.fill(0);
  return { contents: [whole, ...of(true)], contentDigest, recipients: recipients.length > 0 ? recipients : addressees(whole) };
}

/** A mail that is signed only has no label; its own To and Cc are signed with it. */
function addressees(mail: Bytes): string[] {
  try {
    const { headers } = parseMime(mail, 'sealed');
    return ['To', 'Cc'].flatMap((name) => headers.all(name)).flatMap((value) => parseAddressList(value)).map(({ address }) => address);
  } catch {
    return []; // judged as ambiguous
  }
}

function checkPart(part: Pick<Submission, 'body' | 'digest' | 'forwarded'>, recipientInfos: readonly Bytes[], opener: Opener): Submission {
  const [only, ...others] = recipientInfos;
  if (only === undefined || others.length > 0) throw refused('recipient-info-count');
  const info = parseKemRecipientInfo(only);
  const kemct = decodeKemct(info.kemct);
  const label = decodeLabel(kemct.label);
  if (!equal(info.ukm, part.digest)) throw refused('content-digest-mismatch', { where: 'ukm' });
  if (!equal(label.contentDigest, part.digest)) throw refused('content-digest-mismatch', { where: 'label' });
  const { certificate } = opener.credential;
  if (!equal(info.subjectKeyIdentifier, certificate.subjectKeyIdentifier)) throw new SsmaxError('not-for-me', 'recipient-info-target');
  checkLabel(label, opener);
  return { ...part, recipients: label.recipients, kemct, encryptedKey: info.encryptedKey };
}

/** A label for another purpose would let this server open what was never submitted for inspection. */
function checkLabel(label: Label, { credential, sealer, purpose = 'inspect' }: Opener): void {
  if (label.purpose !== purpose) throw refused('label-mismatch', { what: 'purpose' });
  if (!equal(label.targetKey, credential.certificate.spkiSha256)) throw refused('label-mismatch', { what: 'target' });
  if (!equal(label.sealer, sealer)) throw refused('label-mismatch', { what: 'sealer' });
}

async function decrypt({ body, digest, kemct, encryptedKey }: Submission, { credential, native }: Opener): Promise<Bytes> {
  const secrets: Bytes[] = [];
  try {
    const secret = await decapsulate(native, credential.key, kemct, await sha256(kemct.label));
    secrets.push(secret);
    const cek = await unwrapCek(encryptedKey, secret, digest);
    secrets.push(cek);
    return await decryptContent(body, cek);
  } finally {
    for (const secret of secrets) secret.fill(0);
  }
}
