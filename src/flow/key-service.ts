/**
 * The key server's three calls per hop: inspect → transfer or deliver → sign (design §3, docs/protocol.md §10). It holds
 * the organisation's key, looks up every target itself, and builds what it signs from what it verified.
 */
import { type Bytes, equal } from '../core/bytes.ts';
import { sha256 } from '../core/digest.ts';
import { reencrypt } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto, OrganisationKey } from '../core/keys.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { domainOf } from '../mail/address.ts';
import type { Organisation } from '../wire/directory.ts';
import { encodeLabel, type Purpose, sortAddresses } from '../wire/label.ts';
import type { Direction, Inspection, Leg, Mode } from '../wire/leg.ts';
import type {
  Consent, ConsentsRequest, Delivery, Evidence, OutsideSignature, Reencrypted, ReencryptRequest, SignOutsideRequest, SignRequest,
} from '../wire/relay.ts';
import { type ArrivingLeg, directionsDue, requireSameLabel, requireVerdicts, verifyArriving } from './authorise.ts';
import { entryInUse, stillUsable } from './organisation-keys.ts';
import { inspectedAt, inspectedDirections, inspectionsOf } from './individuals.ts';
import { legRecipients, nextSignedAttributes } from './next-leg.ts';
import { outsideAttributes } from './outside-signature.ts';
import type { Clock, Consents, Members, OutsideSigner, Records, SeenCiphertexts } from './ports.ts';
import { formFor, someOutside } from './recipients.ts';
import { transferTarget, type Trust } from './trust.ts';

export interface KeyServiceParts {
  readonly native: NativeCrypto;
  readonly key: OrganisationKey;
  readonly certificate: Certificate;
  /** Keys that went out of use: mail that was sealed to them still opens. */
  readonly formerKeys?: readonly OrganisationKey[];
  /** The organisation's policy: each delivery is sealed to its own key too, so that a member who lost his can have it recovered. */
  readonly recovery?: boolean;
  /** The own inspection server's certificate, from the configuration; its key must stand in the directory. */
  readonly inspection: () => Promise<Certificate>;
  readonly trust: () => Promise<Trust>;
  readonly members: Members;
  readonly consents: Consents;
  /** What the own members may send (docs/admin/modes.md). */
  readonly modes: readonly Mode[];
  /** Absent where nothing goes outside SSMAX. */
  readonly outside?: OutsideSigner;
  readonly seen: SeenCiphertexts;
  readonly records: Records;
  readonly clock: Clock;
}

/** What one outgoing message is for. */
interface Split {
  readonly recipients: readonly string[];
  readonly mailbox?: string;
  readonly targets: readonly Certificate[];
  /** A recipient info for the own organisation is due. */
  readonly recover?: boolean;
  /** Of a post to a mailing list. */
  readonly list?: Delivery['list'];
}

export interface KeyService {
  /**
   * One for each sealed part. `recipients`: those whose mail is delivered here; their consent counts at an ISP.
   */
  inspect(evidence: Evidence, recipients?: readonly string[]): Promise<Reencrypted[]>;
  /** At an ISP, which of these addresses' mail may be inspected; nothing elsewhere, where all is. */
  consents(request: ConsentsRequest): Promise<Consent[]>;
  transfer(request: ReencryptRequest): Promise<Delivery[]>;
  deliver(request: ReencryptRequest): Promise<Delivery[]>;
  sign(request: SignRequest): Promise<{ signedAttrs: Bytes; signature: Bytes }[]>;
  /** The organisation's S/MIME signature for readers outside SSMAX, over the sender's own clear part. */
  signOutside(request: SignOutsideRequest): Promise<OutsideSignature>;
}

interface Authorised {
  readonly leg: ArrivingLeg;
  readonly splits: readonly Split[];
  /** What the attestation of a split says of inspection. */
  readonly inspections: (split: Split) => Inspection[];
  readonly trust: Trust;
  readonly now: Date;
}

/** A gateway that works as it should never causes these: it, or somebody with its key, tries something. */
const ALERTS = new Set([
  'ciphertext-reused', 'inspection-not-consented', 'not-for-outside', 'recipient-not-in-label', 'recipient-not-ours', 'split-bcc', 'split-mixed', 'split-own-organisation', 'split-unknown',
  'verdict-invalid', 'verdict-missing', 'verdict-refused',
]);

/** Messages that one mail may become here, by lists and aliases: as many as `sign` takes. */
const MAX_COPIES = 1000;

