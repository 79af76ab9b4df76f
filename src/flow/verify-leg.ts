/**
 * Verification of one leg, the same everywhere: gateway, key server (which has no content), inspection, plugin, command
 * line. Order and codes: docs/protocol.md §7.
 */
import { type Bytes, compare, equal } from '../core/bytes.ts';
import { type KemRecipientInfo, parseKemRecipientInfo } from '../core/cms/kem-recipient-info.ts';
import {
  decodeSignerInfo, parseSignedData, type SignedData, type SignerInfo, verifyGatewaySignature, verifySignerInfo,
} from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { validatePath } from '../core/pki/path.ts';
import { domainOf } from '../mail/address.ts';
import type { Organisation } from '../wire/directory.ts';
import { decodeKemct, type KemHeader, type Kemct } from '../wire/kemct.ts';
import { decodeLabel, type Label, type Purpose } from '../wire/label.ts';
import { type Attestation, decodeLeg, type Direction, type Leg } from '../wire/leg.ts';
import { encodeOrigins, mixedDigest, type Origin, partIdentity } from '../wire/sealed-part.ts';
import { contentTypeOf, type LegContent, readLegContent, requireMode, type SealedPart } from './leg-content.ts';
import { certificatesOf, isGatewayOf, requireNotRetired } from './organisation-keys.ts';
import { cacheOf, organisationCrl, organisationOfCertificate, requireCertifiedFor, requireUnrevoked, type Trust } from './trust.ts';

/** Who signed a leg, and what is said in it. */
export interface SignedLeg {
  readonly leg: Leg;
  readonly signer: SignerInfo;
  /** The user's certificate on leg 1, else the organisation's. */
  readonly certificate: Certificate;
  /** The organisation that signed, or whose member did. */
  readonly organisation: Organisation;
  /** The organisation that vouches for the sender. */
  readonly sendingOrganisation: Organisation;
}

export interface RecipientInfo {
  readonly info: KemRecipientInfo;
  readonly kemct: Kemct;
  readonly label: Label;
}

/** One ciphertext of a leg, and who can open it. */
export interface LegPart extends SealedPart {
  readonly recipients: readonly RecipientInfo[];
  /** The deliveries that a forwarded part comes from, writer's first; empty for what the sender sealed himself. */
  readonly deliveries: readonly SignedLeg[];
}

/** A leg with its content, as gateways and readers have it. */
export interface VerifiedLeg extends SignedLeg {
  readonly signedData: SignedData;
  readonly content: LegContent;
  readonly parts: readonly LegPart[];
  readonly contentDigest: Bytes;
}

/** Purposes that the recipient infos of a leg have: exactly these, and nothing else. `primary` is the leg's own purpose too. */
const PURPOSE_OF_LEG: Readonly<Record<1 | 2 | 3, { primary: Purpose; allowed: readonly Purpose[] }>> = {
  1: { primary: 'seal', allowed: ['seal', 'self'] },
  2: { primary: 'transfer', allowed: ['transfer'] },
  3: { primary: 'deliver', allowed: ['deliver', 'recover'] },
};
/** Those of a forwarded part on leg 1: it was not sealed but re-encrypted for the organisation. */
const PURPOSE_OF_FORWARDED: typeof PURPOSE_OF_LEG = { ...PURPOSE_OF_LEG, 1: { primary: 'forward', allowed: ['forward', 'self'] } };
const MAX_DEVICES = 8;
/** Clocks of the organisations that signed two deliveries may differ by this much; milliseconds. */
const SKEW = 10 * 60_000;

/** The purpose of the recipient info that the organisation re-encrypts from. */
export function mainPurpose(leg: Leg, forwarded: boolean): Purpose {
  return (forwarded ? PURPOSE_OF_FORWARDED : PURPOSE_OF_LEG)[leg.leg].primary;
}

/**
 * Verifies a leg as it stands in a carrier.
 *
 * @param at the time for which certificates must be in force: now at gateways, leg 3's signing time when old mail is read
 * (pass 'signing-time').
 * @throws SsmaxError `refused` with the code of the first check that failed, or `unavailable`.
 */
