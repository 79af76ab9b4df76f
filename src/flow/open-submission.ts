/**
 * Opening what a gateway submits to its inspection server: a leg's content that the key server re-encrypted for this server
 * and nobody else (docs/protocol.md §8). Everything that can be checked in public is checked before the private key is
 * used; from there on there is one opaque error.
 */
import { type Bytes, equal, hex } from '../core/bytes.ts';
import { decryptContent, type EnvelopeBody } from '../core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo, unwrapCek } from '../core/cms/kem-recipient-info.ts';
import { octetString, readDer, readSequence, sequence } from '../core/der.ts';
import { sha256 } from '../core/digest.ts';
import { decapsulate } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { OID } from '../core/oids.ts';
import { joinMixed } from '../mail/mixed.ts';
import { decodeKemct, type Kemct } from '../wire/kemct.ts';
import { decodeLabel, encodeAddresses, type Label, readAddresses, sortAddresses } from '../wire/label.ts';
import { readLegContent } from './leg-content.ts';
import type { Credential } from './ports.ts';

/** What is submitted: one AuthEnvelopedData, a clear part with sealed ones, or a clear part alone with its recipients (docs/protocol.md §8). */
export const SUBMISSION_FORMS = ['sealed', 'mixed', 'signed'] as const;
export type SubmissionForm = (typeof SUBMISSION_FORMS)[number];

/** What opening needs to know of the server itself. */
export interface Opener {
  readonly credential: Credential;
  readonly native: NativeCrypto;
  /** What it opens; default `inspect`. */
  readonly purpose?: 'inspect' | 'report' | 'look';
  /** SHA-256 of the DER certificates of the organisation that alone seals for this one: the one in use, and former ones that still count. */
  readonly sealers: () => Promise<readonly Bytes[]>;
}

export interface OpenedSubmission {
  /**
   * MIME entities, each to be judged: the mail, then what it forwards. Secret: whoever takes them fills them with zeros when
   * done.
   */
  readonly contents: readonly Bytes[];
  readonly contentDigest: Bytes;
  /** The leg's recipients, from the labels that the key server made; where nothing is sealed, those that the gateway names. */
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
 * @param submission a leg's eContent in which every sealed part has exactly one recipient info, of purpose `inspect`; form signed:
 *   a SignedSubmission
 * @throws SsmaxError `refused`: `der-invalid`, `envelope-invalid`, `envelope-algorithm`, `mixed-invalid` and what parseMime
 *   throws, `recipient-info-count`, `recipient-info-invalid`, `label-invalid`, `content-digest-mismatch`, `label-mismatch`;
 *   `unavailable`: `organisation-changing`; `not-for-me`: `recipient-info-target`; and for all that has to do with decryption (proof, KEM, key wrap, commitment,
 *   GCM) the one `content-invalid`
 */
export async function openSubmission(submission: Bytes, opener: Opener, form: SubmissionForm): Promise<OpenedSubmission> {
  const eContentType = form === 'sealed' ? OID.authEnvelopedData : OID.data;
  const given = form === 'signed' ? decodeSignedSubmission(submission) : { eContent: submission, recipients: [] };
  const { parts, mixed, contentDigest, recipientInfos } = await readLegContent({ eContentType, eContent: given.eContent });
  // A sealed part says for whom it is; else it must be said.
  if (form !== 'sealed' && (parts.length === 0) !== (form === 'signed')) throw refused('mixed-invalid', { what: 'form' });
  const sealers = parts.length === 0 ? [] : await opener.sealers();
  const checked = parts.map(({ body, digest, origins }, i) => checkPart({ body, digest, forwarded: origins.length > 0 }, recipientInfos[i] ?? [], opener, sealers));
  const opened: { content: Bytes; forwarded: boolean }[] = [];
  try {
    for (const part of checked) opened.push({ content: await decrypt(part, opener), forwarded: part.forwarded });
  } catch (error) {
    for (const { content } of opened) content.fill(0);
    // A fault is ours and tells nothing of the content: the mail waits. All else must look alike.
    if (!(error instanceof SsmaxError) || error.kind === 'fault') throw error;
    throw refused('content-invalid');
  }
  const of = (forwarded: boolean): Bytes[] => opened.filter((part) => part.forwarded === forwarded).map(({ content }) => content);
  const recipients = [...new Set(checked.flatMap((part) => part.recipients))];
  if (mixed === undefined) return { contents: of(false), contentDigest, recipients };
  const own = of(false);
  const whole = joinMixed(mixed.clear, own, hex(contentDigest).slice(0, 32));
  for (const content of own) content.fill(0);
  return { contents: [whole, ...of(true)], contentDigest, recipients: form === 'signed' ? given.recipients : recipients };
}

/** A mail that is signed only has no label, and hidden recipients stand nowhere in it: the gateway names all that the leg has. */
export function encodeSignedSubmission(eContent: Bytes, recipients: readonly string[]): Bytes {
  return sequence(encodeAddresses(sortAddresses(recipients)), octetString(eContent));
}

/** @internal */
export function decodeSignedSubmission(der: Bytes): { eContent: Bytes; recipients: string[] } {
  return readDer(der, (cursor) => readSequence(cursor, (c) => ({ recipients: readAddresses(c), eContent: c.octets() })));
}

function checkPart(part: Pick<Submission, 'body' | 'digest' | 'forwarded'>, recipientInfos: readonly Bytes[], opener: Opener, sealers: readonly Bytes[]): Submission {
  const [only, ...others] = recipientInfos;
  if (only === undefined || others.length > 0) throw refused('recipient-info-count');
  const info = parseKemRecipientInfo(only);
  const kemct = decodeKemct(info.kemct);
  const label = decodeLabel(kemct.label);
  if (!equal(info.ukm, part.digest)) throw refused('content-digest-mismatch', { where: 'ukm' });
  if (!equal(label.contentDigest, part.digest)) throw refused('content-digest-mismatch', { where: 'label' });
  const { certificate } = opener.credential;
  if (!equal(info.subjectKeyIdentifier, certificate.subjectKeyIdentifier)) throw new SsmaxError('not-for-me', 'recipient-info-target');
  checkLabel(label, opener, sealers);
  return { ...part, recipients: label.recipients, kemct, encryptedKey: info.encryptedKey };
}

/** A label for another purpose would let this server open what was never submitted for inspection. */
function checkLabel(label: Label, { credential, purpose = 'inspect' }: Opener, sealers: readonly Bytes[]): void {
  if (label.purpose !== purpose) throw refused('label-mismatch', { what: 'purpose' });
  if (!equal(label.targetKey, credential.certificate.spkiSha256)) throw refused('label-mismatch', { what: 'target' });
  if (sealers.some((sealer) => equal(sealer, label.sealer))) return;
  // For a moment after a renewal or rotation the key server knows a certificate that has not come here yet: no mail is sent back for that.
  if (purpose === 'inspect') throw new SsmaxError('unavailable', 'organisation-changing');
  throw refused('label-mismatch', { what: 'sealer' });
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
