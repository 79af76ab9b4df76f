/**
 * The key server's checks before it multiplies with the organisation's key (design §3, docs/protocol.md §10), in their
 * order. Nothing here sees C2 or content.
 */
import { type Bytes, equal } from '../core/bytes.ts';
import { decodeSignerInfo, parseSignedData, verifySignedObject } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { verifyLabelProof } from '../core/elgamal/index.ts';
import { refused } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { decodeKemHeader, type KemHeader } from '../wire/kemct.ts';
import { decodeLabel } from '../wire/label.ts';
import type { Direction, Inspection, Leg } from '../wire/leg.ts';
import type { Evidence } from '../wire/relay.ts';
import { mixedDigest, partIdentity } from '../wire/sealed-part.ts';
import { decodeVerdict, recipientsHash, type Verdict, VERDICT_LIFETIME } from '../wire/verdict.ts';
import { requireMode } from './leg-content.ts';
import { acceptedCertificate, entryInUse, requireIssuedByOwn } from './organisation-keys.ts';
import type { Trust } from './trust.ts';
import { checkLabel, mainPurpose, requireFresh, type SignedLeg, verifySigner } from './verify-leg.ts';

/** One ciphertext of an arriving leg, as far as the key server gets it. */
export interface ArrivingPart {
  readonly header: KemHeader;
  readonly labelHash: Bytes;
  /** The ciphertext's contentDigest. */
  readonly digest: Bytes;
}

/** An arriving leg that passed every check but authorisation and verdict. */
export interface ArrivingLeg extends SignedLeg {
  readonly parts: readonly ArrivingPart[];
  /** The own certificate whose key it is sealed to: the one in use, or a former one that is still accepted. */
  readonly sealedTo: Certificate;
}

/** Steps 1 to 8 of docs/protocol.md §10: who signed what, whether it is for this organisation, and the label proof. */
export async function verifyArriving(
  native: NativeCrypto, evidence: Evidence, own: Certificate, trust: Trust, now: Date,
): Promise<ArrivingLeg> {
  const headers = evidence.headers.map(decodeKemHeader);
  const labels = headers.map((header) => decodeLabel(header.label));
  const signer = decodeSignerInfo(evidence.signerInfo);
  const signed = await verifySigner({
    signer, certificates: evidence.certificates, eContentDigest: undefined, trust, now, at: now,
  });
  const content = await contentOf(signed.leg, evidence.mixed);
  if (headers.length !== content.length) throw refused('recipient-info-count');
  checkLegNumber(signed, own);
  requireFresh(signer.attributes.signingTime, now);
  const parts: ArrivingPart[] = [];
  let sealedTo = own;
  for (const [i, header] of headers.entries()) {
    const { [i]: label } = labels;
    const { [i]: sealed } = content;
    if (label === undefined || sealed === undefined) throw refused('recipient-info-count');
    const labelHash = await sha256(header.label);
    if (!signed.leg.labelHashes.some((hash) => equal(hash, labelHash))) throw refused('label-mismatch', { what: 'label hash' });
    await checkLabel(signed, label, sealed.digest);
    if (label.purpose !== mainPurpose(signed.leg, sealed.forwarded)) throw refused('leg-not-for-us');
    const target = await acceptedCertificate(trust, own, label.targetKey, now);
    // Who seals several parts does it at one time, for one key.
    if (target === undefined || (i > 0 && target !== sealedTo)) throw refused('label-mismatch', { what: 'target' });
    sealedTo = target;
    await verifyLabelProof(native, { publicKey: sealedTo.publicKey, c1: header.c1, labelDigest: labelHash }, header);
    parts.push({ header, labelHash, digest: sealed.digest });
  }
  return { ...signed, parts, sealedTo };
}

/** The ciphertexts that the signed contentDigest is made of: the gateway can neither add one nor keep one back. */
async function contentOf(leg: Leg, mixed: Evidence['mixed']): Promise<{ digest: Bytes; forwarded: boolean }[]> {
  const parts = mixed === undefined
    ? [{ digest: leg.contentDigest, forwarded: false }]
    : mixed.parts.map(({ digest, origins }) => ({ digest, forwarded: origins !== undefined }));
  requireMode(leg.mode, mixed !== undefined, parts);
  if (mixed === undefined) return parts;
  const identities = await Promise.all(mixed.parts.map(({ digest, origins }) => partIdentity(digest, origins)));
  if (!equal(await mixedDigest({ clear: mixed.clear, parts: identities }), leg.contentDigest)) throw refused('content-digest-mismatch', { where: 'leg' });
  return parts;
}