export async function verifyLeg(cms: Bytes, trust: Trust, now: Date, at: 'now' | 'signing-time'): Promise<VerifiedLeg> {
  const signedData = parseSignedData(cms);
  // The signed one, which must be that of the mode (verifySigner), decides how the content is read.
  if (signedData.eContentType !== signedData.signer.attributes.contentType) throw refused('content-type-mismatch');
  const { recipientInfos, ...content } = await readLegContent(signedData);
  const read = content.parts.map((part, i) => ({ ...part, recipients: (recipientInfos[i] ?? []).map(readRecipientInfo) }));
  const signed = await verifySigner({
    signer: signedData.signer,
    certificates: signedData.certificates,
    eContentDigest: await sha256(signedData.eContent),
    trust,
    now,
    at: at === 'now' ? now : signedData.signer.attributes.signingTime,
  });
  await checkBinding(signed.leg, content.contentDigest, read);
  requireMode(signed.leg.mode, content.mixed !== undefined, read.map(({ digest, origins }) => ({ digest, forwarded: origins.length > 0 })));
  for (const part of read) await checkLabels(signed, part);
  const parts: LegPart[] = [];
  for (const part of read) parts.push({ ...part, deliveries: await verifyOrigins(signed, part, trust, now) });
  return { ...signed, signedData, content, parts, contentDigest: content.contentDigest };
}

/**
 * Where a forwarded part comes from: each delivery is one that an organisation signed, of this very ciphertext, to the one
 * who sent it on next; the last to the sender of this leg. So nobody can put another's name on a content, leave a name out,
 * or forward what was delivered to somebody else.
 */
async function verifyOrigins(signed: SignedLeg, { origins, digest }: SealedPart, trust: Trust, now: Date): Promise<SignedLeg[]> {
  const deliveries: SignedLeg[] = [];
  for (const [i, origin] of origins.entries()) {
    const signer = decodeSignerInfo(origin.signerInfo);
    const delivery = await verifySigner({ signer, certificates: origin.certificates, eContentDigest: undefined, trust, now, at: signer.attributes.signingTime });
    await checkOrigin(delivery, origin, await partIdentity(digest, i === 0 ? undefined : await sha256(encodeOrigins(origins.slice(0, i)))));
    deliveries.push(delivery);
  }
  for (const [i, delivery] of deliveries.entries()) {
    const next = deliveries[i + 1] ?? signed;
    if (delivery.leg.recipients[0] !== next.leg.sender.address) throw refused('origin-mismatch', { what: 'forwarder' });
    const ahead = delivery.signer.attributes.signingTime.getTime() - next.signer.attributes.signingTime.getTime();
    if (ahead > SKEW) throw refused('origin-mismatch', { what: 'time' });
  }
  return deliveries;
}

/** `identity`: what the part counted for in the message that was delivered. */
async function checkOrigin({ leg, organisation }: SignedLeg, { mixed }: Origin, identity: Bytes): Promise<void> {
  const [mailbox, ...others] = leg.recipients;
  if (leg.leg !== 3 || mailbox === undefined || others.length > 0 || !organisation.domains.includes(domainOf(mailbox))) {
    throw refused('origin-invalid', { what: 'delivery' });
  }
  // Who was addressed by Bcc may not tell the world so, nor that the mail had others.
  if (leg.hidden.length > 0) throw refused('origin-invalid', { what: 'hidden' });
  if ((leg.mode === 'protect-all') !== (mixed === undefined)) throw refused('origin-invalid', { what: 'mode' });
  const digest = mixed === undefined ? identity : await mixedDigest(mixed);
  if (!equal(digest, leg.contentDigest)) throw refused('origin-mismatch', { what: 'content' });
  if (mixed !== undefined && !mixed.parts.some((part) => equal(part, identity))) throw refused('origin-mismatch', { what: 'part' });
}

