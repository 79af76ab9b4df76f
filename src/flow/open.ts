/**
 * Opening: what a reader may believe of a mail, and its content. The one function behind the plugin's badge and
 * `ssmax verify`. It never throws for what a mail contains: a mail is judged, whatever it is (docs/protocol.md §12).
 */
import { type Bytes, equal, hex } from '../core/bytes.ts';
import { decryptContent } from '../core/cms/auth-enveloped-data.ts';
import { unwrapCek } from '../core/cms/kem-recipient-info.ts';
import { sha256 } from '../core/digest.ts';
import { decapsulate } from '../core/elgamal/index.ts';
import { type ErrorParams, refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { claimedDomains, domainOf, parseFrom } from '../mail/address.ts';
import { findCarrier } from '../mail/carrier.ts';
import { joinMixed } from '../mail/mixed.ts';
import { isDaemonReport, isDeliveryReport } from '../mail/delivery-report.ts';
import { type Entity, parseMime } from '../mail/mime.ts';
import { compareHeaders, type HeaderConflict, type ProtectedHeaders, readProtectedHeaders } from '../mail/protected-headers.ts';
import type { Organisation } from '../wire/directory.ts';
import type { Kemct } from '../wire/kemct.ts';
import { decodeLabel } from '../wire/label.ts';
import type { Inspection, LegNumber, Mode, Sender } from '../wire/leg.ts';
import { impersonatedBy } from './impersonation.ts';
import { type BelievedReport, readOutsideReport } from './outside-report.ts';
import type { Credential } from './ports.ts';
import { recoverableInfo } from './request-recovery.ts';
import type { Trust } from './trust.ts';
import { type LegPart, type RecipientInfo, type SignedLeg, type VerifiedLeg, verifyLeg } from './verify-leg.ts';

export type State = 'verified' | 'outside' | 'problem' | 'cannot-check';

export interface Reader {
  readonly native: NativeCrypto;
  /** The reader's keys with their certificates, former ones too; empty: judge without opening. */
  readonly credentials: readonly Credential[];
  /** The reader's certified addresses, normalised; undefined: judge whoever it was delivered to. */
  readonly addresses: readonly string[] | undefined;
  /** The trust material, or the `unavailable` error that says why there is none. */
  readonly trust: Trust | SsmaxError;
  readonly now: Date;
  /** Where no key opens a part of a verified mail: the same content for one of the keys, recovered by the organisation; undefined where it is not. */
  readonly recover?: (leg: VerifiedLeg, part: LegPart) => Promise<Recovered | undefined>;
}

/** What recovery gave: a ciphertext for `credential`, in place of the one that the organisation's key opens. */
export interface Recovered {
  readonly credential: Credential;
  readonly kemct: Kemct;
}

/** What a person compares of a certificate. */
export interface CertificateFacts {
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256 of the DER certificate, 32 bytes in hexadecimal. */
  readonly sha256: string;
}

/** An organisation that attested, in the order of the legs. */
export interface AttestedBy {
  /** What it signed this leg with; of an organisation of an earlier leg, what it has in the directory. */
  readonly certificate?: CertificateFacts;
  readonly id: string;
  readonly names: Organisation['names'];
  readonly leg: LegNumber;
  readonly signedAt: Date;
  readonly inspections: readonly Inspection[];
}

export interface OpenedMessage {
  readonly headers: ProtectedHeaders;
  readonly entity: Entity;
  /** Fields in which the outer mail says something else. */
  readonly conflicts: readonly HeaderConflict[];
  /** No key that it was sent to opened it: the own organisation recovered it for the present one. */
  readonly recovered?: true;
}

/** A person whom an organisation vouches for. */
export interface Person extends Sender {
  readonly organisation: Pick<Organisation, 'id' | 'names'>;
}

/**
 * A sealed part that the mail's sender passed on as it was. Who wrote it is verified as far as this: the organisations of
 * `organisations` signed that this very content came from `writer` and was delivered to the first who forwarded it. That the
 * writer knows of it, or of what stands beside it, nobody has said.
 */
export interface ForwardedPart {
  /** A whole mail, or one attachment of a mail. */
  readonly kind: 'mail' | 'attachment';
  readonly writer: Person;
  /** Who forwarded it before this mail's sender did, in order. */
  readonly forwarders: readonly Person[];
  /** When it was delivered to the first who forwarded it. */
  readonly deliveredAt: Date;
  /** What those organisations attested when they delivered the writer's mail. */
  readonly organisations: readonly AttestedBy[];
  /** How many sealed parts the writer's mail had. */
  readonly of: number;
  /** Of a mail that was opened. */
  readonly headers?: ProtectedHeaders;
  readonly entity?: Entity;
}

export interface Judgement {
  readonly state: State;
  /** Stable: `verified`, `own-copy`, `in-transit`, `outside`, `delivery-report`, `altered`, `impersonation`, `not-addressed`, … */
  readonly code: string;
  /** The check that failed, for the details. */
  readonly detail?: string;
  readonly params?: ErrorParams;
  readonly leg?: LegNumber;
  readonly sender?: Person;
  /** What of the mail is encrypted. In all modes but protect-all anyone on the way could read subject and text. */
  readonly mode?: Mode;
  /** Sealed parts of a forward that others wrote; its sender's own stand in `message`. */
  readonly forwarded?: readonly ForwardedPart[];
  /** Names of the sealed parts, in the leg's order, of an opened mail that is not sealed as a whole; empty where the sender gave none. */
  readonly sealedNames?: readonly string[];
  readonly organisations: readonly AttestedBy[];
  /** The leg's recipients, normalised; leg 3 has exactly one, the mailbox it was delivered to. */
  readonly recipients?: readonly string[];
  readonly deliveredTo?: string;
  readonly addressedAs?: string;
  /** Whether this reader is addressed by Bcc. */
  readonly hidden?: boolean;
  readonly signedAt?: Date;
  /** Of leg 1, its sender's. */
  readonly certificate?: CertificateFacts;
  /** Hexadecimal: the message's identity on all legs. */
  readonly contentDigest?: string;
  /** Of a mail from outside: what the reader's organisation found out about it. */
  readonly report?: BelievedReport;
  readonly content: 'opened' | 'not-opened';
  readonly message?: OpenedMessage;
}

/** Checks whose failure means that somebody claims to be who he is not; any other means that something was altered. */
const IMPERSONATION = new Set([
  'sender-not-of-organisation', 'sender-mismatch', 'organisation-unknown', 'gateway-unknown', 'gateway-signature-missing',
  'certificate-untrusted', 'certificate-role', 'certificate-name-constraint', 'from-mismatch', 'from-several', 'signature-missing',
  'recipient-not-of-organisation', 'key-retired',
]);
/** Codes that keep their name: each has a sentence of its own. */
const OWN_SENTENCE = new Set(['not-addressed', 'wrong-leg', 'certificate-revoked', 'certificate-suspended', 'certificate-expired']);

function problem(error: SsmaxError): Judgement {
  if (error.kind === 'unavailable' || error.code === 'clock-wrong' || error.code === 'key-missing') {
    return { state: 'cannot-check', code: error.code, params: error.params, organisations: [], content: 'not-opened' };
  }
  const code = OWN_SENTENCE.has(error.code) ? error.code : IMPERSONATION.has(error.code) ? 'impersonation' : 'altered';
  return { state: 'problem', code, detail: error.code, params: error.params, organisations: [], content: 'not-opened' };
}

/** Runs a check; what a mail's content makes it throw becomes a judgement, anything else is a fault of ours and goes on. */
async function judged(check: () => Promise<Judgement>): Promise<Judgement> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof SsmaxError && error.kind !== 'fault') return problem(error);
    throw error;
  }
}

