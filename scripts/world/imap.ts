/** The few IMAP operations that tests and the demo need (RFC 9051), each on a connection of its own, without TLS. */
import { ImapFlow } from 'imapflow';
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { Account } from './dovecot.ts';
import { until } from './wait.ts';

export interface StoredMessage {
  readonly uid: number;
  /** Such as `\Seen`. */
  readonly flags: readonly string[];
  /** The message exactly as it is stored, lines ended by CR LF. */
  readonly raw: Bytes;
}

/** Somebody's mail on a server on loopback. Folder names are as the server has them: `INBOX`, `Sent`, `Drafts`, `Trash`. */
export class MailStore {
  constructor(
    readonly port: number,
    readonly account: Account,
  ) {}

  /** All messages of a folder, oldest first. */
  list(folder = 'INBOX'): Promise<StoredMessage[]> {
    return this.#connected((client) => inFolder(client, folder, () => fetchAll(client)));
  }

  /**
   * Waits until the folder holds at least `count` messages, and gives them all. Throws `wait-timed-out` (kind
   * `unavailable`) after `withinMs` (50,000 unless told).
   */
  waitFor(count: number, options: { readonly folder?: string; readonly withinMs?: number } = {}): Promise<StoredMessage[]> {
    const { folder = 'INBOX', withinMs = 50_000 } = options;
    return this.#connected(async (client) => {
      const enough = async (): Promise<boolean> => ((await client.status(folder, { messages: true })).messages ?? 0) >= count;
      await until(enough, { what: `${count} messages in ${folder} of ${this.account.address}`, withinMs, everyMs: 50 });
      return inFolder(client, folder, () => fetchAll(client));
    });
  }

  /** Puts a message (CR LF line ends) into a folder as it is, past every gateway. */
  async append(raw: Uint8Array, folder = 'INBOX', flags: readonly string[] = []): Promise<void> {
    await this.#connected((client) => client.append(folder, Buffer.from(raw), [...flags]));
  }

  /** Removes the messages with these UIDs for good; all of the folder without `uids`. */
  async delete(folder = 'INBOX', uids?: readonly number[]): Promise<void> {
    if (uids?.length === 0) return;
    await this.#connected((client) => inFolder(client, folder, () => client.messageDelete(uids?.join(',') ?? '1:*', { uid: true })));
  }

  async #connected<T>(work: (client: ImapFlow) => Promise<T>): Promise<T> {
    const client = new ImapFlow({
      host: '127.0.0.1',
      port: this.port,
      secure: false,
      doSTARTTLS: false,
      auth: { user: this.account.address, pass: this.account.password },
      logger: false,
      disableAutoIdle: true,
    });
    client.on('error', () => undefined); // the close tells
    // When the server is killed, the library leaves some of what is under way unanswered.
    const closed = new Promise<never>((_, reject) => client.once('close', () => { reject(new Error('closed by the server')); }));
    closed.catch(() => undefined);
    try {
      return await Promise.race([client.connect().then(() => work(client)), closed]);
    } catch (cause) {
      if (cause instanceof SsmaxError) throw cause;
      throw new SsmaxError('unavailable', 'imap-failed', { account: this.account.address, port: this.port }, { cause });
    } finally {
      client.close();
    }
  }
}

async function inFolder<T>(client: ImapFlow, folder: string, work: () => Promise<T>): Promise<T> {
  const lock = await client.getMailboxLock(folder);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

async function fetchAll(client: ImapFlow): Promise<StoredMessage[]> {
  // Of an empty folder, 1:* is a syntax error.
  if (typeof client.mailbox === 'boolean' || client.mailbox.exists === 0) return [];
  const fetched = await client.fetchAll('1:*', { uid: true, flags: true, source: true });
  return fetched.map(({ uid, flags, source }) => ({ uid, flags: [...(flags ?? [])], raw: new Uint8Array(source ?? []) }));
}
