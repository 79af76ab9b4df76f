/** Sealing: a MIME entity becomes leg 1, encrypted to the own organisation and to the sender, signed by the sender. */
import type { Bytes } from '../core/bytes.ts';
import { contentDigest, encodeAuthEnvelopedData, encryptContent } from '../core/cms/auth-enveloped-data.ts';
import { encodeKemRecipientInfo, wrapCek } from '../core/cms/kem-recipient-info.ts';
import { encodeSignedAttributes, encodeSignedData, encodeSignerInfo } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { encapsulate } from '../core/elgamal/index.ts';
import { refused } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { OID } from '../core/oids.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import { encodeKemct } from '../wire/kemct.ts';
import { encodeLabel, MAX_RECIPIENTS, type Purpose, sortAddresses } from '../wire/label.ts';
import { encodeLeg } from '../wire/leg.ts';
import type { Credential } from './ports.ts';

export interface SealInput {
  /** The inner MIME entity with its protected headers (src/mail/build.ts). */
  readonly entity: Bytes;
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

/** Seals a mail as leg 1 (docs/protocol.md §5, §6). Throws `no-recipients`, `too-many-recipients`, `sender-mismatch`. */
export async function sealMail(native: NativeCrypto, input: SealInput): Promise<Sealed> {
  const { sender, organisation } = input;
  const recipients = sortAddresses(input.recipients);
  if (recipients.length === 0) throw refused('no-recipients');
  if (recipients.length > MAX_RECIPIENTS) throw refused('too-many-recipients', { maximum: MAX_RECIPIENTS });
  const [address] = sender.certificate.emails;
  const { commonName, pseudonym } = sender.certificate.subject;
  if (address === undefined || commonName === undefined) throw refused('sender-mismatch');

  const cek = native.random(32);
  const body = await encryptContent(input.entity, cek, native.random(12));
  const digest = await contentDigest(body);
  const sealer = await sha256(sender.certificate.der);
  const recipientInfo = async (target: Certificate, purpose: Purpose): Promise<{ der: Bytes; labelHash: Bytes }> => {
    const label = encodeLabel({ purpose, targetKey: target.spkiSha256, sealer, contentDigest: digest, recipients });
    const labelHash = await sha256(label);
    const { secret, ...kem } = await encapsulate(native, target.publicKey, labelHash);
    const encryptedKey = await wrapCek(cek, secret, digest);
    const der = encodeKemRecipientInfo({
      subjectKeyIdentifier: target.subjectKeyIdentifier, kemct: encodeKemct({ ...kem, label }), ukm: digest, encryptedKey,
    });
    return { der, labelHash };
  };
  const infos = [await recipientInfo(organisation, 'seal'), await recipientInfo(sender.certificate, 'self')];

  const eContent = encodeAuthEnvelopedData(infos.map(({ der }) => der), body);
  const signedAttrs = encodeSignedAttributes({
    contentType: OID.authEnvelopedData,
    messageDigest: await sha256(eContent),
    signingTime: input.signingTime,
    certificateHash: sealer,
    leg: encodeLeg({
      leg: 1,
      purpose: 'seal',
      mode: 'protect-all',
      labelHashes: infos.map(({ labelHash }) => labelHash),
      contentDigest: digest,
      sender: { address, displayName: commonName, pseudonym: pseudonym !== undefined },
      recipients,
      hidden: sortAddresses(input.hidden),
      attestations: [],
    }),
  });
  const signature = await sender.key.sign(signedAttrs);
  const cms = encodeSignedData({
    eContentType: OID.authEnvelopedData,
    eContent,
    certificates: [sender.certificate.der],
    signerInfo: encodeSignerInfo(sender.certificate.subjectKeyIdentifier, signedAttrs, signature),
  });
  return { cms, contentDigest: digest };
}
