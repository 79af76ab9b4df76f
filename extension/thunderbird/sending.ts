/** Sending: every mail of an enrolled account is sealed as it leaves, or it does not leave. */
import { refused, SsmaxError } from '../../src/core/error.ts';
import { domainOf, type Mailbox } from '../../src/mail/address.ts';
import { matchesDomain } from '../../src/wire/sending-policy.ts';
import { type Draft, HIDDEN_SUBJECT, hidesSubject, readMailbox } from '../member/draft.ts';
import { requireBackup } from '../member/copies.ts';
import { isMarked } from '../member/forward.ts';
import { effectiveMode, type Plan, Planner, requirePermitted } from '../member/plan.ts';
import { askRefusal } from '../member/refusal.ts';
import { requireProtectedKey } from '../member/lock-demand.ts';
import { loadSettings } from '../member/preferences.ts';
import { rememberCorrespondents } from '../member/correspondents.ts';
import { assessRisks, isUnusual, type MailRisk } from '../member/risk.ts';
import { isOurs, sealDraft, type SealParts } from '../member/seal.ts';
import { refuseSealedFiles } from '../member/sealed-files.ts';
import { reasonOf, reasonOfError } from '../ui/reasons.ts';
import { type BeforeSendAnswer, type ComposeDetails, type SendInfo, type Tab, thunderbirdApi } from './api.ts';
import { choices } from './choices.ts';
import { addressesOf, carrierDetails, draftOf, type Original, putSealed, readWindow, restore, sealedAlone } from './compose.ts';
import { doubtful } from './doubtful.ts';
import { explain } from './explanations.ts';
import { addressOf } from './identity-of.ts';
import { keepAlive } from './keep-alive.ts';
import { openedContent } from './opened-content.ts';
import { logFault } from './log.ts';
import { redirects } from './redirects.ts';
import { SendingDialog } from './sending-dialog.ts';
import { words } from './words.ts';

/** How far the work is before the mail is sealed, and after; what is left is to put it into the window. */
const [SEALING, SEALED] = [0.1, 0.9];

interface Held {
  readonly original: Original;
  readonly fingerprint: string;
  readonly contentDigest: string;
  /** The mode, where the member chose it for this mail. */
  readonly chosen: Draft['mode'];
  readonly release: () => void;
}

interface Neighbours {
  readonly filled?: (tabId: number) => Promise<boolean>;
  readonly sent?: (tabId: number) => Promise<void>;
  readonly unlocked?: () => Promise<void>;
}

export class Sending {
  readonly #member: SealParts;
  /** Sealed windows whose mail is on its way, by tab. In memory only: a member's text is never stored. */
  readonly dialog = new SendingDialog();
  readonly #held = new Map<number, Held>();
  readonly #planner: Planner;
  readonly #onSent: (tabId: number) => Promise<void>;
  readonly #filled: (tabId: number) => Promise<boolean>;
  readonly #unlocked: () => Promise<void>;

  /**
   * `filled`: waits until nobody else writes into a window (an answer's quotation may still come), and says whether it had to; what was
   * written after the seal would go in clear. `unlocked`: asks for the passphrase of a locked key, throws where it is not given. `sent` hears of the windows whose mail went.
   */
  constructor(member: SealParts, planner = new Planner(member), { filled = () => Promise.resolve(false), sent = () => Promise.resolve(), unlocked = () => Promise.resolve() }: Neighbours = {}) {
    this.#member = member;
    this.#planner = planner;
    this.#filled = filled;
    this.#onSent = sent;
    this.#unlocked = unlocked;
  }

