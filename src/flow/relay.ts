/**
 * The gateway's story (design §2, docs/protocol.md §11): verify the arriving leg, have it inspected, split it, have each
 * split re-encrypted and signed, check every answer, countersign. It holds no key that opens anything. All cryptography
 * for all recipients comes first; only then is anything handed on.
 */
import { type Bytes, compare, equal } from '../core/bytes.ts';
import { encodeAuthEnvelopedData } from '../core/cms/auth-enveloped-data.ts';
import { encodeKemRecipientInfo } from '../core/cms/kem-recipient-info.ts';
import {
  decodeSignedAttributes, encodeSignedData, encodeSignerInfo, gatewaySignatureInput,
} from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { verifyEcdsa } from '../core/ecdsa.ts';
import { applyReencryption, verifyReencryption } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { validatePath } from '../core/pki/path.ts';
import { domainOf } from '../mail/address.ts';
import { organisationOfDomain } from '../wire/directory.ts';
import { encodeKemct, encodeKemHeader } from '../wire/kemct.ts';
import { encodeLabel, type Purpose, sortAddresses } from '../wire/label.ts';
import { decodeLeg, type Direction } from '../wire/leg.ts';
import type { Delivery, Evidence, Reencrypted, ReencryptRequest, SignRequest } from '../wire/relay.ts';
import { directionsDue, verifyVerdict } from './authorise.ts';
import type { Clock, Credential } from './ports.ts';
import type { Trust } from './trust.ts';
import { onlyRecipient, requireFresh, type RecipientInfo, type VerifiedLeg, verifyLeg, withoutC2 } from './verify-leg.ts';

/** The key server as the gateway calls it. */
export interface KeyServer {
  inspect(evidence: Evidence): Promise<Reencrypted>;
  transfer(request: ReencryptRequest): Promise<Delivery[]>;
  deliver(request: ReencryptRequest): Promise<Delivery[]>;
  sign(request: SignRequest): Promise<{ signedAttrs: Bytes; signature: Bytes }[]>;
}

/** The inspection server: an AuthEnvelopedData for its key in, its signed verdict out. */
export interface Inspection {
  inspect(envelope: Bytes, leg: 1 | 2, direction: Direction): Promise<Bytes>;
}

export interface GatewayParts {
  readonly native: NativeCrypto;
  readonly credential: Credential;
  /** The own organisation's certificate. */
  readonly organisation: Certificate;
  readonly keyServer: KeyServer;
  readonly inspection: Inspection;
  readonly trust: () => Promise<Trust>;
  readonly clock: Clock;
}

/** A sealed mail as it arrived by SMTP. */
export interface Arrival {
  /** DER of the carrier's attachment. */
  readonly cms: Bytes;
  /** RCPT TO, normalised. */
  readonly recipients: readonly string[];
  /** The outer From address, normalised. */
  readonly from: string;
  /** Addresses in the outer To and Cc, normalised. */
  readonly visible: readonly string[];
}

/** One mail to hand on: a new attachment for these envelope recipients. */
export interface Departure {
  readonly purpose: 'transfer' | 'deliver';
  readonly recipients: readonly string[];
  readonly cms: Bytes;
  readonly hidden: boolean;
}

/** What the gateway logs and answers with. */
export interface Relayed {
  readonly contentDigest: Bytes;
  readonly departures: readonly Departure[];
}

/** Relays leg 1 (submission) or leg 2 (arriving). Throws SsmaxError; nothing has been handed on then. */
export async function relay(parts: GatewayParts, listener: 'submission' | 'arriving', arrival: Arrival): Promise<Relayed> {
  const trust = await parts.trust();
  const now = parts.clock.now();
  const leg = await verifyLeg(arrival.cms, trust, now, 'now');
  checkArrival(leg, listener, arrival, parts.organisation, now);
  const splits = split(leg, arrival, parts.organisation, trust);
  const verdicts = await inspect(parts, leg, splits, trust, now);
  const departures: Departure[] = [];
  for (const purpose of ['transfer', 'deliver'] as const) {
    const own = splits.filter((one) => one.purpose === purpose);
    if (own.length > 0) departures.push(...await depart(parts, leg, purpose, own, verdicts, trust));
  }
  return { contentDigest: leg.contentDigest, departures };
}

