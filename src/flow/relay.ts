/**
 * The gateway's story (design §2, docs/protocol.md §11): verify the arriving leg, have it inspected, split it, have each
 * split re-encrypted and signed, check every answer, countersign. It holds no key that opens anything. All cryptography
 * for all recipients comes first; only then is anything handed on.
 */
import { type Bytes, equal } from '../core/bytes.ts';
import { encodeKemRecipientInfo } from '../core/cms/kem-recipient-info.ts';
import {
  decodeSignedAttributes, encodeSignedData, encodeSignerInfo, gatewaySignatureInput, parseSignedData,
} from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { verifyEcdsa } from '../core/ecdsa.ts';
import { applyReencryption, verifyReencryption } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { encodeKemct } from '../wire/kemct.ts';
import { decodeLabel, encodeLabel, type Purpose, sortAddresses } from '../wire/label.ts';
import { decodeLeg, type Direction } from '../wire/leg.ts';
import type {
  Consent, ConsentsRequest, Delivery, Evidence, OutsideSignature, Reencrypted, ReencryptRequest, SignOutsideRequest, SignRequest,
} from '../wire/relay.ts';
import { recipientsHash } from '../wire/verdict.ts';
import { directionsDue, requireVerdicts, verifyVerdict } from './authorise.ts';
import { answerInvalid, checkDeliveries, labelsOf, requireRecoveryAllowed, requireSignedNow } from './deliveries.ts';
import { evidenceOf, mainRecipient } from './evidence.ts';
import { type Inspected, inspectedByStatements, inspectedDirections, inspectionsOf } from './individuals.ts';
import { contentTypeOf, encodeLegContent, legContentPieces } from './leg-content.ts';
import { legRecipients, nextSignedAttributes } from './next-leg.ts';
import { encodeSignedSubmission, type SubmissionForm } from './open-submission.ts';
import { departOutside } from './outside-signature.ts';
import { byNewestDirectory, type NewestDirectory } from './newest-directory.ts';
import type { Clock, Credential } from './ports.ts';
import { acceptedCertificate, certificateInUse, entryInUse, requireIssuedByOwn, requireOwnStanding } from './organisation-keys.ts';
import { type Split, split } from './split.ts';
import { transferTarget, type Trust } from './trust.ts';
import { type LegPart, requireFresh, type VerifiedLeg, verifyLeg } from './verify-leg.ts';

/** The key server as the gateway calls it. */
export interface KeyServer {
  /** One for each sealed part. */
  inspect(evidence: Evidence, recipients: readonly string[]): Promise<Reencrypted[]>;
  consents(request: ConsentsRequest): Promise<Consent[]>;
  transfer(request: ReencryptRequest): Promise<Delivery[]>;
  deliver(request: ReencryptRequest): Promise<Delivery[]>;
  sign(request: SignRequest): Promise<{ signedAttrs: Bytes; signature: Bytes }[]>;
  signOutside(request: SignOutsideRequest): Promise<OutsideSignature>;
}

/** The inspection server: a leg's content, sealed for its key, and the certified sender in; its signed verdict out. */
export interface Inspection {
  /**
   * `form`: an AuthEnvelopedData, a clear part with sealed ones, or a SignedSubmission. `server`: SHA-256 of the key it is sealed to
   * (SPKI); undefined where nothing is sealed.
   */
  inspect(content: Bytes, leg: 1 | 2, direction: Direction, sender: string, form: SubmissionForm, server: Bytes | undefined): Promise<Bytes>;
}

export interface GatewayParts {
  readonly native: NativeCrypto;
  readonly credential: Credential;
  /** The own organisation's certificate. */
  readonly organisation: Certificate;
  readonly keyServer: KeyServer;
  readonly inspection: Inspection;
  readonly trust: () => Promise<Trust>;
  readonly newerThan?: NewestDirectory['newerThan'] | undefined;
  readonly clock: Clock;
  /** The organisation's policy: members who lost their key may have their old mail recovered. */
  readonly recovery?: boolean;
}