/** Judges a whole RFC 5322 mail, and opens it if the reader has a key for it. */
export async function judgeMail(raw: Bytes, reader: Reader): Promise<Judgement> {
  return judged(async () => {
    const outer = parseMime(raw, 'outer');
    const carrier = findCarrier(outer);
    if (carrier.kind === 'none') return judgeOutside(raw, outer, reader);
    if (reader.trust instanceof SsmaxError) throw reader.trust;
    return judgeCarrier(outer, carrier.cms, reader, reader.trust);
  });
}

/** Mail without a seal: outside SSMAX, unless it claims to come from where every mail is signed. */
async function judgeOutside(raw: Bytes, outer: Entity, reader: Reader): Promise<Judgement> {
  const report: Judgement = { state: 'outside', code: 'delivery-report', organisations: [], content: 'not-opened' };
  const claimed = claimedDomains([...outer.headers.all('From'), ...outer.headers.all('Sender')]);
  if (isDaemonReport(outer)) {
    // Whose mail is always signed, and perhaps anybody's while that is not known, reports unsigned alone: a link in one is nobody's.
    const unsigned = reader.trust instanceof SsmaxError || await impersonatedBy(claimed, reader.trust.directory) !== undefined;
    return unsigned ? { ...report, detail: 'unsigned' } : report;
  }
  if (reader.trust instanceof SsmaxError) throw reader.trust;
  const { directory } = reader.trust;
  const impersonated = await impersonatedBy(claimed, directory);
  if (impersonated !== undefined) {
    return {
      state: 'problem', code: 'impersonation', detail: 'unsigned', organisations: [], content: 'not-opened',
      params: { ja: impersonated.names.ja, en: impersonated.names.en },
    };
  }
  if (isDeliveryReport(outer)) return report;
  return { ...report, code: 'outside', ...await reportOn(raw, outer, reader, reader.trust) };
}

