/** What recovery makes of an old mail's ciphertext, as key server and member each compute it. */
import type { Bytes } from '../core/bytes.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import { encodeLabel } from '../wire/label.ts';
import type { SignedLeg } from './verify-leg.ts';

/** DER Label of one sealed part: purpose recover, for a member's key. No leg has an info with such a target, so it can be used for nothing else. */
export function recoveredLabel(target: Certificate, sealer: Certificate, digest: Bytes, { leg }: Pick<SignedLeg, 'leg'>): Bytes {
  return encodeLabel({
    purpose: 'recover', targetKey: target.spkiSha256, sealer: sealer.sha256, contentDigest: digest, recipients: leg.recipients,
  });
}