  /** For onBeforeSend. Never throws: a listener that does leaves the window locked for ever. */
  async beforeSend(tab: Tab, details: ComposeDetails): Promise<BeforeSendAnswer> {
    const release = keepAlive();
    const tabId = tab.id ?? -1;
    let original: Original | undefined;
    let signedOnly: readonly string[] = [];
    try {
      const current = await this.#unsealed(tabId, await this.#filled(tabId) ? await thunderbirdApi.compose.getComposeDetails(tabId) : details);
      if (current === 'sealed') return undefined;
      // Another account's lists, and its own encryption, are none of our business.
      if (!(await isOurs(this.#member, addressesOf(current).from, await addressOf(current.identityId)))) {
        await requireUnopened(tabId, addressesOf(current).from);
        return undefined;
      }
      if (current.type === 'redirect') await requireLooked(tabId);
      this.dialog.begin(tabId, current.subject ?? '');
      original = await readWindow(tabId, current);
      const written = await draftOf(original);
      await this.#keyReady(written.from);
      await this.dialog.working(tabId, 0.05);
      const choice = await choices.of(tabId);
      const plan = await this.dialog.during(tabId, this.#planner.plan(written, choice, isFresh(current)));
      signedOnly = plan?.signedOnly ?? [];
      const draft = planned(written, plan);
      await this.#settle(tabId, draft, plan, choice.answersHidden);
      await this.dialog.working(tabId, SEALING);
      const result = await this.dialog.during(tabId, sealDraft(this.#member, draft, (done) => this.dialog.progress(tabId, SEALING + done * (SEALED - SEALING))));
      // It was ours a moment ago, and whoever waited for it was told what happens to it: it does not go in clear now.
      if (result.kind === 'not-ours') throw refused('not-enrolled', { address: readMailbox(draft.from).address });
      await this.dialog.working(tabId, SEALED);
      await putSealed(tabId, result.cms);
      await this.dialog.working(tabId, 1); // the last moment: from here on it is Thunderbird's
      this.#held.set(tabId, { original, fingerprint: result.fingerprint, contentDigest: result.contentDigest, chosen: plan?.origin === 'chosen' ? draft.mode : undefined, release: keepAlive() });
      return { details: carrierDetails(original, hidesSubject(draft) ? HIDDEN_SUBJECT : undefined) };
    } catch (error) {
      await this.#cancelled(tabId, details, original, error, signedOnly);
      return { cancel: true };
    } finally {
      await this.dialog.end(tabId);
      release();
    }
  }

  /** Nothing can be sealed, nor the organisation asked what may be sent, while the key is locked. */
  async #keyReady(from: string): Promise<void> {
    const { address } = readMailbox(from);
    if (await this.#member.identities.signer(address) === undefined) return;
    await requireProtectedKey(this.#member, address);
    await requireBackup(this.#member, address);
    await this.#unlocked();
  }

  /** What may still keep the member from sending: a second look at what is unusual, and a while to think again. */
  async #settle(tabId: number, draft: Draft, plan: Plan | undefined, answersHidden = false): Promise<void> {
    const { ports } = this.#member;
    const from = readMailbox(draft.from);
    if (plan === undefined) return;
    const { riskCheck, unchecked, manyOutsiders, sendDelay } = await loadSettings(ports);
    // Less than whole protection only because it was so the last time: that is asked in any case.
    // So is that nothing is encrypted, as nobody outside could open it.
    // And so is an answer to a mail with a problem.
    const doubt = await doubtful.of(tabId);
    const doubted: MailRisk[] = doubt === 'reply' ? [{ kind: 'answers-problem', recipients: [...draft.to, ...draft.cc, ...draft.bcc].map((entry) => readMailbox(entry).address) }] : doubt === 'forward' ? [{ kind: 'forwards-problem' }] : [];
    const readable: MailRisk[] = plan.origin === 'outside' ? [{ kind: 'outside' }] : plan.origin === 'remembered' && draft.mode !== undefined && draft.mode !== 'protect-all' ? [{ kind: 'readable', mode: draft.mode }] : [];
    // So is that a subject comes out which another hid, as no mode but whole protection hides any (RFC 9788 §2.1: what is signed only is `clear`).
    const uncovered: MailRisk[] = answersHidden && plan.hideSubject && !hidesSubject(draft) ? [{ kind: 'subject-shown' }] : [];
    const always = [...doubted, ...readable, ...uncovered];
    if (riskCheck || always.length > 0) {
      const [to, cc, bcc] = [draft.to, draft.cc, draft.bcc].map((list) => list.map(readMailbox)) as [Mailbox[], Mailbox[], Mailbox[]];
      const found = !riskCheck ? { recipients: [], mail: [] } : assessRisks({
        from, to, cc, bcc, subject: draft.subject, text: draft.text ?? '', attachments: draft.attachments, known: await ports.tables.correspondents.all(), manyOutsiders, unchecked,
      });
      const risks = { ...found, mail: [...always, ...found.mail] };
      if (isUnusual(risks)) await this.dialog.confirm(tabId, risks);
    }
    if (sendDelay > 0) await this.dialog.delay(tabId, sendDelay);
  }

  /** What the member wrote, where an earlier attempt left its seal in the window. */
  async #unsealed(tabId: number, details: ComposeDetails): Promise<ComposeDetails | 'sealed'> {
    const held = this.#take(tabId);
    if (held !== undefined) {
      await restore(tabId, held.original);
      return await thunderbirdApi.compose.getComposeDetails(tabId);
    }
    // Sealed before this program was ended: it may go as it is, but not with a word or a file beside it, which nobody would seal.
    const cms = await sealedAlone(tabId, details);
    return cms !== undefined && await this.#member.sealed.isUnsent(cms) ? 'sealed' : details;
  }

  async #cancelled(tabId: number, details: ComposeDetails, original: Original | undefined, error: unknown, signedOnly: readonly string[]): Promise<void> {
    try {
      if (original !== undefined) await restore(tabId, original);
      if (error instanceof SsmaxError && error.code === 'sending-cancelled') return; // the member knows
      const reason = reasonOfError(words, error);
      if (reason.code === 'fault') logFault(error);
      await explain(details.subject ?? '', reason, 'sending', canSplit(error, signedOnly) ? tabId : undefined);
    } catch (second) {
      logFault(second); // whatever else went wrong, the mail must stay
    }
  }

  /** For onAfterSend: forgets what has gone, restores what has not. */
  async afterSend(tab: Tab, info: SendInfo): Promise<void> {
    const tabId = tab.id ?? -1;
    const held = this.#take(tabId);
    if (held === undefined) return;
    const release = keepAlive();
    try {
      const { headerMessageId, error, mode } = info;
      // Seen: a refusal by the server comes without an error, but without a Message-ID too.
      const gone = error === undefined && (mode !== 'sendNow' || (headerMessageId ?? '') !== '');
      if (gone) {
        try {
          await this.#member.sealed.sent(held.fingerprint, headerMessageId ?? undefined);
          await this.#remember(held);
        } finally {
          await this.#onSent(tabId); // it is gone, whether or not that could be written down
        }
        return;
      }
      await restore(tabId, held.original);
      // With an error it never reached a server: Thunderbird or the member stopped it.
      if (error === undefined) await this.#explain(held);
    } catch (second) {
      logFault(second);
    } finally {
      release();
    }
  }

  async #remember({ original: { details }, chosen }: Held): Promise<void> {
    const { to, cc, bcc } = addressesOf(details);
    const { tables, clock } = this.#member.ports;
    await rememberCorrespondents(tables, [...to, ...cc, ...bcc].map(readMailbox), clock.now(), chosen);
  }

  /** Thunderbird has shown the server's English line; the organisation knows the reason in full. */
  async #explain({ original: { details }, contentDigest }: Held): Promise<void> {
    const from = readMailbox(typeof details.from === 'string' ? details.from : '');
    const refusal = await askRefusal(this.#member, from.address, contentDigest).catch(() => undefined);
    // The organisation knows of none, or cannot be asked: then the server refused for a reason of its own.
    await explain(details.subject ?? '', reasonOf(words, refusal?.code ?? 'smtp-refused', refusal?.params));
  }

  #take(tabId: number): Held | undefined {
    const held = this.#held.get(tabId);
    this.#held.delete(tabId);
    held?.release();
    return held;
  }

  /** The window was closed: nothing to restore any more. */
  closed(tabId: number): void {
    this.#take(tabId);
  }
}

/** What was opened here goes sealed again or not at all. Throws `opened-content-outside`. */
async function requireUnopened(tabId: number, from: string): Promise<void> {
  const address = await openedContent.of(tabId);
  if (address !== undefined) throw refused('opened-content-outside', { from: readMailbox(from).address, address });
}

/** Another's text goes as a member's mail only where it is said whose it is: not where the sender was changed to the member afterwards. Throws `redirect-by-another`. */
async function requireLooked(tabId: number): Promise<void> {
  if (!(await redirects.looked(tabId))) throw refused('redirect-by-another');
}

/** Whether those outside may be written to in a mail of their own. */
function canSplit(error: unknown, signedOnly: readonly string[]): boolean {
  if (!(error instanceof SsmaxError) || error.code !== 'recipients-mixed') return false;
  return String(error.params['addresses']).split(', ').every((address) => matchesDomain(signedOnly, domainOf(address)));
}

/** Written from nothing: no answer, no draft, no mail that is sent once more. */
export function isFresh({ type, relatedMessageId }: ComposeDetails): boolean {
  return (type ?? 'new') === 'new' && relatedMessageId === undefined;
}

/** The draft as it will go. Throws what requirePermitted throws. */
function planned(draft: Draft, plan: Plan | undefined): Draft {
  // What is passed on unopened has a mode of its own.
  if (plan === undefined || draft.attachments.some(isMarked)) return draft;
  requirePermitted(plan);
  refuseSealedFiles(draft.attachments);
  return { ...draft, mode: effectiveMode(plan.mode, draft), hideSubject: plan.hideSubject, ...(plan.origin === 'outside' && { signedOnly: plan.signedOnly }) };
}
