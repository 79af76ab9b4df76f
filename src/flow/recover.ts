/**
 * Recovery at the key server (design §3, docs/protocol-life.md §4): an old mail of a member who lost his key is re-encrypted to his
 * new one. The mail itself never comes here: the request holds its signature and the public half of one ciphertext.
 */
import { type Bytes, equal, hex } from '../core/bytes.ts';
import { decodeSignerInfo } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { reencrypt, verifyLabelProof } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto, OrganisationKey } from '../core/keys.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import { decodeKemHeader } from '../wire/kemct.ts';
import { decodeLabel, type Label, type Purpose } from '../wire/label.ts';
import type { RecoveryRequest } from '../wire/life-requests.ts';
import type { Reencrypted } from '../wire/relay.ts';
import { certificatesOf } from './organisation-keys.ts';
import { recoveredLabel } from './recovered-label.ts';
import type { Clock, SeenCiphertexts } from './ports.ts';
import type { Trust } from './trust.ts';
import { checkLabel, type SignedLeg, verifySigner } from './verify-leg.ts';

/** The registry, as far as recovery needs it. */
export interface RecoveryRegistry {
  /** The registry person that this key was certified for; undefined: nobody. */
  personOfKey(spkiHash: Bytes): Promise<string | undefined>;
  /** Since when this person is a member with this address; undefined: he is none. */
  memberSince(person: string, address: string): Promise<Date | undefined>;
  /**
   * Takes a mail that was signed at `signedAt` into the account of the person's open window; the same mail again is free.
   * Throws `recovery-not-open`, `recovery-quota`.
   */
  take(person: string, contentDigest: Bytes, signedAt: Date): Promise<void>;
  /** Leaves an entry in the audit chain. */
  recovered(person: string, contentDigest: Bytes, why: 'window' | 'enrolled-late'): Promise<void>;
}

export interface RecoveryParts {
  readonly native: NativeCrypto;
  /** The own certificate in use: the sealer of what is made. */
  readonly certificate: Certificate;
  /** The organisation's keys, all it ever had. */
  readonly keys: readonly OrganisationKey[];
  readonly trust: Trust;
  readonly registry: RecoveryRegistry;
  readonly seen: SeenCiphertexts;
  readonly clock: Clock;
}

/** The infos for the organisation's key, by leg. */
const RECOVERABLE: Readonly<Record<1 | 2 | 3, readonly Purpose[]>> = { 1: ['seal', 'forward'], 2: [], 3: ['recover'] };

/** Who asks: the certificate in force that signed the request, and the registry person it was issued to. */
export interface Requester {
  readonly certificate: Certificate;
  readonly person: string;
}

/**
 * Checks everything, then re-encrypts. Throws what verifying the leg throws, `recovery-not-yours` (another person's mail, or none
 * that this organisation can recover), `recovery-not-open`, `recovery-quota`, `ciphertext-reused`, `organisation-key-missing`.
 */
export async function recover(
  parts: RecoveryParts, { evidence, labels }: Pick<RecoveryRequest, 'evidence' | 'labels'>, requester: Requester,
): Promise<{ contentDigest: Bytes; target: Reencrypted }> {
  const { native, certificate, trust, registry } = parts;
  const [headerDer, ...more] = evidence.headers;
  if (headerDer === undefined || more.length > 0) throw refused('recipient-info-count');
  const header = decodeKemHeader(headerDer);
  const signer = decodeSignerInfo(evidence.signerInfo);
  const { signingTime } = signer.attributes;
  const signed = await verifySigner({
    signer, certificates: evidence.certificates, eContentDigest: undefined, trust, now: parts.clock.now(), at: signingTime,
  });
  if (signed.organisation.id !== certificate.subject.organisationId) throw refused('recovery-not-yours');
  const label = await signedLabel(signed, header.label);
  if (!RECOVERABLE[signed.leg.leg].includes(label.purpose)) throw refused('recovery-not-yours');
  const own = certificatesOf(signed.organisation).find(({ spkiSha256 }) => equal(spkiSha256, label.targetKey));
  if (own === undefined) throw refused('label-mismatch', { what: 'target' });
  const labelHash = await sha256(header.label);
  await verifyLabelProof(native, { publicKey: own.publicKey, c1: header.c1, labelDigest: labelHash }, header);

  const why = await requireSamePerson(signed, [header.label, ...labels], requester, registry);
  // A mail of several parts counts once.
  if (why === 'window') await registry.take(requester.person, signed.leg.contentDigest, signingTime);
  if (!equal(await parts.seen.record(header.c1, labelHash), labelHash)) throw refused('ciphertext-reused');
  const key = parts.keys.find(({ publicKey }) => equal(publicKey, own.publicKey));
  if (key === undefined) throw new SsmaxError('unavailable', 'organisation-key-missing');
  await registry.recovered(requester.person, signed.leg.contentDigest, why);
  const target = requester.certificate;
  const newLabel = recoveredLabel(target, certificate, label.contentDigest, signed);
  const [answer] = await reencrypt(native, key, header.c1, labelHash, [{ publicKey: target.publicKey, labelDigest: await sha256(newLabel) }]);
  if (answer === undefined) throw new SsmaxError('fault', 'index');
  const { c1prime, ...rest } = answer;
  return { contentDigest: label.contentDigest, target: { certificate: target.der, label: newLabel, c1: c1prime, ...rest } };
}

/** A label that the leg's signer signed, and that says what the leg says. */
async function signedLabel(signed: SignedLeg, der: Bytes): Promise<Label> {
  const [label, hash] = [decodeLabel(der), await sha256(der)];
  if (!signed.leg.labelHashes.some((one) => equal(one, hash))) throw refused('label-mismatch', { what: 'label hash' });
  await checkLabel(signed, label, label.contentDigest); // the part's, which the leg's signer signed with the label
  return label;
}

/**
 * The same registry person, not merely the same address: an address may have got another holder since, and a shared one has
 * several. Leg 1 was signed by him; leg 3 was delivered to a key of his, or kept for him until he enrolled.
 */
async function requireSamePerson(
  signed: SignedLeg, labels: readonly Bytes[], { person, certificate }: Requester, registry: RecoveryRegistry,
): Promise<'window' | 'enrolled-late'> {
  const { leg, signer } = signed;
  if (leg.leg === 1) {
    if (await registry.personOfKey(signed.certificate.spkiSha256) !== person) throw refused('recovery-not-yours');
    return 'window';
  }
  const [mailbox] = leg.recipients;
  if (mailbox === undefined || certificate.emails.join() !== mailbox) throw refused('recovery-not-yours');
  const deliveries: Label[] = [];
  for (const der of labels) {
    const label = await signedLabel(signed, der);
    if (label.purpose !== 'deliver') continue;
    if (await registry.personOfKey(label.targetKey) === person) return 'window';
    deliveries.push(label);
  }
  // Delivered to nobody's key, as all labels of the leg show: it waited for the members that the mailbox had then.
  const shown = new Set(await Promise.all(labels.map(async (der) => hex(await sha256(der)))));
  if (deliveries.length > 0 || !leg.labelHashes.every((hash) => shown.has(hex(hash)))) throw refused('recovery-not-yours');
  const since = await registry.memberSince(person, mailbox);
  if (since === undefined || since > signer.attributes.signingTime) throw refused('recovery-not-yours');
  return 'enrolled-late';
}