export function createKeyService(parts: KeyServiceParts): KeyService {
  const { native, key, certificate, clock } = parts;

  async function arriving(evidence: Evidence, trust: Trust): Promise<ArrivingLeg> {
    const leg = await verifyArriving(native, evidence, certificate, trust, clock.now());
    if (leg.leg.leg === 1) await requireSendable(leg.leg, trust);
    await alerting(leg, () => requireSameLabel((c1, hash) => parts.seen.record(c1, hash), leg));
    return leg;
  }

  /** What members may send, and where: the organisation's policy. */
  async function requireSendable({ mode, recipients }: Leg, { directory }: Trust): Promise<void> {
    // Whatever modes there are inside, outside there is this one.
    if (mode === 'sign-only' && await someOutside(recipients, directory)) await formFor(recipients, { directory }, parts.outside?.signedOnly);
    else if (!parts.modes.includes(mode)) throw refused('mode-not-allowed', { mode });
  }

  /** Runs a check of a verified leg; what no honest gateway asks for is recorded as an alert (docs/protocol.md §10). */
  async function alerting<T>(leg: ArrivingLeg, check: () => Promise<T>): Promise<T> {
    try {
      return await check();
    } catch (error) {
      if (error instanceof SsmaxError && ALERTS.has(error.code)) await parts.records.alert(error.code, leg.leg.contentDigest);
      throw error;
    }
  }

  function keyFor({ publicKey }: Certificate): OrganisationKey {
    const found = [key, ...parts.formerKeys ?? []].find((one) => equal(one.publicKey, publicKey));
    // The directory names it, and it is not here: put away too early, or not yet in the configuration.
    if (found === undefined) throw new SsmaxError('unavailable', 'organisation-key-missing');
    return found;
  }

  function labelFor(purpose: Purpose, target: Certificate, digest: Bytes, recipients: readonly string[]): Bytes {
    return encodeLabel({ purpose, targetKey: target.spkiSha256, sealer: certificate.sha256, contentDigest: digest, recipients });
  }

  /** For each target each sealed part. */
  async function reencryptTo(
    purpose: Purpose, leg: ArrivingLeg, targets: readonly { certificate: Certificate; recipients: readonly string[] }[],
  ): Promise<Reencrypted[]> {
    const byPart: Reencrypted[][] = [];
    for (const { header, labelHash, digest } of leg.parts) {
      const labels = targets.map((target) => labelFor(purpose, target.certificate, digest, target.recipients));
      const digests = await Promise.all(labels.map((label) => sha256(label)));
      const answers = await reencrypt(native, keyFor(leg.sealedTo), header.c1, labelHash, targets.map((target, i) => ({
        publicKey: target.certificate.publicKey, labelDigest: at(digests, i),
      })));
      byPart.push(answers.map(({ c1prime, ...answer }, i) => ({
        certificate: at(targets, i).certificate.der, label: at(labels, i), c1: c1prime, ...answer,
      })));
    }
    return targets.flatMap((_, i) => byPart.map((answers) => at(answers, i)));
  }

  async function authorise(
    purpose: 'transfer' | 'deliver', request: ReencryptRequest,
  ): Promise<Authorised> {
    const trust = await parts.trust();
    const now = clock.now();
    const leg = await arriving(request.evidence, trust);
    return alerting(leg, () => authoriseLeg(purpose, leg, request, trust, now));
  }

  async function authoriseLeg(
    purpose: 'transfer' | 'deliver', leg: ArrivingLeg, request: ReencryptRequest, trust: Trust, now: Date,
  ): Promise<Authorised> {
    checkSplits(leg, request.splits);
    const splits = purpose === 'transfer'
      ? await Promise.all(request.splits.map((split) => transferSplit(leg, split.recipients, trust, now)))
      : (await Promise.all(request.splits.map((split) => deliverSplits(leg, split.recipients, trust)))).flat();
    if (splits.length > MAX_COPIES) throw refused('too-many-copies', { maximum: MAX_COPIES });
    if (leg.leg.leg !== 1 && leg.leg.leg !== 2) throw refused('leg-not-for-us');
    const inspections = await inspectionsFor(leg, splits, { verdicts: request.verdicts, due: directionsDue(leg.leg.leg, purpose), trust, now });
    return { leg, splits, inspections, trust, now };
  }

  /** By the verdicts that these splits need, what the attestation of each says; without them there is none. */
  async function inspectionsFor(
    leg: ArrivingLeg, splits: readonly Pick<Split, 'recipients'>[], given: { verdicts: readonly Bytes[]; due: readonly Direction[]; trust: Trust; now: Date },
  ): Promise<(split: Pick<Split, 'recipients'>) => Inspection[]> {
    const { due, trust, now } = given;
    const own = await entryInUse(trust, certificate);
    const inbound = due.includes('inbound') ? splits.flatMap(({ recipients }) => recipients) : [];
    const inspected = inspectedAt(own, await consents({ outbound: due.includes('outbound') ? [leg.leg.sender.address] : [], inbound }, own));
    const addresses = (split: Pick<Split, 'recipients'>): { sender: string; recipient: string | undefined } => ({ sender: leg.leg.sender.address, recipient: split.recipients[0] });
    const needed = due.filter((direction) => splits.some((split) => inspectedDirections([direction], addresses(split), inspected).length > 0));
    // Between the gateway's question and this one somebody changed his mind: it asks again.
    if (own.type === 'isp' && given.verdicts.length !== needed.length) throw new SsmaxError('unavailable', 'consent-changed');
    const verdicts = await requireVerdicts(given.verdicts, needed, leg, certificate, trust, now);
    return (split) => inspectionsOf(due, addresses(split), inspected, verdicts);
  }

  async function consents({ outbound, inbound }: ConsentsRequest, own: Organisation): Promise<Consent[]> {
    if (own.type !== 'isp') return [];
    const asked = [...outbound.map((address) => ({ direction: 'outbound' as const, address })), ...[...new Set(inbound)].map((address) => ({ direction: 'inbound' as const, address }))];
    const known = await Promise.all(asked.map(async (one) => ({ ...one, statements: [...await parts.consents.given(one.direction, one.address)] })));
    return known.filter(({ statements }) => statements.length > 0);
  }

  /** An ISP's members did not agree to be read (design §2): without the consent of one whom this mail concerns there is nothing to inspect with. */
  async function requireConsent(leg: ArrivingLeg, recipients: readonly string[], own: Organisation): Promise<void> {
    for (const address of recipients) {
      if (!leg.leg.recipients.includes(address)) throw refused('recipient-not-in-label', { recipient: address });
    }
    const outbound = leg.leg.leg === 1 ? [leg.leg.sender.address] : [];
    if (own.type === 'isp' && (await consents({ outbound, inbound: [...recipients] }, own)).length === 0) throw refused('inspection-not-consented');
  }

  /** Leg 2: recipients of one other certified organisation, under that organisation's key. */
  async function transferSplit(leg: ArrivingLeg, recipients: readonly string[], trust: Trust, now: Date): Promise<Split> {
    if (leg.leg.leg !== 1) throw refused('leg-not-for-us');
    const target = await transferTarget(recipients, certificate, trust, now);
    return { recipients: sortAddresses(recipients), targets: [target] };
  }

  /** Leg 3: one mailbox a message; an alias or group makes several. */
  async function deliverSplits(leg: ArrivingLeg, recipients: readonly string[], trust: Trust): Promise<Split[]> {
    const [recipient, ...others] = recipients;
    if (recipient === undefined || others.length > 0) throw refused('split-mixed');
    const organisation = await trust.directory.byDomain(domainOf(recipient));
    if (organisation === undefined || !equal(organisation.certificate, certificate.der)) {
      throw refused('recipient-not-ours', { recipient });
    }
    const members = await parts.members.expand(recipient, leg.leg.sender.address);
    if (members.length === 0) throw refused('recipient-unknown', { recipient });
    // An ISP's members are individuals: nobody but they holds a key to their mail (design §3).
    const recover = parts.recovery === true && organisation.type !== 'isp';
    const leftOut: string[] = [];
    const splits = await Promise.all(members.map(async ({ mailbox, list, certificates }): Promise<Split[]> => {
      const targets = await stillUsable(certificates.map((der) => parseCertificate(der)), certificate, trust, clock.now());
      // With recovery, mail waits in the mailbox, sealed, until its member enrols. What is only signed can be read without a key.
      if (targets.length > 0 || leg.parts.length === 0 || recover) return [{ recipients: [recipient], mailbox, targets, recover, ...(list !== undefined && { list }) }];
      if (list === undefined) throw refused('recipient-not-enrolled', { recipient });
      leftOut.push(mailbox); // one subscriber who has not enrolled yet must not keep a post from all others
      return [];
    }));
    const [first, ...rest] = splits.flat();
    if (first === undefined) throw refused('recipient-not-enrolled', { recipient });
    return [first.list === undefined || leftOut.length === 0 ? first : { ...first, list: { ...first.list, leftOut: leftOut.sort() } }, ...rest];
  }

  async function answer(purpose: 'transfer' | 'deliver', request: ReencryptRequest): Promise<Delivery[]> {
    const { leg, splits } = await authorise(purpose, request);
    const flat = splits.flatMap((split) => split.targets.map((target) => ({ certificate: target, recipients: legRecipients(split) })));
    const answers = await reencryptTo(purpose, leg, flat);
    const forRecovery = await reencryptTo('recover', leg, splits.filter(({ recover }) => recover === true).map((split) => ({ certificate, recipients: legRecipients(split) })));
    return splits.map(({ recipients, mailbox, targets, recover, list }) => ({
      recipients: [...recipients], ...(mailbox !== undefined && { mailbox }), targets: answers.splice(0, targets.length * leg.parts.length),
      ...(recover === true && { recover: forRecovery.splice(0, leg.parts.length) }),
      ...(list !== undefined && { list }),
    }));
  }

  async function sign(request: SignRequest): Promise<{ signedAttrs: Bytes; signature: Bytes }[]> {
    const { purpose, ...rest } = request;
    const unique = { ...rest, splits: dedupe(request.splits) };
    const { leg, splits, inspections, trust, now } = await authorise(purpose, unique);
    const own = await entryInUse(trust, certificate);
    const signatures = await Promise.all(request.splits.map(async (asked) => {
      const split = splits.find((one) => one.mailbox === asked.mailbox && sameAddresses(one.recipients, asked.recipients));
      if (split === undefined) throw refused('split-unknown');
      const labelsFor = (use: Purpose, target: Certificate): Bytes[] => leg.parts.map(({ digest }) => labelFor(use, target, digest, legRecipients(split)));
      const labels = [...split.targets.flatMap((target) => labelsFor(purpose, target)), ...(split.recover === true ? labelsFor('recover', certificate) : [])];
      const signedAttrs = await nextSignedAttributes(leg, {
        purpose, recipients: split.recipients, mailbox: split.mailbox, labels, messageDigest: asked.messageDigest, inspections: inspections(split),
        organisation: own, certificate, signingTime: now,
      });
      return { signedAttrs, signature: await key.sign(signedAttrs) };
    }));
    await keepEvidence(leg);
    return signatures;
  }

  async function keepEvidence({ leg, signer, certificate: { sha256: certificateHash } }: ArrivingLeg): Promise<void> {
    await parts.records.evidence({ contentDigest: leg.contentDigest, leg: leg.leg, signerInfo: signer.der, certificateHash });
  }

  async function signOutside({ evidence, verdicts }: SignOutsideRequest): Promise<OutsideSignature> {
    const trust = await parts.trust();
    const now = clock.now();
    const leg = await arriving(evidence, trust);
    return alerting(leg, async () => {
      const { outside } = parts;
      const { sender, recipients } = leg.leg;
      // Bound by the contentDigest, which the sender signed and the verdict is about: the gateway has no say in what is signed.
      const clear = leg.leg.leg === 1 && leg.leg.mode === 'sign-only' ? evidence.mixed?.clear : undefined;
      if (outside === undefined || clear === undefined || await formFor(recipients, trust, outside.signedOnly) !== 'signed-only') throw refused('not-for-outside');
      await inspectionsFor(leg, [{ recipients }], { verdicts, due: directionsDue(1, 'outside'), trust, now });
      const signer = await outside.credentialFor(sender.address);
      const signedAttrs = outsideAttributes({ messageDigest: clear, signingTime: leg.signer.attributes.signingTime, certificate: signer.certificate });
      const signature = await signer.key.sign(signedAttrs);
      await keepEvidence(leg);
      return { signedAttrs, signature, certificate: signer.certificate.der };
    });
  }

  return {
    async inspect(evidence, recipients = []) {
      const trust = await parts.trust();
      const leg = await arriving(evidence, trust);
      const target = await parts.inspection();
      const own = await entryInUse(trust, certificate);
      await alerting(leg, () => requireConsent(leg, recipients, own));
      if (!own.inspections.some((hash) => equal(hash, target.spkiSha256))) throw new SsmaxError('fault', 'inspection-unknown');
      return reencryptTo('inspect', leg, [{ certificate: target, recipients: leg.leg.recipients }]);
    },
    consents: async (request) => consents(request, await entryInUse(await parts.trust(), certificate)),
    transfer: (request) => answer('transfer', request),
    deliver: (request) => answer('deliver', request),
    sign,
    signOutside,
  };
}

/** Recipients must be the leg's, which its labels repeat; a Bcc recipient never stands with others (design §3). */
function checkSplits(leg: ArrivingLeg, splits: readonly { recipients: readonly string[] }[]): void {
  for (const { recipients } of splits) {
    for (const address of recipients) {
      if (!leg.leg.recipients.includes(address)) throw refused('recipient-not-in-label', { recipient: address });
    }
    if (recipients.length > 1 && recipients.some((address) => leg.leg.hidden.includes(address))) throw refused('split-bcc');
  }
}

function dedupe(splits: SignRequest['splits']): { recipients: string[] }[] {
  const unique = new Map(splits.map(({ recipients }) => [sortAddresses(recipients).join(), { recipients }]));
  return [...unique.values()];
}

function sameAddresses(a: readonly string[], b: readonly string[]): boolean {
  return sortAddresses(a).join() === sortAddresses(b).join();
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new SsmaxError('fault', 'index');
  return value;
}