function checkArrival(leg: VerifiedLeg, listener: 'submission' | 'arriving', arrival: Arrival, own: Certificate, now: Date): void {
  const expected = listener === 'submission' ? 1 : 2;
  if (leg.leg.leg !== expected) throw refused('leg-not-for-us');
  const main = mainRecipient(leg);
  if (!equal(main.label.targetKey, own.spkiSha256)) throw refused('leg-not-for-us');
  requireFresh(leg.signer.attributes.signingTime, now);
  if (arrival.from !== leg.leg.sender.address) throw refused('from-mismatch');
  for (const address of arrival.recipients) {
    if (!leg.leg.recipients.includes(address)) throw refused('recipient-not-in-label', { recipient: address });
  }
  // A Bcc recipient must not stand in a visible field, nor anybody else be missing there. On leg 2 the signed `hidden` decides.
  if (leg.leg.leg === 1) {
    const hidden = leg.leg.recipients.filter((address) => !arrival.visible.includes(address));
    if (hidden.join() !== leg.leg.hidden.join()) throw refused('headers-differ', { field: 'To, Cc' });
  } else if (leg.leg.hidden.some((address) => arrival.visible.includes(address))) {
    throw refused('headers-differ', { field: 'To, Cc' });
  }
}

function mainRecipient(leg: VerifiedLeg): RecipientInfo {
  return onlyRecipient(leg, leg.leg.leg === 1 ? 'seal' : 'transfer');
}

interface Split {
  readonly purpose: 'transfer' | 'deliver';
  readonly recipients: readonly string[];
}

/** By organisation, Bcc and recipient: a leg 2 for each organisation and each Bcc recipient, a leg 3 for each own one. */
function split(leg: VerifiedLeg, arrival: Arrival, own: Certificate, trust: Trust): Split[] {
  const groups = new Map<string, string[]>();
  const splits: Split[] = [];
  for (const address of sortAddresses(arrival.recipients)) {
    const organisation = organisationOfDomain(trust.directory, domainOf(address));
    if (organisation === undefined) throw refused('recipient-outside', { recipient: address });
    if (equal(organisation.certificate, own.der)) splits.push({ purpose: 'deliver', recipients: [address] });
    else if (leg.leg.leg === 2) throw refused('recipient-not-ours', { recipient: address });
    else if (leg.leg.hidden.includes(address)) splits.push({ purpose: 'transfer', recipients: [address] });
    else groups.set(organisation.id, [...(groups.get(organisation.id) ?? []), address]);
  }
  for (const recipients of groups.values()) splits.push({ purpose: 'transfer', recipients });
  return splits;
}

async function inspect(parts: GatewayParts, leg: VerifiedLeg, splits: readonly Split[], trust: Trust, now: Date): Promise<Bytes[]> {
  const number = leg.leg.leg === 1 ? 1 : 2;
  const due = new Set(splits.flatMap(({ purpose }) => directionsDue(number, purpose)));
  const answer = await parts.keyServer.inspect(evidenceOf(leg));
  const target = parseCertificate(answer.certificate);
  await validatePath({ leaf: target, intermediates: [parts.organisation], root: trust.root, at: now, role: 'inspection' });
  const own = organisationOfDomain(trust.directory, domainOf(leg.leg.leg === 1 ? leg.leg.sender.address : leg.leg.recipients[0] ?? ''));
  if (own?.inspections.some((hash) => equal(hash, target.spkiSha256)) !== true) throw refused('inspection-unknown');
  const info = await reencrypted(parts, leg, answer, 'inspect', target, leg.leg.recipients);
  const envelope = encodeAuthEnvelopedData([info], leg.envelope.body);
  const verdicts: Bytes[] = [];
  for (const direction of due) {
    const der = await parts.inspection.inspect(envelope, number, direction);
    const verdict = await verifyVerdict(der, parts.organisation, trust, now);
    if (!equal(verdict.contentDigest, leg.contentDigest) || verdict.direction !== direction || verdict.leg !== number) {
      throw refused('verdict-invalid', { what: 'content' });
    }
    if (verdict.result === 'refuse' || verdict.result === 'hold') {
      const [finding] = verdict.findings;
      throw refused(verdict.result === 'hold' ? 'inspection-hold' : finding?.code ?? 'inspection-refused', { direction, part: finding?.part ?? 0 });
    }
    verdicts.push(der);
  }
  return verdicts;
}