/** What the reader's own organisation found out; a report that cannot be believed is none, and is named in the details. */
async function reportOn(raw: Bytes, outer: Entity, { addresses, now }: Reader, trust: Trust): Promise<Pick<Judgement, 'report' | 'detail'>> {
  try {
    const report = await readOutsideReport(raw, outer, addresses, trust, now);
    return report === undefined ? {} : { report };
  } catch (error) {
    if (!(error instanceof SsmaxError) || error.kind === 'fault') throw error;
    return { detail: error.code };
  }
}

async function judgeCarrier(outer: Entity, cms: Bytes, reader: Reader, trust: Trust): Promise<Judgement> {
  const verified = await verifyLeg(cms, trust, reader.now, 'signing-time');
  const { leg } = verified;
  const signedAt = verified.signer.attributes.signingTime;
  const ahead = signedAt.getTime() - reader.now.getTime();
  if (ahead > 10 * 60_000) throw refused('clock-wrong', { minutes: Math.round(ahead / 60_000) });
  const [from, ...others] = outer.headers.all('From');
  if (from === undefined || others.length > 0 || parseFrom(from).address !== leg.sender.address) throw refused('from-mismatch');
  const code = checkReader(verified, reader);
  const opened = reader.credentials.length === 0 && verified.parts.length > 0 ? undefined : await open(verified, outer, reader);
  const forwarded = (await Promise.all(verified.parts.map(async (part, i) => (part.origins.length === 0 ? [] : [await forwardedPart(part, opened?.parts[i], trust)])))).flat();
  return {
    state: 'verified',
    code,
    leg: leg.leg,
    sender: personOf(verified),
    mode: leg.mode,
    ...(forwarded.length > 0 && { forwarded }),
    ...(opened !== undefined && leg.mode !== 'protect-all' && { sealedNames: opened.parts.map(sealedName) }),
    organisations: await attestedBy(verified, trust),
    recipients: leg.recipients,
    ...(leg.leg === 3 && { deliveredTo: leg.recipients[0] ?? '', hidden: leg.hidden.length > 0 }),
    ...(leg.addressedAs !== undefined && { addressedAs: leg.addressedAs }),
    signedAt,
    ...(leg.leg === 1 && { certificate: factsOf(verified.certificate) }),
    contentDigest: hex(verified.contentDigest),
    ...(opened === undefined ? { content: 'not-opened' } : { content: 'opened', message: opened.message }),
  };
}

/**
 * What this leg is to this reader: leg 3 to one of his addresses, or his own leg 1. Who has neither key nor address is no
 * reader but an auditor, who may look at a mail anywhere on its way.
 */
function checkReader({ leg, organisation }: VerifiedLeg, reader: Reader): 'verified' | 'own-copy' | 'in-transit' {
  const { addresses } = reader;
  if (leg.leg !== 3 && addresses === undefined && reader.credentials.length === 0) return 'in-transit';
  if (leg.leg === 1) {
    if (addresses !== undefined && !addresses.includes(leg.sender.address)) throw refused('not-addressed');
    return 'own-copy'; // its self info is for the key that signed it (verifyLeg), so nobody else opens it
  }
  if (leg.leg === 2) throw refused('wrong-leg');
  const [mailbox, ...others] = leg.recipients;
  if (mailbox === undefined || others.length > 0) throw refused('leg-invalid', { what: 'recipients' });
  if (!organisation.domains.includes(domainOf(mailbox))) throw refused('recipient-not-of-organisation');
  if (addresses !== undefined && !addresses.includes(mailbox)) throw refused('not-addressed');
  return 'verified';
}

function personOf({ leg, sendingOrganisation: { id, names } }: SignedLeg): Person {
  return { ...leg.sender, organisation: { id, names } };
}

function attestedBy({ leg, certificate, organisation: signer }: SignedLeg, trust: Trust): Promise<AttestedBy[]> {
  return Promise.all(leg.attestations.map(async (attestation) => {
    const { organisation: id } = attestation;
    const listed = await trust.directory.byId(id);
    const own = id === signer.id ? certificate : listed && parseCertificate(listed.certificate);
    return { ...attestation, id, names: listed?.names ?? { ja: id, en: id }, ...(own !== undefined && { certificate: factsOf(own) }) };
  }));
}

