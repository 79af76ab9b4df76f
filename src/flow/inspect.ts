/** The inspection server's story: open what the gateway submits, judge it by the policy, sign the verdict. */
import type { Bytes } from '../core/bytes.ts';
import { signObject } from '../core/cms/signed-data.ts';
import { refused } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import type { HeldView } from '../wire/held.ts';
import type { Direction } from '../wire/leg.ts';
import { encodeVerdict, type Finding, recipientsHash, type Verdict } from '../wire/verdict.ts';
import { judgeAll, type Judgement, type JudgeParts, withoutHeld } from './judge.ts';
import { sealView, type Viewer } from './held-view.ts';
import { type Opener, openSubmission, type SubmissionForm } from './open-submission.ts';
import { approversFor } from './policy/inherit.ts';
import type { MailView } from './policy/view.ts';
import type { Clock } from './ports.ts';

/** A mail that waits for somebody to let it go. Addresses and codes only. */
export interface HeldMail {
  readonly contentDigest: Bytes;
  readonly leg: 1 | 2;
  readonly direction: Direction;
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly policy: string;
  readonly findings: readonly Finding[];
  readonly approvers: readonly string[];
  readonly since: Date;
  readonly until: Date;
}

/** What a decision is about: the same ciphertext from somebody else, or for others, is another mail. */
export type HeldIdentity = Pick<HeldMail, 'contentDigest' | 'leg' | 'direction' | 'sender' | 'recipients'>;

export type Decision = 'waiting' | 'approved' | 'rejected' | 'expired';

export interface HeldMails {
  /**
   * Records that the mail is held, unless it is on record, and gives what was decided. An approval holds for the codes that
   * the approver was told: with another one the mail waits again.
   */
  decision(mail: HeldMail): Promise<Decision>;
  /** Whether the mail was held before and may not go, whatever is found in it now. */
  refusal(mail: HeldIdentity): Promise<'rejected' | 'expired' | undefined>;
  /** The approvers who asked to see the mail while it waits, and have not seen it yet. */
  viewers(mail: HeldIdentity): Promise<readonly Viewer[]>;
  /** Keeps what is sealed to one of them, as long as the mail waits; `idOf` gives its number to whoever seals. */
  show(mail: HeldIdentity, viewer: Viewer, seal: (id: string) => Promise<Bytes>): Promise<void>;
}

export interface InspectionParts extends Opener, JudgeParts {
  /** The own organisation's identifier in the directory. */
  readonly organisation: string;
  readonly held: HeldMails;
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
 * organisation never goes out), and `unavailable` when scanner or directory cannot say.
 */
export async function inspect(parts: InspectionParts, { submission, form, leg, direction, sender }: InspectionRequest): Promise<Inspected> {
  if (leg === 2 && direction === 'outbound') throw refused('direction-invalid');
  const { policy, organisation, clock, scanner, reader, directory } = parts; // the policy may be replaced while this mail is looked at
  const { contents, contentDigest, recipients } = await openSubmission(submission, parts, form);
  try {
    const mail: HeldIdentity = { contentDigest, leg, direction, sender, recipients };
    const viewers = policy.approversSee === 'text' ? await parts.held.viewers(mail) : [];
    const judgement = await judgeAll(contents, direction, { sender, recipients }, { policy, scanner, reader, directory }, viewers.length > 0);
    const time = clock.now();
    const about = { contentDigest, leg, direction, sender, policy: policy.version };
    if (judgement.result === 'hold') for (const viewer of viewers) await show(judgement, mail, viewer, time, parts);
    const { result, findings } = judgement.result !== 'hold' ? await unlessRefused(judgement, parts.held, { ...about, recipients }) : await decided(judgement, parts.held, {
      ...about, recipients, findings: judgement.findings, since: time, until: new Date(time.getTime() + policy.holdHours * 3_600_000),
      approvers: approversFor(policy, direction, { sender, recipients }),
    });
    const verdict = { ...about, organisation, result, findings, time, recipients: await recipientsHash(recipients) };
    return { verdict, der: await sign(verdict, parts) };
  } finally {
    for (const content of contents) content.fill(0);
  }
}

/** To an approver alone: the server keeps nothing that it could open itself. */
async function show({ views }: Judgement, mail: HeldIdentity, viewer: Viewer, time: Date, { held, native, credential }: InspectionParts): Promise<void> {
  await held.show(mail, viewer, (id) => sealView(native, { type: 'held-view', id, time, views: views.map(writable) }, viewer, credential.certificate));
}

function writable({ pieces, places, cut }: MailView): HeldView['views'][number] {
  return { pieces: pieces.map((piece) => ({ ...piece, marks: [...piece.marks] })), places: [...places], cut };
}

type Said = Pick<Verdict, 'result' | 'findings'>;

const refusal = (code: string): Said => ({ result: 'refuse', findings: [{ code, part: 0 }] });

/** A mail that somebody sent back stays back, even if what held it is not found a second time. */
async function unlessRefused(judgement: Judgement, held: HeldMails, mail: HeldIdentity): Promise<Said> {
  if (judgement.result === 'refuse') return judgement;
  const refused = await held.refusal(mail);
  return refused === undefined ? judgement : refusal(refused === 'rejected' ? 'hold-rejected' : 'hold-expired');
}

/** What the verdict on a mail is that the policy holds back: what a second person said about it counts. */
async function decided(judgement: Judgement, held: HeldMails, mail: HeldMail): Promise<Said> {
  if (mail.approvers.length === 0) return refusal('hold-no-approver');
  switch (await held.decision(mail)) {
    case 'waiting': return judgement;
    case 'approved': return withoutHeld(judgement);
    case 'rejected': return refusal('hold-rejected');
    case 'expired': return refusal('hold-expired');
  }
}

function sign(verdict: Verdict, { credential: { key, certificate } }: InspectionParts): Promise<Bytes> {
  return signObject(
    { type: OID.verdict, value: encodeVerdict(verdict), signingTime: verdict.time },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
}