function evidenceOf(leg: VerifiedLeg): Evidence {
  return {
    signerInfo: leg.signer.der,
    certificates: [...leg.signedData.certificates],
    header: encodeKemHeader(withoutC2(mainRecipient(leg).kemct)),
  };
}

/**
 * Checks one answer of the key server and makes the new recipient info of it: the label must be the one that the gateway
 * expects, the target's key the one it knows, and both proofs must hold. The wrapped key goes on unchanged.
 */
async function reencrypted(
  parts: GatewayParts, leg: VerifiedLeg, answer: Reencrypted, purpose: Purpose, target: Certificate, recipients: readonly string[],
): Promise<Bytes> {
  const { kemct, info } = mainRecipient(leg);
  const expected = encodeLabel({
    purpose, targetKey: target.spkiSha256, sealer: parts.organisation.sha256, contentDigest: leg.contentDigest,
    recipients: sortAddresses(recipients),
  });
  if (!equal(expected, answer.label)) throw refused('key-server-answer-invalid', { what: 'label' });
  const { c1, d, u, w, v, f, proof } = answer;
  await verifyReencryption(parts.native, {
    publicKey: parts.organisation.publicKey,
    target: target.publicKey,
    c1: kemct.c1,
    oldLabelDigest: await sha256(kemct.label),
    newLabelDigest: await sha256(answer.label),
    answer: { c1prime: c1, d, u, w, v, f, proof },
  });
  return encodeKemRecipientInfo({
    subjectKeyIdentifier: target.subjectKeyIdentifier,
    kemct: encodeKemct({ c1, c2: applyReencryption(kemct.c2, d), u, w, v, f, label: answer.label }),
    ukm: info.ukm,
    encryptedKey: info.encryptedKey,
  });
}

async function depart(
  parts: GatewayParts, leg: VerifiedLeg, purpose: 'transfer' | 'deliver', splits: readonly Split[], verdicts: readonly Bytes[], trust: Trust,
): Promise<Departure[]> {
  const request = { evidence: evidenceOf(leg), verdicts: [...verdicts], splits: splits.map(({ recipients }) => ({ recipients: [...recipients] })) };
  const deliveries = await parts.keyServer[purpose](request);
  requireAllSplits(splits, deliveries);
  const contents = await Promise.all(deliveries.map(async (delivery) => {
    const infos = await Promise.all(delivery.targets.map(async (answer) => {
      const target = await knownTarget(parts, purpose, delivery, answer, trust);
      return reencrypted(parts, leg, answer, purpose, target, legRecipients(delivery));
    }));
    const eContent = encodeAuthEnvelopedData(infos, leg.envelope.body);
    return { delivery, eContent, messageDigest: await sha256(eContent) };
  }));
  const signatures = await parts.keyServer.sign({
    ...request, purpose,
    splits: contents.map(({ delivery: { recipients, mailbox }, messageDigest }) => ({ recipients, ...(mailbox !== undefined && { mailbox }), messageDigest })),
  });
  return Promise.all(contents.map(async ({ delivery, eContent, messageDigest }, index) => {
    const answer = signatures[index];
    if (answer === undefined) throw refused('key-server-answer-invalid', { what: 'signatures' });
    const hidden = await checkSignature(parts, leg, purpose, delivery, messageDigest, answer);
    const cms = await countersign(parts, eContent, answer);
    return { purpose, recipients: legRecipients(delivery), cms, hidden };
  }));
}

function legRecipients(delivery: Delivery): string[] {
  return delivery.mailbox === undefined ? sortAddresses(delivery.recipients) : [delivery.mailbox];
}

