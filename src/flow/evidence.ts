/** What the gateway shows its key server of an arriving leg: who signed what, and the public half of each ciphertext; never C2, never content. */
import { encodeKemHeader } from '../wire/kemct.ts';
import type { Evidence } from '../wire/relay.ts';
import { originsHash } from './leg-content.ts';
import { type LegPart, mainPurpose, onlyRecipient, type RecipientInfo, type VerifiedLeg, withoutC2 } from './verify-leg.ts';

/** The recipient info that the organisation re-encrypts a part from. */
export function mainRecipient({ leg }: VerifiedLeg, part: LegPart): RecipientInfo {
  return onlyRecipient(part, mainPurpose(leg, part.origins.length > 0));
}

export async function evidenceOf(leg: VerifiedLeg): Promise<Evidence> {
  const { mixed } = leg.content;
  return {
    signerInfo: leg.signer.der,
    certificates: [...leg.signedData.certificates],
    headers: leg.parts.map((part) => encodeKemHeader(withoutC2(mainRecipient(leg, part).kemct))),
    ...(mixed !== undefined && { mixed: {
      clear: mixed.digests.clear,
      parts: await Promise.all(leg.parts.map(async ({ digest, origins }) => {
        const hash = await originsHash(origins);
        return { digest, ...(hash !== undefined && { origins: hash }) };
      })),
    } }),
  };
}
