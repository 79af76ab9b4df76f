/**
 * Mail to readers outside SSMAX (docs/protocol.md §11.2): the clear part of a sign-only leg 1, byte for byte as its sender signed it,
 * under an S/MIME signature of the organisation. The key server makes the signature over a digest that it knows from the sender;
 * the gateway lets nothing go that it would not have asked for.
 */
import { type Bytes, equal } from '../core/bytes.ts';
import { encodeDetachedSignature } from '../core/cms/detached-signature.ts';
import { encodeSignedAttributes } from '../core/cms/signed-data.ts';
import { verifyEcdsa } from '../core/ecdsa.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { isSevenBitSafe } from '../mail/clear-signed.ts';
import type { OutsideSignature, SignOutsideRequest } from '../wire/relay.ts';
import { answerInvalid } from './deliveries.ts';
import { evidenceOf } from './evidence.ts';
import { requireIssuedByOwn } from './organisation-keys.ts';
import type { Trust } from './trust.ts';
import type { VerifiedLeg } from './verify-leg.ts';

/**
 * DER SET OF the signed attributes; they name nobody but the signer's certificate. The time is the sender's: of a mail that waited for
 * approval stock programs would find a later one too far from its Date (Thunderbird: an hour).
 */
export function outsideAttributes(
  { messageDigest, signingTime, certificate }: { messageDigest: Bytes; signingTime: Date; certificate: Certificate },
): Bytes {
  return encodeSignedAttributes({ contentType: OID.data, messageDigest, signingTime, certificateHash: certificate.sha256 });
}

interface Outgoing {
  readonly leg: VerifiedLeg;
  readonly verdicts: readonly Bytes[];
  /** The own organisation's certificate in use. */
  readonly organisation: Certificate;
  readonly trust: Trust;
  readonly now: Date;
  readonly sign: (request: SignOutsideRequest) => Promise<OutsideSignature>;
}

interface OutsideDeparture {
  readonly purpose: 'outside';
  readonly recipients: readonly string[];
  /** DER, detached. */
  readonly cms: Bytes;
  readonly hidden: boolean;
  readonly clear: Bytes;
}

/**
 * One signature for all. Throws `not-for-outside`, `outside-not-7bit`, `key-server-answer-invalid`, `organisation-changing`, and
 * what the key server refuses with.
 */
export async function departOutside(
  { leg, verdicts, organisation, trust, now, sign }: Outgoing, splits: readonly { readonly recipients: readonly string[] }[],
): Promise<OutsideDeparture[]> {
  const { mixed } = leg.content;
  if (leg.leg.mode !== 'sign-only' || mixed === undefined) throw refused('not-for-outside');
  // Else a mail server on the way would change it, and the reader be told that somebody did.
  if (!isSevenBitSafe(mixed.clear)) throw refused('outside-not-7bit');
  const { signedAttrs, signature, certificate: der } = await sign({ evidence: await evidenceOf(leg), verdicts: [...verdicts] });
  const signer = parseCertificate(der);
  await requireMailSigner(signer, leg, organisation, trust, now);
  const expected = outsideAttributes({ messageDigest: mixed.digests.clear, signingTime: leg.signer.attributes.signingTime, certificate: signer });
  if (!equal(expected, signedAttrs)) throw answerInvalid('signed attributes');
  if (!(await verifyEcdsa(signer.publicKey, signedAttrs, signature))) throw answerInvalid('signature');
  const cms = encodeDetachedSignature({ signer, signedAttrs, signature, chain: [organisation.der] });
  return splits.map(({ recipients }) => ({
    purpose: 'outside', recipients, cms, hidden: recipients.some((address) => leg.leg.hidden.includes(address)), clear: mixed.clear,
  }));
}

/** For the sender's address, and telling nothing of the sender but that: not who, nor by which certificate he signed. */
async function requireMailSigner(signer: Certificate, { leg, certificate: user }: VerifiedLeg, organisation: Certificate, trust: Trust, now: Date): Promise<void> {
  // The key server follows a renewed organisation's directory a moment before or after the gateway.
  if (!equal(signer.authorityKeyIdentifier, organisation.subjectKeyIdentifier)) throw new SsmaxError('unavailable', 'organisation-changing');
  await requireIssuedByOwn(signer, 'mail-signer', organisation, trust, now);
  if (signer.emails.join() !== leg.sender.address) throw answerInvalid('address');
  if (signer.subject.commonName !== organisation.subject.commonName || signer.subject.pseudonym !== undefined || equal(signer.publicKey, user.publicKey)) {
    throw answerInvalid('subject');
  }
}