/** Every split must come back; nobody may be left out unnoticed. */
function requireAllSplits(splits: readonly Split[], deliveries: readonly Delivery[]): void {
  const answered = new Set(deliveries.map(({ recipients }) => sortAddresses(recipients).join()));
  for (const { recipients } of splits) {
    if (!answered.has(sortAddresses(recipients).join())) throw refused('key-server-answer-invalid', { what: 'recipients' });
  }
}

/** The target's certificate as the gateway itself knows it: from the directory, or certified for that very mailbox. */
async function knownTarget(
  parts: GatewayParts, purpose: 'transfer' | 'deliver', delivery: Delivery, answer: Reencrypted, trust: Trust,
): Promise<Certificate> {
  if (purpose === 'transfer') {
    const organisation = organisationOfDomain(trust.directory, domainOf(delivery.recipients[0] ?? ''));
    if (organisation === undefined) throw refused('recipient-outside', { recipient: delivery.recipients[0] ?? '' });
    return parseCertificate(organisation.certificate);
  }
  const certificate = parseCertificate(answer.certificate);
  await validatePath({ leaf: certificate, intermediates: [parts.organisation], root: trust.root, at: parts.clock.now(), role: 'user' });
  if (certificate.emails.join() !== delivery.mailbox) throw refused('key-server-answer-invalid', { what: 'mailbox' });
  return certificate;
}

/** The gateway signs only attributes that say what it knows to be so. Returns whether the recipients are hidden ones. */
async function checkSignature(
  parts: GatewayParts, leg: VerifiedLeg, purpose: 'transfer' | 'deliver', delivery: Delivery, messageDigest: Bytes,
  answer: { signedAttrs: Bytes; signature: Bytes },
): Promise<boolean> {
  const wrong = (what: string): SsmaxError => refused('key-server-answer-invalid', { what });
  const attributes = decodeSignedAttributes(answer.signedAttrs);
  if (attributes.contentType !== OID.authEnvelopedData) throw wrong('content type');
  if (!equal(attributes.messageDigest, messageDigest)) throw wrong('message digest');
  if (!equal(attributes.certificateHash, parts.organisation.sha256)) throw wrong('certificate');
  if (attributes.leg === undefined) throw wrong('leg');
  const next = decodeLeg(attributes.leg);
  if (next.leg !== (purpose === 'transfer' ? 2 : 3) || next.purpose !== purpose || next.mode !== leg.leg.mode) throw wrong('leg');
  if (!equal(next.contentDigest, leg.contentDigest)) throw wrong('content digest');
  if (next.sender.address !== leg.leg.sender.address || next.sender.displayName !== leg.leg.sender.displayName) throw wrong('sender');
  if (next.recipients.join() !== legRecipients(delivery).join()) throw wrong('recipients');
  const hashes = (await Promise.all(delivery.targets.map(({ label }) => sha256(label)))).sort(compare);
  if (hashes.length !== next.labelHashes.length || hashes.some((hash, i) => !equal(hash, next.labelHashes[i] ?? messageDigest))) throw wrong('labels');
  if (next.previous === undefined || !equal(next.previous, await sha256(leg.signer.der))) throw wrong('previous');
  if (!(await verifyEcdsa(parts.organisation.publicKey, answer.signedAttrs, answer.signature))) throw wrong('signature');
  return next.hidden.length > 0;
}

async function countersign(parts: GatewayParts, eContent: Bytes, answer: { signedAttrs: Bytes; signature: Bytes }): Promise<Bytes> {
  const { key, certificate } = parts.credential;
  const signature = await key.sign(gatewaySignatureInput(answer.signedAttrs));
  return encodeSignedData({
    eContentType: OID.authEnvelopedData,
    eContent,
    certificates: [parts.organisation.der, certificate.der],
    signerInfo: encodeSignerInfo(parts.organisation.subjectKeyIdentifier, answer.signedAttrs, answer.signature, {
      spkiHash: certificate.spkiSha256, signature,
    }),
  });
}