/** What is needed for one mail: the own organisation's certificate is the one in use. */
interface Relaying extends GatewayParts {
  /** The own certificate whose key the mail is sealed to: the one in use, or a former one. */
  readonly sealedTo: Certificate;
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
  readonly purpose: Split['purpose'];
  readonly recipients: readonly string[];
  /** DER: a leg; for `outside` the detached signature over `clear`. A leg is encoded at each reading: a mail to many does not lie in memory once for each of them. */
  readonly cms: Bytes;
  readonly hidden: boolean;
  /** Of a post to a mailing list: its address, and see Delivery. */
  readonly list?: NonNullable<Delivery['list']> & { readonly address: string };
  /** `outside`: the MIME entity that the sender signed, as it goes. */
  readonly clear?: Bytes;
}

/** What the gateway logs and answers with. */
export interface Relayed {
  readonly contentDigest: Bytes;
  readonly departures: readonly Departure[];
}

/** Relays leg 1 (submission) or leg 2 (arriving). Throws SsmaxError; nothing has been handed on then. */
export async function relay(given: GatewayParts, listener: 'submission' | 'arriving', arrival: Arrival): Promise<Relayed> {
  return byNewestDirectory(given, () => relayNow(given, listener, arrival));
}

async function relayNow(given: GatewayParts, listener: 'submission' | 'arriving', arrival: Arrival): Promise<Relayed> {
  const trust = await given.trust();
  const now = given.clock.now();
  const organisation = await certificateInUse(trust, given.organisation, now);
  requireLegNumber(arrival.cms, listener);
  const leg = await verifyLeg(arrival.cms, trust, now, 'now');
  await requireOwnStanding(organisation, trust, now);
  const parts: Relaying = { ...given, organisation, sealedTo: await checkArrival(leg, arrival, organisation, trust, now) };
  const splits = await split(leg, arrival.recipients, parts.organisation, trust);
  const rule = await inspectionRule(parts, leg, splits, trust, now);
  const verdicts = await inspect(parts, leg, splits, rule.inspected, trust, now);
  const departures: Departure[] = [];
  for (const purpose of ['transfer', 'deliver'] as const) {
    const own = splits.filter((one) => one.purpose === purpose);
    if (own.length > 0) departures.push(...await depart({ parts, leg, purpose, verdicts: neededBy(own, leg, rule.inspected, verdicts), rule, trust }, own));
  }
  const outside = splits.filter((one) => one.purpose === 'outside');
  if (outside.length > 0) {
    const sign: KeyServer['signOutside'] = (request) => parts.keyServer.signOutside(request);
    departures.push(...await departOutside({ leg, organisation, trust, now, sign, verdicts: neededBy(outside, leg, rule.inspected, verdicts) }, outside));
  }
  return { contentDigest: leg.contentDigest, departures };
}

/**
 * Before anything else is looked up: another organisation's leg 1 would be told "later" for ever, as nobody else has the
 * revocation list of its users.
 */
function requireLegNumber(cms: Bytes, listener: 'submission' | 'arriving'): void {
  const { leg } = parseSignedData(cms).signer.attributes;
  if (leg === undefined) throw refused('leg-missing');
  if (decodeLeg(leg).leg !== (listener === 'submission' ? 1 : 2)) throw refused('leg-not-for-us');
}

async function checkArrival(leg: VerifiedLeg, arrival: Arrival, own: Certificate, trust: Trust, now: Date): Promise<Certificate> {
  if (equal(leg.organisation.certificate, own.der) !== (leg.leg.leg === 1)) throw refused('leg-not-for-us');
  let sealedTo = own;
  for (const [i, part] of leg.parts.entries()) {
    const target = await acceptedCertificate(trust, own, mainRecipient(leg, part).label.targetKey, now);
    if (target === undefined || (i > 0 && target !== sealedTo)) throw refused('leg-not-for-us');
    sealedTo = target;
  }
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
  return sealedTo;
}

type Rule = Awaited<ReturnType<typeof inspectedByStatements>>;

