/**
 * Re-injection into the local MTA's queue. All copies are streamed before any final dot is sent, so that a copy can be
 * doubled only between the queue's 250 and ours (design §2). Loopback only; no TLS.
 *
 * A mail thus holds a connection for each copy until the last is open, and the MTA serves a limited number of them: mails
 * that waited for each other's would all wait in vain. So each mail gets all the connections it needs, or waits with none.
 */
import { PassThrough } from 'node:stream';
import { once } from 'node:events';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { SsmaxError } from '../../core/error.ts';
import type { StreamedMail } from '../../mail/carrier.ts';

export interface Hop {
  readonly host: string;
  readonly port: number;
  /** For each reply awaited; milliseconds. */
  readonly deadline: number;
}

/** One copy with its envelope. */
export interface Copy {
  readonly from: string;
  readonly recipients: readonly string[];
  /** Called when its turn has come: one copy at a time is in memory. */
  readonly mail: () => StreamedMail;
  /** DSN parameters (RFC 3461) as they came; RET is always HDRS, so that no sealed content is returned. */
  readonly notify?: readonly string[];
  readonly envelopeId?: string;
  readonly originalClient?: { readonly address: string; readonly helo: string };
}

interface Open {
  readonly connection: SMTPConnection;
  readonly body: PassThrough;
  /** The queue's last reply. */
  readonly sent: Promise<string>;
}

function failed(cause: unknown): SsmaxError {
  return new SsmaxError('unavailable', 'queue-unavailable', {}, { cause });
}

async function start(hop: Hop, copy: Copy, size: number): Promise<Open> {
  const connection = new SMTPConnection({
    host: hop.host, port: hop.port, secure: false, ignoreTLS: true, name: 'gateway', connectionTimeout: hop.deadline,
    greetingTimeout: hop.deadline, socketTimeout: hop.deadline,
  });
  await new Promise<void>((resolve, reject) => {
    connection.once('error', reject);
    connection.connect((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  const body = new PassThrough();
  const sent = new Promise<string>((resolve, reject) => {
    connection.once('error', reject);
    connection.once('end', () => { reject(new Error('connection closed')); });
    const envelope = {
      from: copy.from,
      to: [...copy.recipients],
      size,
      dsn: {
        ret: 'HDRS' as const,
        ...(copy.notify !== undefined && { notify: [...copy.notify] as ('NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY')[] }),
        ...(copy.envelopeId !== undefined && { envid: copy.envelopeId }),
      },
    };
    connection.send(envelope, body, (error, info) => {
      if (error) reject(error);
      else if (info.rejected.length > 0) reject(new Error('recipient refused by the queue'));
      else resolve(info.response);
    });
  });
  sent.catch(() => body.destroy()); // awaited below as well: this only stops the writer
  return { connection, body, sent };
}

async function stream(open: Open, mail: StreamedMail): Promise<void> {
  const write = async (chunk: Uint8Array): Promise<void> => {
    if (open.body.destroyed) throw new Error('connection closed');
    if (!open.body.write(chunk)) await Promise.race([once(open.body, 'drain'), open.sent.then(() => undefined)]);
  };
  await write(mail.head);
  for (const chunk of mail.body()) await write(chunk);
}

/** Connections that all mails together may hold; who asks first is served first. */
class Connections {
  readonly #waiting: { readonly count: number; readonly go: () => void }[] = [];

  constructor(private free: number) {}

  async take(count: number): Promise<void> {
    if (this.#waiting.length === 0 && this.free >= count) this.free -= count;
    else await new Promise<void>((go) => this.#waiting.push({ count, go }));
  }

  give(count: number): void {
    this.free += count;
    for (let next = this.#waiting[0]; next !== undefined && next.count <= this.free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.free -= next.count;
      next.go();
    }
  }
}

export interface Queue {
  /**
   * Hands all copies to the queue; resolves only when it took every one, with its last reply to each. `wanted` is asked before any final dot: whoever
   * has hung up will come again. Throws `queue-unavailable`, `client-gone` (unavailable): try again later.
   */
  take(copies: readonly Copy[], wanted: () => boolean): Promise<readonly string[]>;
}

/** `connections`: at most so many at a time, fewer than the MTA's listener serves. */
export function createQueue(hop: Hop, connections: number): Queue {
  const free = new Connections(connections);

  async function hand(copies: readonly Copy[], wanted: () => boolean): Promise<string[]> {
    await free.take(copies.length);
    const open: Open[] = [];
    try {
      for (const copy of copies) {
        const mail = copy.mail();
        const one = await start(hop, copy, mail.size);
        open.push(one);
        await stream(one, mail);
      }
      if (!wanted()) throw new SsmaxError('unavailable', 'client-gone');
      for (const { body } of open) body.end();
      return await Promise.all(open.map(({ sent }) => sent));
    } catch (cause) {
      throw cause instanceof SsmaxError ? cause : failed(cause);
    } finally {
      for (const { connection } of open) connection.close();
      free.give(copies.length);
    }
  }

  return {
    async take(copies, wanted) {
      // More copies than connections go in turns: a failure after the first turn doubles these, which readers note.
      const replies: string[] = [];
      for (let first = 0; first < copies.length; first += connections) replies.push(...await hand(copies.slice(first, first + connections), wanted));
      return replies;
    },
  };
}
