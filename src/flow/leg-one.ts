/** What every sender's mail has in common, whatever is sealed in it: labels, recipient infos, the signature of leg 1. */
import type { Bytes } from '../core/bytes.ts';
import { contentDigest, encryptContent } from '../core/cms/auth-enveloped-data.ts';
import { encodeKemRecipientInfo, wrapCek } from '../core/cms/kem-recipient-info.ts';
import { encodeSignedAttributes, encodeSignedData, encodeSignerInfo } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { encapsulate, type KemCiphertext } from '../core/elgamal/index.ts';
import { refused } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import { encodeKemct } from '../wire/kemct.ts';
import { encodeLabel, MAX_RECIPIENTS, type Purpose, sortAddresses } from '../wire/label.ts';
import { encodeLeg, type Mode } from '../wire/leg.ts';
import { contentTypeOf, type LegContent, legContentPieces, type SealedPart } from './leg-content.ts';
import type { Credential } from './ports.ts';

/** Who sends to whom. */
export interface Addressing {
  /** All recipients, normalised, Bcc included. */
  readonly recipients: readonly string[];
  /** Those of them that are addressed by Bcc. */
  readonly hidden: readonly string[];
  readonly sender: Credential;
  /** The sender's own organisation. */
  readonly organisation: Certificate;
  readonly signingTime: Date;
}

export interface Sealed {
  /** DER ContentInfo{SignedData}: the carrier's attachment. */
  readonly cms: Bytes;
  /** The message's identity on all legs, 32 bytes. */
  readonly contentDigest: Bytes;
}

/** A sealed part on leg 1: its recipient infos, and the hashes of their labels. */
export interface AddressedPart {
  readonly part: SealedPart;
  readonly infos: readonly Bytes[];
  readonly labelHashes: readonly Bytes[];
}

/** Throws `no-recipients`, `too-many-recipients`. */
export function requireRecipients({ recipients }: Addressing): void {
  if (recipients.length === 0) throw refused('no-recipients');
  if (sortAddresses(recipients).length > MAX_RECIPIENTS) throw refused('too-many-recipients', { maximum: MAX_RECIPIENTS });
}

/** A recipient info for each target: `encrypt` makes its KEM ciphertext and wrapped key, bound to the label. */
export async function addressPart(
  part: SealedPart, { recipients, sender, organisation }: Addressing, purpose: 'seal' | 'forward',
  encrypt: (target: Certificate, labelHash: Bytes) => Promise<{ kem: KemCiphertext; encryptedKey: Bytes }>,
): Promise<AddressedPart> {
  const targets: readonly [Certificate, Purpose][] = [[organisation, purpose], [sender.certificate, 'self']];
  const made = await Promise.all(targets.map(async ([target, use]) => {
    const label = encodeLabel({
      purpose: use, targetKey: target.spkiSha256, sealer: sender.certificate.sha256, contentDigest: part.digest, recipients: sortAddresses(recipients),
    });
    const labelHash = await sha256(label);
    const { kem, encryptedKey } = await encrypt(target, labelHash);
    const info = encodeKemRecipientInfo({
      subjectKeyIdentifier: target.subjectKeyIdentifier, kemct: encodeKemct({ ...kem, label }), ukm: part.digest, encryptedKey,
    });
    return { info, labelHash };
  }));
  return { part, infos: made.map(({ info }) => info), labelHashes: made.map(({ labelHash }) => labelHash) };
}

/** Encrypts an entity under a key of its own, for the organisation and for the sender. */
export async function sealPart(native: NativeCrypto, entity: Bytes, addressing: Addressing): Promise<AddressedPart> {
  const cek = native.random(32);
  const body = await encryptContent(entity, cek, native.random(12));
  const digest = await contentDigest(body);
  return addressPart({ body, digest, origins: [] }, addressing, 'seal', async (target, labelHash) => {
    const { secret, ...kem } = await encapsulate(native, target.publicKey, labelHash);
    return { kem, encryptedKey: await wrapCek(cek, secret, digest) };
  });
}

/** Signs leg 1. Throws `sender-mismatch` for a certificate that is no user's. */
export async function signLegOne(mode: Mode, content: LegContent, parts: readonly AddressedPart[], addressing: Addressing): Promise<Sealed> {
  const { sender: { certificate, key }, recipients, hidden, signingTime } = addressing;
  const [address] = certificate.emails;
  const { commonName, pseudonym } = certificate.subject;
  if (address === undefined || commonName === undefined) throw refused('sender-mismatch');
  const eContentType = contentTypeOf(mode);
  const eContent = legContentPieces(content, parts.map(({ infos }) => infos));
  const signedAttrs = encodeSignedAttributes({
    contentType: eContentType,
    messageDigest: await sha256(...eContent),
    signingTime,
    certificateHash: certificate.sha256,
    leg: encodeLeg({
      leg: 1,
      purpose: 'seal',
      mode,
      labelHashes: parts.flatMap(({ labelHashes }) => labelHashes),
      contentDigest: content.contentDigest,
      sender: { address, displayName: commonName, pseudonym: pseudonym !== undefined },
      recipients: sortAddresses(recipients),
      hidden: sortAddresses(hidden),
      attestations: [],
    }),
  });
  const cms = encodeSignedData({
    eContentType,
    eContent,
    certificates: [certificate.der],
    signerInfo: encodeSignerInfo(certificate.subjectKeyIdentifier, signedAttrs, await key.sign(signedAttrs)),
  });
  return { cms, contentDigest: content.contentDigest };
}