function readRecipientInfo(der: Bytes): RecipientInfo {
  const info = parseKemRecipientInfo(der);
  const kemct = decodeKemct(info.kemct);
  return { info, kemct, label: decodeLabel(kemct.label) };
}

/** Every verifier recomputes the contentDigest; generic CMS verification is not enough (design §3). Labels: checkLabel. */
async function checkBinding(leg: Leg, digest: Bytes, parts: readonly (SealedPart & { recipients: readonly RecipientInfo[] })[]): Promise<void> {
  if (!equal(leg.contentDigest, digest)) throw refused('content-digest-mismatch', { where: 'leg' });
  for (const part of parts) {
    for (const { info } of part.recipients) if (!equal(info.ukm, part.digest)) throw refused('content-digest-mismatch', { where: 'ukm' });
  }
  const hashes = (await Promise.all(parts.flatMap(({ recipients }) => recipients.map(({ kemct }) => sha256(kemct.label))))).sort(compare);
  if (hashes.length !== leg.labelHashes.length || hashes.some((hash, i) => !equal(hash, leg.labelHashes[i] ?? hash.slice(1)))) {
    throw refused('label-mismatch', { what: 'label hash' });
  }
}

/** Each label must say what its leg says: purpose, sealer, recipients; and a leg has just the recipient infos it may have. */
async function checkLabels(signed: SignedLeg, { origins, digest, recipients }: SealedPart & { recipients: readonly RecipientInfo[] }): Promise<void> {
  const { leg } = signed;
  const labels = recipients.map(({ label }) => label);
  const { primary, allowed } = (origins.length > 0 ? PURPOSE_OF_FORWARDED : PURPOSE_OF_LEG)[leg.leg];
  const count = (purpose: Purpose): number => labels.filter((label) => label.purpose === purpose).length;
  if (labels.some((label) => !allowed.includes(label.purpose))) throw refused('recipient-info-purpose');
  const most = leg.leg === 3 ? MAX_DEVICES : 1;
  // A member who has not enrolled yet has no key: his mail waits under the organisation's.
  const least = leg.leg === 3 && count('recover') > 0 ? 0 : 1;
  if (count(primary) < least || count(primary) > most) throw refused('recipient-info-count');
  if (leg.leg === 1 && count('self') !== 1) throw refused('recipient-info-count');
  if (count('recover') > 1) throw refused('recipient-info-count');
  for (const label of labels) {
    await checkLabel(signed, label, digest);
    checkTarget(signed, label);
  }
}

/** Targets that every verifier knows: the signer himself, and the organisation that seals for itself or is sealed to. */
function checkTarget({ certificate, organisation }: SignedLeg, { purpose, targetKey }: Label): void {
  const organisations = (): Bytes[] => certificatesOf(organisation).map(({ spkiSha256 }) => spkiSha256);
  const known = purpose === 'self' || purpose === 'recover' ? [certificate.spkiSha256] : purpose === 'seal' || purpose === 'forward' ? organisations() : [targetKey];
  if (!known.some((key) => equal(key, targetKey))) throw refused('label-mismatch', { what: 'target' });
}

/** The label's own fields against the leg's signer and the ciphertext that it is for: sealer, recipients, contentDigest. */
export async function checkLabel(signed: SignedLeg, label: Label, digest: Bytes): Promise<void> {
  if (!equal(label.sealer, await sha256(signed.certificate.der))) throw refused('label-mismatch', { what: 'sealer' });
  if (!equal(label.contentDigest, digest)) throw refused('content-digest-mismatch', { where: 'label' });
  const { recipients } = signed.leg;
  if (label.recipients.length !== recipients.length || label.recipients.some((address, i) => address !== recipients[i])) {
    throw refused('label-mismatch', { what: 'recipients' });
  }
}

/**
 * Verifies who signed a leg, without its content: structure of the leg attribute, signature, certificate, role,
 * revocation, the gateway's second signature, and that the signer may speak for the sender.
 */
