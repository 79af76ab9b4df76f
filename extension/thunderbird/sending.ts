/** Sending: every mail of an enrolled account is sealed as it leaves, or it does not leave. */
import { SsmaxError } from '../../src/core/error.ts';
import type { Mailbox } from '../../src/mail/address.ts';
import type { NotSentView } from '../host.ts';
import { type Draft, readMailbox } from '../member/draft.ts';
import { askRefusal } from '../member/refusal.ts';
import { loadSettings } from '../member/preferences.ts';
import { rememberCorrespondents } from '../member/correspondents.ts';
import { assessRisks, isUnusual } from '../member/risk.ts';
import { sealDraft, type SealParts } from '../member/seal.ts';
import { type Reason, reasonOf, reasonOfError } from '../ui/reasons.ts';
import { type BeforeSendAnswer, browserApi, type ComposeDetails, type SendInfo, type Tab, thunderbirdApi } from './api.ts';
import { addressesOf, carrierDetails, draftOf, holdsSealed, type Original, putSealed, readWindow, restore } from './compose.ts';
import { keepAlive } from './keep-alive.ts';
import { logFault } from './log.ts';
import { SendingDialog } from './sending-dialog.ts';
import { words } from './words.ts';

interface Held {
  readonly original: Original;
  readonly fingerprint: string;
  readonly contentDigest: string;
  readonly release: () => void;
}

export class Sending {
  readonly #member: SealParts;
  /** Sealed windows whose mail is on its way, by tab. In memory only: a member's text is never stored. */
  readonly dialog = new SendingDialog();
  readonly #held = new Map<number, Held>();

  constructor(member: SealParts) {
    this.#member = member;
  }

  /** For onBeforeSend. Never throws: a listener that does leaves the window locked for ever. */
  async beforeSend(tab: Tab, details: ComposeDetails): Promise<BeforeSendAnswer> {
    const release = keepAlive();
    const tabId = tab.id ?? -1;
    let original: Original | undefined;
    try {
      const current = await this.#unsealed(tabId, details);
      if (current === 'sealed') return undefined;
      this.dialog.begin(tabId, current.subject ?? '');
      original = await readWindow(tabId, current);
      const draft = await draftOf(original);
      await this.#settle(tabId, draft);
      await this.dialog.working(tabId, 0.2);
      const result = await sealDraft(this.#member, draft);
      if (result.kind === 'not-ours') return undefined;
      await this.dialog.working(tabId, 0.9);
      await putSealed(tabId, result.cms);
      this.#held.set(tabId, { original, fingerprint: result.fingerprint, contentDigest: result.contentDigest, release: keepAlive() });
      return { details: carrierDetails(original) };
    } catch (error) {
      await this.#cancelled(tabId, details, original, error);
      return { cancel: true };
    } finally {
      await this.dialog.end(tabId);
      release();
    }
  }

  /** What may still keep the member from sending: a second look at what is unusual, and a while to think again. */
  async #settle(tabId: number, draft: Draft): Promise<void> {
    const { ports, identities } = this.#member;
    const from = readMailbox(draft.from);
    if (await identities.signer(from.address) === undefined) return;
    const { riskCheck, manyOutsiders, sendDelay } = await loadSettings(ports);
    if (riskCheck) {
      const [to, cc, bcc] = [draft.to, draft.cc, draft.bcc].map((list) => list.map(readMailbox)) as [Mailbox[], Mailbox[], Mailbox[]];
      const risks = assessRisks({
        from, to, cc, bcc, subject: draft.subject, text: draft.text ?? '', attachments: draft.attachments, known: await ports.tables.correspondents.all(), manyOutsiders,
      });
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
    return await holdsSealed(tabId, details) ? 'sealed' : details;
  }

  async #cancelled(tabId: number, details: ComposeDetails, original: Original | undefined, error: unknown): Promise<void> {
    try {
      if (original !== undefined) await restore(tabId, original);
      if (error instanceof SsmaxError && error.code === 'sending-cancelled') return; // the member knows
      const reason = reasonOfError(words, error);
      if (reason.code === 'fault') logFault(error);
      await tell(details.subject ?? '', reason);
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
        await this.#member.sealed.sent(held.fingerprint, headerMessageId ?? undefined);
        await this.#remember(held.original);
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

  async #remember({ details }: Original): Promise<void> {
    const { to, cc, bcc } = addressesOf(details);
    const { tables, clock } = this.#member.ports;
    await rememberCorrespondents(tables, [...to, ...cc, ...bcc].map(readMailbox), clock.now());
  }

  /** Thunderbird has shown the server's English line; the organisation knows the reason in full. */
  async #explain({ original: { details }, contentDigest }: Held): Promise<void> {
    const from = readMailbox(typeof details.from === 'string' ? details.from : '');
    const refusal = await askRefusal(this.#member, from.address, contentDigest).catch(() => undefined);
    // The organisation knows of none, or cannot be asked: then the server refused for a reason of its own.
    await tell(details.subject ?? '', reasonOf(words, refusal?.code ?? 'smtp-refused', refusal?.params));
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

/** Reasons that a page can put right. */
const REMEDIES: Readonly<Record<string, NotSentView['remedy']>> = {
  'key-locked': 'unlock',
  'not-enrolled': 'enrol', 'not-configured': 'enrol', 'certificate-expired': 'enrol', 'certificate-revoked': 'enrol', 'key-mismatch': 'enrol',
  'lists-not-allowed': 'allow-lists',
};

async function tell(subject: string, reason: Reason): Promise<void> {
  const remedy = REMEDIES[reason.code];
  const view: NotSentView = { subject, reason, ...(remedy !== undefined && { remedy }) };
  const url = `${browserApi.runtime.getURL('not-sent.html')}#${encodeURIComponent(JSON.stringify(view))}`;
  await browserApi.windows.create({ type: 'popup', url, width: 560, height: 420 });
}