function factsOf({ subject, notBefore, notAfter, sha256: digest }: Certificate): CertificateFacts {
  return { subject: [subject.commonName, subject.organisation].filter((part) => part !== undefined).join(', '), notBefore, notAfter, sha256: hex(digest) };
}

interface Opened {
  readonly message: OpenedMessage;
  /** The plaintext of each sealed part, in order. */
  readonly parts: readonly Bytes[];
}

async function open(verified: VerifiedLeg, outer: Entity, reader: Reader): Promise<Opened> {
  const parts: Bytes[] = [];
  let recovered = false;
  for (const part of verified.parts) {
    const opened = await openPart(verified, part, reader);
    recovered ||= opened.recovered;
    parts.push(opened.content);
  }
  const entity = parseMime(wholeMail(verified, parts), 'sealed');
  const headers = readProtectedHeaders(entity);
  if (headers.from.address !== verified.leg.sender.address) throw refused('from-mismatch');
  const conflicts = compareHeaders(headers, outer.headers);
  return { message: { headers, entity, conflicts, ...(recovered && { recovered: true as const }) }, parts };
}

/** The sender's own mail in one entity: what he forwards stands apart. */
function wholeMail({ content: { mixed, contentDigest }, parts }: VerifiedLeg, opened: readonly Bytes[]): Bytes {
  if (mixed === undefined) return opened[0] ?? new Uint8Array(0);
  const own = opened.filter((_, i) => parts[i]?.origins.length === 0);
  return joinMixed(mixed.clear, own, hex(contentDigest).slice(0, 32));
}

/** Of an attachment its own name, of a whole mail its subject. */
function sealedName(plaintext: Bytes): string {
  const { filename, headers } = parseMime(plaintext, 'sealed');
  return filename ?? headers.text('Subject') ?? '';
}

async function openPart(verified: VerifiedLeg, part: LegPart, reader: Reader): Promise<{ content: Bytes; recovered: boolean }> {
  const { native, credentials } = reader;
  for (const { label, kemct, info } of part.recipients) {
    const credential = credentials.find(({ certificate }) => equal(certificate.spkiSha256, label.targetKey));
    if (credential !== undefined) return { content: await decrypt(native, part, { credential, kemct }, info), recovered: false };
  }
  const recoverable = recoverableInfo(verified, part);
  const found = recoverable === undefined ? undefined : await reader.recover?.(verified, part).catch((cause: unknown) => {
    if (!(cause instanceof SsmaxError) || cause.kind === 'fault') throw cause;
    // Why it is not recovered says nothing against the mail.
    throw new SsmaxError('not-for-me', 'key-missing', { recovery: cause.code }, { cause });
  });
  if (recoverable === undefined || found === undefined) throw new SsmaxError('not-for-me', 'key-missing');
  const label = decodeLabel(found.kemct.label);
  if (!equal(label.contentDigest, part.digest) || !equal(label.targetKey, found.credential.certificate.spkiSha256)) throw refused('label-mismatch', { what: 'recovered' });
  return { content: await decrypt(native, part, found, recoverable.info), recovered: true };
}

async function decrypt(native: NativeCrypto, { body }: LegPart, { credential, kemct }: Recovered, info: RecipientInfo['info']): Promise<Bytes> {
  const secret = await decapsulate(native, credential.key, kemct, await sha256(kemct.label));
  return decryptContent(body, await unwrapCek(info.encryptedKey, secret, info.ukm));
}

async function forwardedPart({ deliveries, origins }: LegPart, plaintext: Bytes | undefined, trust: Trust): Promise<ForwardedPart> {
  const [first, ...later] = deliveries;
  if (first === undefined) throw new SsmaxError('fault', 'origin-invalid');
  const kind = first.leg.mode === 'protect-all' ? 'mail' : 'attachment';
  const entity = plaintext === undefined ? undefined : parseMime(plaintext, 'sealed');
  const headers = kind === 'mail' && entity !== undefined ? readProtectedHeaders(entity) : undefined;
  if (headers !== undefined && headers.from.address !== first.leg.sender.address) throw refused('from-mismatch');
  return {
    kind, writer: personOf(first), forwarders: later.map(personOf), deliveredAt: first.signer.attributes.signingTime,
    organisations: await attestedBy(first, trust), of: origins[0]?.mixed?.parts.length ?? 1,
    ...(headers !== undefined && { headers }), ...(entity !== undefined && { entity }),
  };
}