export async function verifySigner(input: {
  signer: SignerInfo;
  certificates: readonly Bytes[];
  /** SHA-256 of eContent; undefined at the key server, which never has it. */
  eContentDigest: Bytes | undefined;
  trust: Trust;
  now: Date;
  at: Date;
}): Promise<SignedLeg> {
  const { signer } = input;
  const { leg: attribute } = signer.attributes;
  if (attribute === undefined) throw refused('leg-missing');
  const leg = decodeLeg(attribute);
  if (leg.purpose !== PURPOSE_OF_LEG[leg.leg].primary) throw refused('leg-invalid', { what: 'purpose' });
  const certificates = input.certificates.map((der) => parseCertificate(der));
  const certificate = certificates.find((one) => equal(one.subjectKeyIdentifier, signer.subjectKeyIdentifier));
  if (certificate === undefined) throw refused('signer-certificate-missing');
  await verifySignerInfo(signer, {
    contentType: contentTypeOf(leg.mode),
    eContentDigest: input.eContentDigest,
    certificate: certificate.der,
    publicKey: certificate.publicKey,
  });
  const signed = leg.leg === 1 ? await verifyUser(leg, signer, certificate, input) : await verifyOrganisation(leg, signer, certificate, input);
  if (leg.leg !== 1) await requireGatewaySignature(signed, certificates, input);
  return signed;
}

interface When {
  readonly trust: Trust;
  readonly now: Date;
  readonly at: Date;
}

async function verifyUser(leg: Leg, signer: SignerInfo, certificate: Certificate, when: When): Promise<SignedLeg> {
  const { trust, now, at } = when;
  const organisation = await trust.directory.byDomain(domainOf(leg.sender.address));
  if (organisation === undefined) throw refused('organisation-unknown');
  // A renewed organisation keeps its key: which of its certificates counts depends on the time.
  const issuers = certificatesOf(organisation);
  const { organisation: issuer } = await validatePath({ leaf: certificate, intermediates: issuers, root: trust.roots, at, role: 'user', ...cacheOf(trust) });
  if (issuer === undefined) throw refused('certificate-untrusted');
  requireNotRetired(organisation, 'organisation', issuer.spkiSha256, at);
  await requireUnrevoked({ certificate: issuer, issuer: trust.delegate, crl: trust.authorityCrl, at, now });
  await requireUnrevoked({ certificate, issuer, crl: organisationCrl(trust, issuer), at, now });
  const [address, ...others] = certificate.emails;
  if (address !== leg.sender.address || others.length > 0) throw refused('sender-mismatch');
  const { commonName, pseudonym } = certificate.subject;
  if (leg.sender.displayName !== commonName || leg.sender.pseudonym !== (pseudonym !== undefined)) throw refused('sender-mismatch');
  if (signer.gatewaySignature !== undefined) throw refused('signer-info-invalid', { what: 'unsigned attribute' });
  if (leg.attestations.length > 0 || leg.previous !== undefined || leg.addressedAs !== undefined) throw refused('leg-invalid', { what: 'leg 1' });
  return { leg, signer, certificate, organisation, sendingOrganisation: organisation };
}

async function verifyOrganisation(leg: Leg, signer: SignerInfo, certificate: Certificate, when: When): Promise<SignedLeg> {
  const { trust, now, at } = when;
  const organisation = await organisationOfCertificate(trust.directory, certificate);
  await validatePath({ leaf: certificate, intermediates: [], root: trust.roots, at, role: 'organisation', ...cacheOf(trust) });
  requireNotRetired(organisation, 'organisation', certificate.spkiSha256, at);
  await requireUnrevoked({ certificate, issuer: trust.delegate, crl: trust.authorityCrl, at, now });
  if (leg.previous === undefined) throw refused('leg-invalid', { what: 'previous' });
  const attested = await attestingOrganisations(leg, organisation, when);
  const [sendingOrganisation] = attested;
  if (sendingOrganisation === undefined || !sendingOrganisation.domains.includes(domainOf(leg.sender.address))) {
    throw refused('sender-not-of-organisation');
  }
  if (leg.leg === 2) requireCertifiedFor(certificate, domainOf(leg.sender.address));
  return { leg, signer, certificate, organisation, sendingOrganisation };
}

