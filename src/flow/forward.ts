/**
 * Forwarding without decrypting (docs/protocol.md §5.4): what was sealed for a reader is re-encrypted for his organisation, as
 * it is, and goes on under his own clear part and signature. Neither plaintext nor the key of the content ever exists
 * here; who wrote it stays verifiable by the delivery that it came with.
 */
import { type Bytes, equal } from '../core/bytes.ts';
import { reencryptOwn } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { sha256 } from '../core/digest.ts';
import type { NativeCrypto } from '../core/keys.ts';
import type { MixedMail } from '../mail/build.ts';
import { findCarrier } from '../mail/carrier.ts';
import { parseMime } from '../mail/mime.ts';
import { MAX_ORIGINS, MAX_SEALED_PARTS, type Origin } from '../wire/sealed-part.ts';
import { mixedContent } from './leg-content.ts';
import { type AddressedPart, type Addressing, addressPart, requireRecipients, type Sealed, sealPart, signLegOne } from './leg-one.ts';
import type { Credential } from './ports.ts';
import { newBoundary } from './seal.ts';
import type { Trust } from './trust.ts';
import { type LegPart, type VerifiedLeg, verifyLeg } from './verify-leg.ts';

export interface Forwarder {
  readonly native: NativeCrypto;
  /** The forwarder's keys with their certificates, former ones too. */
  readonly credentials: readonly Credential[];
  readonly trust: Trust;
  readonly now: Date;
}

/** What of a mail can be forwarded. */
export interface Forwardable {
  /** Of the mail as it was delivered: its one recipient must be the forwarder. */
  readonly leg: VerifiedLeg;
  /** The same for every reader: how many sealed parts there are to choose from; one where the whole mail is sealed. */
  readonly parts: number;
}

/**
 * Looks whether a mail, as it lies in the mailbox of `address`, can be forwarded without decrypting. Throws what verifying it
 * throws, and `not-forwardable` with `what`: `unsealed`, `not-delivered` (the sender's own copy, a leg on its way),
 * `not-addressed`, `hidden` (it came by Bcc: whoever forwards it would tell so), `nothing-sealed`, `origins` (forwarded too
 * often).
 */
async function forwardable(raw: Bytes, address: string, { trust, now }: Pick<Forwarder, 'trust' | 'now'>): Promise<Forwardable> {
  const carrier = findCarrier(parseMime(raw, 'outer'));
  if (carrier.kind === 'none') throw notForwardable('unsealed');
  const leg = await verifyLeg(carrier.cms, trust, now, 'signing-time');
  if (leg.leg.leg !== 3) throw notForwardable('not-delivered');
  if (leg.leg.recipients.join() !== address) throw notForwardable('not-addressed');
  if (leg.leg.hidden.length > 0) throw notForwardable('hidden');
  if (leg.parts.length === 0) throw notForwardable('nothing-sealed');
  return { leg, parts: leg.parts.length };
}

function notForwardable(what: string): SsmaxError {
  return refused('not-forwardable', { what });
}

export interface ForwardInput extends Addressing {
  /** The mail that is forwarded, RFC 5322, as it lies in the sender's mailbox. */
  readonly original: Bytes;
  /** Which of its sealed parts, from 0; all if absent. */
  readonly parts?: readonly number[];
  /** What the forwarder writes himself: text in clear, own attachments sealed. */
  readonly mail: MixedMail;
}

/**
 * Forwards a mail, or sealed attachments of it. Throws what `forwardable` and `sealMail` throw, `key-missing` (not-for-me),
 * `kem-invalid`, `too-many-attachments`.
 */
export async function forwardMail(forwarder: Forwarder, { original, parts, mail, ...addressing }: ForwardInput): Promise<Sealed> {
  requireRecipients(addressing);
  const { native } = forwarder;
  const [address = ''] = addressing.sender.certificate.emails;
  const { leg } = await forwardable(original, address, forwarder);
  const chosen = parts === undefined ? leg.parts : choose(leg.parts, parts);
  if (chosen.length + mail.attachments.length > MAX_SEALED_PARTS) throw refused('too-many-attachments', { maximum: MAX_SEALED_PARTS });
  const sealed: AddressedPart[] = [];
  for (const attachment of mail.attachments) sealed.push(await sealPart(native, attachment, addressing));
  for (const part of chosen) sealed.push(await forwardPart(forwarder, part, originOf(leg), addressing));
  const content = await mixedContent(newBoundary(native), mail.clear, sealed.map(({ part }) => part));
  return signLegOne('forward', content, sealed, addressing);
}

function choose(parts: readonly LegPart[], wanted: readonly number[]): LegPart[] {
  if (wanted.length === 0) throw notForwardable('nothing-sealed');
  return [...new Set(wanted)].map((index) => {
    const part = parts[index];
    if (part === undefined) throw notForwardable('part');
    return part;
  });
}

/** The delivery that this leg is, as evidence. */
function originOf({ signer, signedData, content }: VerifiedLeg): Origin {
  return {
    signerInfo: signer.der, certificates: signedData.certificates, ...(content.mixed !== undefined && { mixed: content.mixed.digests }),
  };
}

async function forwardPart({ native, credentials }: Forwarder, part: LegPart, origin: Origin, addressing: Addressing): Promise<AddressedPart> {
  const { body, digest, origins, recipients } = part;
  if (origins.length >= MAX_ORIGINS) throw notForwardable('origins');
  for (const { info, kemct, label } of recipients) {
    const credential = credentials.find(({ certificate }) => equal(certificate.spkiSha256, label.targetKey));
    if (credential === undefined) continue;
    const own = { kem: kemct, labelDigest: await sha256(kemct.label) };
    return addressPart({ body, digest, origins: [...origins, origin] }, addressing, 'forward', async (target, labelHash) => ({
      kem: await reencryptOwn(native, credential.key, own, target.publicKey, labelHash), encryptedKey: info.encryptedKey,
    }));
  }
  throw new SsmaxError('not-for-me', 'key-missing');
}