function checkLegNumber({ leg, organisation }: SignedLeg, own: Certificate): void {
  const ours = equal(organisation.certificate, own.der);
  if (leg.leg === 1 ? !ours : leg.leg !== 2 || ours) throw refused('leg-not-for-us');
}

/** The same C1 may come again with the same label (a retry), never with another (an attack, design §3). */
export async function requireSameLabel(
  seen: (c1: Bytes, labelHash: Bytes) => Promise<Bytes>, arriving: ArrivingLeg,
): Promise<void> {
  for (const { header, labelHash } of arriving.parts) {
    const known = await seen(header.c1, labelHash);
    if (!equal(known, labelHash)) throw refused('ciphertext-reused');
  }
}

/** Directions in which a leg must have been inspected before it may go on. */
export function directionsDue(leg: 1 | 2, purpose: 'transfer' | 'deliver' | 'outside'): readonly Direction[] {
  if (leg === 2) return ['inbound'];
  return purpose === 'deliver' ? ['outbound', 'inbound'] : ['outbound'];
}

/**
 * Verifies that valid verdicts of the own inspection server let this leg pass in every direction due; returns them as
 * they go into the attestation. Throws `verdict-missing`, `verdict-invalid`, `verdict-stale`, `verdict-refused`.
 */
export async function requireVerdicts(
  verdicts: readonly Bytes[], due: readonly Direction[], arriving: SignedLeg, own: Certificate, trust: Trust, now: Date,
): Promise<Inspection[]> {
  const verified = await Promise.all(verdicts.map((der) => verifyVerdict(der, own, trust, now)));
  const recipients = await recipientsHash(arriving.leg.recipients);
  return due.map((direction) => {
    const verdict = verified.find((one) => one.direction === direction);
    if (verdict === undefined) throw refused('verdict-missing', { direction });
    if (!equal(verdict.contentDigest, arriving.leg.contentDigest)) throw refused('verdict-invalid', { what: 'content' });
    if (verdict.leg !== arriving.leg.leg) throw refused('verdict-invalid', { what: 'leg' });
    // Policies differ by sender: a gateway that was taken over could name another one.
    if (verdict.sender !== arriving.leg.sender.address) throw refused('verdict-invalid', { what: 'sender' });
    // So they do by recipient: the same ciphertext could be sealed anew for others.
    if (!equal(verdict.recipients, recipients)) throw refused('verdict-invalid', { what: 'recipients' });
    const age = (now.getTime() - verdict.time.getTime()) / 1000;
    if (age > VERDICT_LIFETIME || age < -600) throw refused('verdict-stale');
    if (verdict.result !== 'pass' && verdict.result !== 'tag') throw refused('verdict-refused', { direction });
    return {
      direction,
      result: verdict.result === 'tag' ? 'tagged' : 'passed',
      policy: verdict.policy,
      codes: [...new Set(verdict.findings.map(({ code }) => code))],
    };
  });
}

/**
 * Verifies a verdict's signature: an inspection server certified by this organisation whose key the Authority's
 * directory lists. The directory is asked as the key server is the CA and could certify another (design §1).
 */
export async function verifyVerdict(der: Bytes, own: Certificate, trust: Trust, now: Date): Promise<Verdict> {
  const signed = parseSignedData(der);
  const certificate = signed.certificates.map((one) => parseCertificate(one))
    .find((one) => equal(one.subjectKeyIdentifier, signed.signer.subjectKeyIdentifier));
  if (certificate === undefined) throw refused('verdict-invalid', { what: 'certificate' });
  await verifySignedObject(signed, { contentType: OID.verdict, certificate: certificate.der, publicKey: certificate.publicKey });
  await requireIssuedByOwn(certificate, 'inspection', own, trust, now);
  const organisation = await entryInUse(trust, own);
  if (!organisation.inspections.some((hash) => equal(hash, certificate.spkiSha256))) throw refused('verdict-invalid', { what: 'signer' });
  const verdict = decodeVerdict(signed.eContent);
  if (verdict.organisation !== organisation.id) throw refused('verdict-invalid', { what: 'organisation' });
  return verdict;
}