/** At an ISP the key server shows the consents that it goes by; elsewhere everything is inspected. */
async function inspectionRule(parts: Relaying, leg: VerifiedLeg, splits: readonly Split[], trust: Trust, now: Date): Promise<Rule> {
  const entry = await entryInUse(trust, parts.organisation);
  const outbound = leg.leg.leg === 1 ? [leg.leg.sender.address] : [];
  const inbound = splits.filter(({ purpose }) => purpose === 'deliver').flatMap(({ recipients }) => recipients);
  const consents = entry.type === 'isp' ? await parts.keyServer.consents({ outbound, inbound }) : [];
  const rule = await inspectedByStatements(consents, { entry, certificate: parts.organisation }, trust, now);
  // Another organisation's mail is refused or taken as a whole: a verdict for one member must not decide about another's.
  const classes = new Set(inbound.map((address) => rule.inspected('inbound', address)));
  if (leg.leg.leg === 2 && classes.size > 1) throw new SsmaxError('unavailable', 'consent-mixed');
  return rule;
}

function inspectedOf({ purpose, recipients }: Split, leg: VerifiedLeg, inspected: Inspected): Direction[] {
  return inspectedDirections(directionsDue(leg.leg.leg === 1 ? 1 : 2, purpose), { sender: leg.leg.sender.address, recipient: recipients[0] }, inspected);
}

/** The verdicts that these splits need: their key server compares them with what it would ask for itself. */
function neededBy(splits: readonly Split[], leg: VerifiedLeg, inspected: Inspected, verdicts: readonly Verdicted[]): Bytes[] {
  const needed = new Set(splits.flatMap((one) => inspectedOf(one, leg, inspected)));
  return verdicts.filter(({ direction }) => needed.has(direction)).map(({ der }) => der);
}

interface Verdicted {
  readonly direction: Direction;
  readonly der: Bytes;
}

async function inspect(
  parts: Relaying, leg: VerifiedLeg, splits: readonly Split[], inspected: Inspected, trust: Trust, now: Date,
): Promise<Verdicted[]> {
  const number = leg.leg.leg === 1 ? 1 : 2;
  const due = new Set(splits.flatMap((one) => inspectedOf(one, leg, inspected)));
  if (due.size === 0) return [];
  const delivered = splits.filter(({ purpose }) => purpose === 'deliver').flatMap(({ recipients }) => recipients);
  // Also where nothing is sealed: it says whether this may be sent, and inspected.
  const answers = await parts.keyServer.inspect(await evidenceOf(leg), delivered);
  if (answers.length !== leg.parts.length) throw answerInvalid('parts');
  let server: Certificate | undefined;
  const infos: Bytes[][] = [];
  for (const [i, part] of leg.parts.entries()) {
    const answer = answers[i];
    if (answer === undefined) throw answerInvalid('parts');
    server = await inspectionServer(parts, answer, trust, now);
    infos.push([await reencrypted(parts, leg, part, answer, 'inspect', server, leg.leg.recipients)]);
  }
  const form = leg.content.mixed === undefined ? 'sealed' : leg.parts.length > 0 ? 'mixed' : 'signed';
  const eContent = encodeLegContent(leg.content, infos);
  const content = form === 'signed' ? encodeSignedSubmission(eContent, leg.leg.recipients) : eContent;
  const { address } = leg.leg.sender;
  const recipients = await recipientsHash(leg.leg.recipients);
  const verdicts: Verdicted[] = [];
  let held: SsmaxError | undefined;
  for (const direction of due) {
    const der = await parts.inspection.inspect(content, number, direction, address, form, server?.spkiSha256);
    const verdict = await verifyVerdict(der, parts.organisation, trust, now);
    if (!equal(verdict.contentDigest, leg.contentDigest) || verdict.direction !== direction || verdict.leg !== number || verdict.sender !== address) {
      throw refused('verdict-invalid', { what: 'content' });
    }
    if (!equal(verdict.recipients, recipients)) throw refused('verdict-invalid', { what: 'recipients' });
    const [finding] = verdict.findings;
    const why = { direction, part: finding?.part ?? 0 };
    if (verdict.result === 'refuse') throw refused(finding?.code ?? 'inspection-refused', why);
    if (verdict.result === 'hold') held ??= refused('inspection-hold', why);
    verdicts.push({ direction, der });
  }
  // Only when no direction refuses: nobody need approve what cannot go on.
  if (held !== undefined) throw held;
  return verdicts;
}

