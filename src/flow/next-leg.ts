/**
 * What an organisation says in the leg that it makes of an arriving one. The key server signs these attributes; the
 * gateway writes them itself from what it verified, and countersigns only where both are the same to the byte: so neither
 * of them can say anything alone (design §1).
 */
import type { Bytes } from '../core/bytes.ts';
import { encodeSignedAttributes } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import type { Organisation } from '../wire/directory.ts';
import { sortAddresses } from '../wire/label.ts';
import { encodeLeg, type Inspection } from '../wire/leg.ts';
import { contentTypeOf } from './leg-content.ts';
import type { SignedLeg } from './verify-leg.ts';

export interface NextLeg {
  readonly purpose: 'transfer' | 'deliver';
  /** As the sender wrote them: for deliver exactly one. */
  readonly recipients: readonly string[];
  /** deliver: the mailbox that the recipient stands for. */
  readonly mailbox?: string | undefined;
  /** DER Labels of the new recipient infos, of all sealed parts. */
  readonly labels: readonly Bytes[];
  /** SHA-256 of the new eContent. */
  readonly messageDigest: Bytes;
  readonly inspections: readonly Inspection[];
  /** Who signs. */
  readonly organisation: Organisation;
  readonly certificate: Certificate;
  /** Counts to the second. */
  readonly signingTime: Date;
}

/** Recipients of a new leg and of its labels: on leg 3 the mailbox alone. */
export function legRecipients({ recipients, mailbox }: Pick<NextLeg, 'recipients' | 'mailbox'>): string[] {
  return mailbox === undefined ? sortAddresses(recipients) : [mailbox];
}

/** DER SET OF the signed attributes of the leg that follows `before` (docs/protocol.md §6). */
export async function nextSignedAttributes(before: SignedLeg, next: NextLeg): Promise<Bytes> {
  const { leg } = before;
  const { purpose, mailbox, organisation, inspections, signingTime } = next;
  const number = purpose === 'transfer' ? 2 : 3;
  const recipients = legRecipients(next);
  const [addressed] = next.recipients;
  return encodeSignedAttributes({
    contentType: contentTypeOf(leg.mode),
    messageDigest: next.messageDigest,
    signingTime,
    certificateHash: next.certificate.sha256,
    leg: encodeLeg({
      leg: number,
      purpose,
      mode: leg.mode,
      labelHashes: await Promise.all(next.labels.map((label) => sha256(label))),
      contentDigest: leg.contentDigest,
      sender: leg.sender,
      recipients,
      hidden: next.recipients.some((address) => leg.hidden.includes(address)) ? recipients : [],
      attestations: [...leg.attestations, { organisation: organisation.id, leg: number, signedAt: signingTime, inspections }],
      previous: await sha256(before.signer.der),
      ...(mailbox !== undefined && mailbox !== addressed && addressed !== undefined && { addressedAs: addressed }),
    }),
  });
}