/** The organisations that attest, sender's first; the last must be the signer. */
function attestingOrganisations(leg: Leg, signer: Organisation, { trust, now, at }: When): Promise<Organisation[]> {
  const numbers = leg.attestations.map(({ leg: number }) => number).join();
  const expected = leg.leg === 2 ? ['2'] : ['3', '2,3'];
  if (!expected.includes(numbers) || leg.attestations.at(-1)?.organisation !== signer.id) {
    throw refused('leg-invalid', { what: 'attestations' });
  }
  return Promise.all(leg.attestations.map(async (attestation, i) => {
    const found = await trust.directory.byId(attestation.organisation);
    if (found === undefined) throw refused('organisation-unknown');
    // Which certificate it attested by is not told: the newest that was valid. One that was stolen by then speaks for nobody.
    const attesting = certificatesOf(found).find(({ notBefore, notAfter }) => notBefore <= at && at <= notAfter);
    if (attesting !== undefined && found.id !== signer.id) await requireUnrevoked({ certificate: attesting, issuer: trust.delegate, crl: trust.authorityCrl, at, now });
    requireInspected(attestation, found, attestation.leg === 2 ? ['outbound'] : i === 0 ? ['outbound', 'inbound'] : ['inbound']);
    return found;
  }));
}

/** Every direction is spoken of, and only where the Authority entered an ISP may there have been no inspection (design §2). */
function requireInspected({ inspections }: Attestation, { type }: Organisation, due: readonly Direction[]): void {
  if (inspections.map(({ direction }) => direction).join() !== due.join()) throw refused('leg-invalid', { what: 'inspections' });
  if (type !== 'isp' && inspections.some(({ result }) => result === 'not-inspected')) throw refused('inspection-missing');
}

/** Without it the key server alone could forge a leg (design §1). */
async function requireGatewaySignature(signed: SignedLeg, certificates: readonly Certificate[], { trust, at }: When): Promise<void> {
  const { gatewaySignature } = signed.signer;
  if (gatewaySignature === undefined) throw refused('gateway-signature-missing');
  if (!isGatewayOf(signed.organisation, gatewaySignature.spkiHash, at)) throw refused('gateway-unknown');
  for (const gateway of certificates) {
    if (!equal(gateway.spkiSha256, gatewaySignature.spkiHash)) continue;
    // The key is what counts; the certificate around it must be genuine all the same, so that nothing carried can be altered.
    const intermediates = certificatesOf(signed.organisation);
    await validatePath({ leaf: gateway, intermediates, root: trust.roots, at, role: 'gateway', ...cacheOf(trust) }).catch((cause: unknown) => {
      throw cause instanceof SsmaxError ? refused('gateway-certificate-invalid', { reason: cause.code }, cause) : cause;
    });
    if (await verifyGatewaySignature(signed.signer, gateway.publicKey)) return;
    throw refused('gateway-signature-invalid');
  }
  throw refused('gateway-certificate-missing');
}

/** Leg 1 may have waited in an outbox for five days, and clocks may differ by ten minutes (design §3). */
export function requireFresh(signingTime: Date, now: Date): void {
  const age = now.getTime() - signingTime.getTime();
  if (age > 5 * 86_400_000) throw refused('sealed-too-long-ago');
  if (age < -10 * 60_000) throw refused('clock-wrong', { minutes: Math.round(-age / 60_000) });
}

/** The one recipient info of a part with this purpose; `recipient-info-count` where it is not exactly one. */
export function onlyRecipient(part: LegPart, purpose: Purpose): RecipientInfo {
  const [only, ...others] = part.recipients.filter(({ label }) => label.purpose === purpose);
  if (only === undefined || others.length > 0) throw refused('recipient-info-count');
  return only;
}

/** A KEM ciphertext without C2: what may leave the gateway for the key server. */
export function withoutC2({ c1, u, w, v, f, label }: Kemct): KemHeader {
  return { c1, u, w, v, f, label };
}
