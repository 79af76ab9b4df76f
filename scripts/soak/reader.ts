/** One member who reads his mail as the plugin does: judges, opens, notes second deliveries, and removes it. */
import { createHash } from 'node:crypto';
import type { KnownAddress, SeenDelivery, SeenOrganisation } from '../../extension/member/records.ts';
import { note } from '../../extension/member/seen.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import type { Judgement } from '../../src/flow/open.ts';
import type { Trust } from '../../src/flow/trust.ts';
import { readContent } from '../../src/mail/content.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { memoryTable } from '../../test/memory-table.ts';
import type { Correspondent } from '../../test/scenario/correspondent.ts';
import type { StoredMessage } from '../world/imap.ts';
import { pause } from '../world/wait.ts';
import type { Ledger } from './ledger.ts';
import { fingerprint } from './mails.ts';

/** A mail that can be forwarded, with what its reader saw. */
export interface Kept {
  readonly raw: Bytes;
  readonly trust: Trust;
  readonly fingerprint: string;
}

/** How many of them, and bytes of the largest: a forward adds files of its own. */
const [KEEP, LARGEST] = [3, 5_000_000];
/** Milliseconds for which directory and CRLs are used again. */
const TRUST_LIFETIME = 20_000;

export class MailReader {
  readonly #tables = { deliveries: memoryTable<SeenDelivery>(), organisations: memoryTable<SeenOrganisation>(), correspondents: memoryTable<KnownAddress>() };
  readonly #read = new Set<string>();
  #trust: { readonly trust: Trust; readonly at: number } | undefined;

  /** The newest. */
  readonly kept: Kept[] = [];

  constructor(
    private readonly who: Correspondent,
    private readonly ledger: Ledger,
  ) {}

  /** Reads what comes until `over`, and what is there then. */
  async readUntil(over: () => boolean): Promise<void> {
    for (let last = false, complete = false; !last || !complete;) {
      last = over();
      complete = await this.#readAll();
      await pause(300);
    }
  }

  /** False if a server was dead for the moment: to be asked again. */
  async #readAll(): Promise<boolean> {
    try {
      const mailbox = this.who.mailbox();
      for (const message of await mailbox.list()) {
        // A mail that could not be removed the last time has been read all the same. Not by its UID: a Dovecot that was killed may give
        // another. The line that it adds is of one delivery only.
        const name = createHash('sha256').update(message.raw).digest('hex');
        if (!this.#read.has(name)) await this.#readOne(message);
        this.#read.add(name);
        await mailbox.delete('INBOX', [message.uid]);
      }
      return true;
    } catch (error) {
      if (!isPassing(error)) throw error;
      return false;
    }
  }

  async #readOne({ raw }: StoredMessage): Promise<void> {
    const { who, ledger } = this;
    const trust = await this.#freshTrust();
    const judgement = await who.judge(raw, { trust });
    if (judgement.state === 'cannot-check') throw new SsmaxError('unavailable', judgement.code);
    if (judgement.code === 'delivery-report') return this.#report(raw);
    const { contentDigest, deliveredTo, hidden, message, forwarded = [] } = judgement;
    if (judgement.state !== 'verified' || contentDigest === undefined || deliveredTo !== who.address || message === undefined) {
      ledger.problems.push(`${who.address} was shown: ${judgement.state}, ${judgement.code}, ${judgement.detail ?? ''}`);
      return;
    }
    const noted = await this.#noted(judgement, raw);
    const seen = [message, ...forwarded].map(({ headers, entity }) => (entity === undefined ? '' : fingerprint(headers?.subject ?? '', readContent(entity)))).join(' ');
    ledger.delivered(contentDigest, who.address, seen, noted);
    const what = ledger.find(contentDigest, who.address)?.what;
    if ((what !== 'plain' && what !== 'files') || hidden === true || raw.length > LARGEST) return;
    this.kept.push({ raw, trust, fingerprint: seen });
    this.kept.splice(0, this.kept.length - KEEP);
  }

  async #noted(judgement: Judgement, raw: StoredMessage['raw']): Promise<boolean> {
    const { duplicateOf } = await note(this.#tables, judgement, parseMime(raw, 'outer').headers, new Date());
    return duplicateOf !== undefined;
  }

  /** A delivery report of the other organisation's refusal: which mail, whose mailbox, which reason. */
  #report(raw: StoredMessage['raw']): void {
    const text = Buffer.from(raw).toString('latin1').replace(/\r\n[ \t]+/g, ' ');
    const digest = /^X-SSMAX-Content: ([0-9a-f]{64})/m.exec(text)?.[1];
    const recipients = [...text.matchAll(/^Final-Recipient: rfc822; *(\S+)/gim)].map((match) => match[1] ?? '');
    const refusal = /SSMAX-[a-z-]+/.exec(text)?.[0];
    if (digest === undefined || recipients.length === 0 || refusal === undefined) {
      this.ledger.problems.push(`${this.who.address} had a delivery report that says nothing`);
      return;
    }
    for (const recipient of recipients) {
      // Waiting is no refusal.
      if (refusal === 'SSMAX-inspection-hold' && this.ledger.find(digest, recipient)?.what === 'held') continue;
      this.ledger.refused(digest, recipient, refusal);
      const { due, what } = this.ledger.find(digest, recipient) ?? {};
      if (due !== 'reported' || refusal !== 'SSMAX-malware') this.ledger.problems.push(`${what ?? 'a mail'} to ${recipient} was refused on arrival: ${refusal}`);
    }
  }

  async #freshTrust(): Promise<Trust> {
    if (this.#trust === undefined || Date.now() - this.#trust.at > TRUST_LIFETIME) this.#trust = { trust: await this.who.trust(), at: Date.now() };
    return this.#trust.trust;
  }
}

/** What comes of a server that is dead for the moment. */
function isPassing(error: unknown): boolean {
  if (error instanceof SsmaxError) return error.kind === 'unavailable';
  return error instanceof Error && ('code' in error || /^\d{3} /.test(error.message));
}
