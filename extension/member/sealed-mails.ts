/**
 * What was sealed here and when. Unchanged content that is sent again goes out as the same sealed bytes, so that a
 * reader can tell a second copy; and a delivery report can name the mail it is about.
 */
import { type Bytes, equal, hex } from '../../src/core/bytes.ts';
import { lengthPrefixed, sha256 } from '../../src/core/digest.ts';
import type { Certificate } from '../../src/core/pki/certificate.ts';
import type { Table } from '../../src/flow/ports.ts';
import { type Draft, hidesSubject } from './draft.ts';
import type { SealedRecord } from './records.ts';

/** Sealed bytes may be sent for five days (requireFresh); some hours are left for the way. Milliseconds. */
const REUSABLE = 4 * 86_400_000;
/** How long a delivery report may come after its mail; milliseconds. */
const REMEMBERED = 90 * 86_400_000;
/** Unsent mails whose bytes are kept. */
const MAX_KEPT = 10;

/**
 * SHA-256 over everything that a reader would see of the draft, in hexadecimal, and over the certificates that it is sealed by and to: after
 * a change of one of them the former bytes would be refused.
 */
export async function fingerprintOf(draft: Draft, certificates: readonly Certificate[]): Promise<string> {
  const list = (values: readonly string[]): string => JSON.stringify(values);
  const files = [...draft.images, ...draft.attachments];
  const text = [
    draft.from, list(draft.to), list(draft.cc), list(draft.bcc), list(draft.replyTo), draft.subject, JSON.stringify([draft.text, draft.html]),
    list(files.map(({ name, type }) => `${name}\n${type}`)), String(draft.images.length), draft.mode ?? 'protect-all', String(hidesSubject(draft)),
  ];
  const digests = await Promise.all(files.map(({ bytes }) => sha256(bytes)));
  return hex(await sha256(...text.map(lengthPrefixed), ...digests, ...certificates.map((one) => one.sha256)));
}

export class SealedMails {
  readonly #table: Table<SealedRecord>;

  constructor(table: Table<SealedRecord>) {
    this.#table = table;
  }

  /** The sealed bytes of the same content, if they were made lately and may not have gone out. */
  async reusable(fingerprint: string, now: Date): Promise<{ cms: Bytes; contentDigest: string } | undefined> {
    const record = await this.#table.get(fingerprint);
    if (record?.cms === undefined) return undefined;
    const age = now.getTime() - record.sealedAt.getTime();
    if (age < 0 || age > REUSABLE) return undefined; // sealed by a clock that was ahead, or too long ago
    return { cms: record.cms, contentDigest: record.contentDigest };
  }

  /** Whether these are the sealed bytes of a mail that was sealed here and may not have gone out. */
  async isUnsent(cms: Bytes): Promise<boolean> {
    return (await this.#table.all()).some((record) => record.cms !== undefined && equal(record.cms, cms));
  }

  async remember(record: SealedRecord, now: Date): Promise<void> {
    await this.#table.put(record.fingerprint, record);
    await this.#prune(now);
  }

  /** The mail went: its bytes are no longer needed, its name is. */
  async sent(fingerprint: string, messageId: string | undefined): Promise<void> {
    const record = await this.#table.get(fingerprint);
    if (record === undefined) return;
    const { contentDigest, subject, sealedAt } = record;
    // Under another name, for the same content sent again is another mail.
    await this.#table.remove(fingerprint);
    await this.#table.put(contentDigest, { fingerprint: contentDigest, contentDigest, subject, sealedAt, ...(messageId !== undefined && { messageId }) });
  }

  /** The mail that a delivery report is about. */
  async find(about: { readonly messageId?: string; readonly contentDigest?: string }): Promise<SealedRecord | undefined> {
    const records = await this.#table.all();
    return records.find((record) =>
      (about.contentDigest !== undefined && record.contentDigest === about.contentDigest)
      || (about.messageId !== undefined && record.messageId === about.messageId));
  }

  async #prune(now: Date): Promise<void> {
    const records = [...await this.#table.all()].sort((a, b) => b.sealedAt.getTime() - a.sealedAt.getTime());
    const age = (record: SealedRecord): number => now.getTime() - record.sealedAt.getTime();
    const unsent = records.filter(({ cms }) => cms !== undefined);
    const stale = [...unsent.slice(MAX_KEPT), ...unsent.filter((record) => age(record) > REUSABLE), ...records.filter((record) => age(record) > REMEMBERED)];
    for (const { fingerprint } of stale) await this.#table.remove(fingerprint);
  }
}
