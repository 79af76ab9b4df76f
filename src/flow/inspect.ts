/** The inspection server's story: open what the gateway submits, judge it by the policy, sign the verdict. */
import type { Bytes } from '../core/bytes.ts';
import { signObject } from '../core/cms/signed-data.ts';
import { refused } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import type { Direction } from '../wire/leg.ts';
import { encodeVerdict, type Verdict } from '../wire/verdict.ts';
import { judgeAll, type Policy, type Scanner } from './judge.ts';
import { type Opener, openSubmission, type SubmissionForm } from './open-submission.ts';
import type { Clock } from './ports.ts';

export interface InspectionParts extends Opener {
  /** The own organisation's identifier in the directory. */
  readonly organisation: string;
  readonly policy: Policy;
  readonly scanner: Scanner;
  readonly clock: Clock;
}

export interface InspectionRequest {
  /** A leg's content, sealed for this server's key. */
  readonly submission: Bytes;
  readonly form: SubmissionForm;
  /** The leg as it arrived at the gateway. */
  readonly leg: 1 | 2;
  readonly direction: Direction;
  /** The certified address, as the gateway verified it. */
  readonly sender: string;
}

export interface Inspected {
  readonly verdict: Verdict;
  /** DER SignedData over the verdict: the answer to the gateway. */
  readonly der: Bytes;
}

/**
 * Inspects one mail in one direction. Throws what `openSubmission` throws, `direction-invalid` (what arrives from another
 * organisation never goes out), and `unavailable` when the scanner cannot say.
 */
export async function inspect(parts: InspectionParts, { submission, form, leg, direction, sender }: InspectionRequest): Promise<Inspected> {
  if (leg === 2 && direction === 'outbound') throw refused('direction-invalid');
  const { policy, organisation, clock } = parts; // the policy may be replaced while this mail is looked at
  const { contents, contentDigest } = await openSubmission(submission, parts, form);
  try {
    const { result, findings } = await judgeAll(contents, direction, policy, parts.scanner);
    const verdict = { contentDigest, leg, direction, organisation, policy: policy.version, result, findings, time: clock.now(), sender };
    return { verdict, der: await sign(verdict, parts) };
  } finally {
    for (const content of contents) content.fill(0);
  }
}

function sign(verdict: Verdict, { credential: { key, certificate } }: InspectionParts): Promise<Bytes> {
  return signObject(
    { type: OID.verdict, value: encodeVerdict(verdict), signingTime: verdict.time },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
}