/** The inspection server's certificate out of an answer, checked. */
async function inspectionServer(parts: GatewayParts, answer: Reencrypted, trust: Trust, now: Date): Promise<Certificate> {
  const target = parseCertificate(answer.certificate);
  await requireIssuedByOwn(target, 'inspection', parts.organisation, trust, now);
  if (!(await entryInUse(trust, parts.organisation)).inspections.some((hash) => equal(hash, target.spkiSha256))) throw refused('inspection-unknown');
  return target;
}

/**
 * Checks one answer of the key server and makes the new recipient info of it: the label must be the one that the gateway
 * expects, the target's key the one it knows, and both proofs must hold. The wrapped key goes on unchanged.
 */
async function reencrypted(
  parts: Relaying, leg: VerifiedLeg, part: LegPart, answer: Reencrypted, purpose: Purpose, target: Certificate, recipients: readonly string[],
): Promise<Bytes> {
  const { kemct, info } = mainRecipient(leg, part);
  const expected = encodeLabel({
    purpose, targetKey: target.spkiSha256, sealer: parts.organisation.sha256, contentDigest: part.digest,
    recipients: sortAddresses(recipients),
  });
  if (!equal(expected, answer.label)) {
    requireSameCertificate(decodeLabel(answer.label).sealer, parts.organisation);
    throw answerInvalid('label');
  }
  const { c1, d, u, w, v, f, proof } = answer;
  await verifyReencryption(parts.native, {
    publicKey: parts.sealedTo.publicKey,
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

/** All that departs from one arriving leg for one purpose. */
interface Departing {
  readonly parts: Relaying;
  readonly leg: VerifiedLeg;
  readonly purpose: 'transfer' | 'deliver';
  readonly verdicts: readonly Bytes[];
  readonly rule: Rule;
  readonly trust: Trust;
}

/** The new recipient infos of the part at `index`: one for each certificate, and one for recovery where the policy says so. */
async function partInfos(departing: Departing, delivery: Delivery, part: LegPart, index: number): Promise<Bytes[]> {
  const { parts, leg, purpose } = departing;
  const recipients = legRecipients(delivery);
  const answers = delivery.targets.filter((_, i) => i % leg.parts.length === index);
  const infos = await Promise.all(answers.map(async (answer) =>
    reencrypted(parts, leg, part, answer, purpose, await knownTarget(departing, delivery, answer), recipients)));
  const recover = delivery.recover?.[index];
  return recover === undefined ? infos : [...infos, await reencrypted(parts, leg, part, recover, 'recover', parts.organisation, recipients)];
}

async function depart(departing: Departing, splits: readonly Split[]): Promise<Departure[]> {
  const { parts, leg, purpose, verdicts, trust } = departing;
  const request = { evidence: await evidenceOf(leg), verdicts: [...verdicts], splits: splits.map(({ recipients }) => ({ recipients: [...recipients] })) };
  const deliveries = await parts.keyServer[purpose](request);
  const { domains, type } = await entryInUse(trust, parts.organisation);
  checkDeliveries(purpose, splits, deliveries, leg.parts.length, domains);
  requireRecoveryAllowed(deliveries, purpose === 'deliver' && parts.recovery === true && type !== 'isp', leg.parts.length);
  // One after the other, as each holds the whole ciphertext for the moment in which it is hashed.
  const contents: { readonly delivery: Delivery; readonly infos: Bytes[][]; readonly messageDigest: Bytes }[] = [];
  for (const delivery of deliveries) {
    const infos = await Promise.all(leg.parts.map((part, i) => partInfos(departing, delivery, part, i)));
    contents.push({ delivery, infos, messageDigest: await sha256(...legContentPieces(leg.content, infos)) });
  }
  const signatures = await parts.keyServer.sign({
    ...request, purpose,
    splits: contents.map(({ delivery: { recipients, mailbox }, messageDigest }) => ({ recipients, ...(mailbox !== undefined && { mailbox }), messageDigest })),
  });
  if (signatures.length !== contents.length) throw answerInvalid('signatures');
  return Promise.all(contents.map(async ({ delivery, infos, messageDigest }, index) => {
    const answer = signatures[index];
    if (answer === undefined) throw answerInvalid('signatures');
    const hidden = await checkSignature(departing, delivery, messageDigest, answer);
    const around = await countersign(parts, leg, answer);
    const { list } = delivery;
    return { purpose, recipients: legRecipients(delivery), hidden, ...(list !== undefined && { list: { ...list, address: delivery.recipients[0] ?? '' } }), get cms() { return encodeSignedData({ ...around, eContent: legContentPieces(leg.content, infos) }); } };
  }));
}

/**
 * For a moment after a renewal or rotation, one of gateway and key server may not have fetched the directory that says so: then
 * the sender's mail server tries again.
 */
function requireSameCertificate(named: Bytes, own: Certificate): void {
  if (!equal(named, own.sha256)) throw new SsmaxError('unavailable', 'organisation-changing');
}

/** The target's certificate as the gateway itself knows it: from the directory, or certified for that very mailbox. */
async function knownTarget({ parts, purpose, rule, trust }: Departing, delivery: Delivery, answer: Reencrypted): Promise<Certificate> {
  if (purpose === 'transfer') return transferTarget(delivery.recipients, parts.organisation, trust, parts.clock.now());
  const certificate = parseCertificate(answer.certificate);
  // Nothing is re-encrypted to a key whose certificate was revoked; a suspended member still receives.
  await requireIssuedByOwn(certificate, 'user', parts.organisation, trust, parts.clock.now(), 'allowed');
  if (certificate.emails.join() !== delivery.mailbox) throw answerInvalid('mailbox');
  // Behind an alias only those who consented themselves may get what was inspected in their name.
  const holders = rule.holders.get(delivery.recipients[0] ?? '');
  if (holders !== undefined && !holders.has(delivery.mailbox)) throw answerInvalid('consent');
  return certificate;
}

/**
 * The gateway countersigns only what it would have written itself: it builds the signed attributes anew and takes nothing
 * but the time from the answer. Returns whether the recipients are hidden ones.
 */
async function checkSignature(
  { parts, leg, purpose, verdicts, rule, trust }: Departing, delivery: Delivery, messageDigest: Bytes, answer: { signedAttrs: Bytes; signature: Bytes },
): Promise<boolean> {
  const now = parts.clock.now();
  const { signingTime } = decodeSignedAttributes(answer.signedAttrs);
  requireSignedNow(signingTime, now);
  const due = directionsDue(leg.leg.leg === 1 ? 1 : 2, purpose);
  const addresses = { sender: leg.leg.sender.address, recipient: delivery.recipients[0] };
  const needed = inspectedDirections(due, addresses, rule.inspected);
  const expected = await nextSignedAttributes(leg, {
    purpose, recipients: delivery.recipients, mailbox: delivery.mailbox, labels: labelsOf(delivery), messageDigest,
    inspections: inspectionsOf(due, addresses, rule.inspected, await requireVerdicts(verdicts, needed, leg, parts.organisation, trust, now)),
    organisation: await entryInUse(trust, parts.organisation), certificate: parts.organisation, signingTime,
  });
  if (!equal(expected, answer.signedAttrs)) throw answerInvalid('signed attributes');
  if (!(await verifyEcdsa(parts.organisation.publicKey, answer.signedAttrs, answer.signature))) throw answerInvalid('signature');
  return delivery.recipients.some((address) => leg.leg.hidden.includes(address));
}

/** All of a leg but its content. */
async function countersign(parts: GatewayParts, { leg }: VerifiedLeg, answer: { signedAttrs: Bytes; signature: Bytes }) {
  const { key, certificate } = parts.credential;
  const signature = await key.sign(gatewaySignatureInput(answer.signedAttrs));
  return {
    eContentType: contentTypeOf(leg.mode),
    certificates: [parts.organisation.der, certificate.der],
    signerInfo: encodeSignerInfo(parts.organisation.subjectKeyIdentifier, answer.signedAttrs, answer.signature, {
      spkiHash: certificate.spkiSha256, signature,
    }),
  };
}
