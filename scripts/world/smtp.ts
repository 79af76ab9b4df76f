/**
 * SMTP as a test speaks it (RFC 5321): every reply is kept word for word, and nothing that is sent is corrected, so that
 * bare line feeds, wrong orders and other hostile input reach the server as written. A client library tidies all that up.
 */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { concat, utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { Account } from './dovecot.ts';

/** One reply of the server. */
export interface Reply {
  /** Three digits. */
  readonly code: number;
  /** All lines without line ends: `250-first`, `250 last`. */
  readonly lines: readonly string[];
  /** The last line, code included: `550 5.7.1 SSMAX-… text`. */
  readonly text: string;
}

/** A conversation with one SMTP server on loopback. */
export class SmtpDialogue {
  readonly #socket: Socket;
  readonly #withinMs: number;
  #received = '';
  #ended = false;

  /** Connects and reads the greeting. Each reply must come within `withinMs` (30,000 unless told). */
  static async open(port: number, withinMs = 30_000): Promise<{ dialogue: SmtpDialogue; greeting: Reply }> {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
    } catch (cause) {
      throw new SsmaxError('unavailable', 'smtp-unreachable', { port }, { cause });
    }
    const dialogue = new SmtpDialogue(socket, withinMs);
    return { dialogue, greeting: await dialogue.reply() };
  }

  private constructor(socket: Socket, withinMs: number) {
    this.#socket = socket;
    this.#withinMs = withinMs;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => (this.#received += chunk.toString('utf8')));
    socket.on('error', () => (this.#ended = true));
    socket.on('close', () => (this.#ended = true));
  }

  /** Sends a line (without its line end, which is added) and reads the reply. */
  command(line: string): Promise<Reply> {
    this.send(`${line}\r\n`);
    return this.reply();
  }

  /** Sends exactly this. */
  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends a message after a 354, with dots stuffed and the final dot, and reads the reply. It must end with CR LF. */
  content(raw: Uint8Array): Promise<Reply> {
    this.send(concat(stuffDots(raw), utf8('.\r\n')));
    return this.reply();
  }

  /** The next reply. Throws `smtp-closed` or `smtp-no-reply` (kind `unavailable`). */
  async reply(): Promise<Reply> {
    const deadline = performance.now() + this.#withinMs;
    for (;;) {
      const reply = this.#takeReply();
      if (reply !== undefined) return reply;
      if (this.#ended) throw new SsmaxError('unavailable', 'smtp-closed', { received: this.#received });
      const left = deadline - performance.now();
      if (left <= 0) throw new SsmaxError('unavailable', 'smtp-no-reply', { withinMs: this.#withinMs });
      await somethingHappens(this.#socket, left);
    }
  }

  /** Hangs up without QUIT. */
  close(): void {
    this.#socket.destroy();
  }

  #takeReply(): Reply | undefined {
    const match = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n/.exec(this.#received);
    if (match === null) return undefined;
    this.#received = this.#received.slice(match[0].length);
    const lines = match[0].replace(/\r?\n$/, '').split(/\r?\n/);
    const text = lines[lines.length - 1] ?? '';
    return { code: Number(text.slice(0, 3)), lines, text };
  }
}

export interface Submission {
  readonly port: number;
  /** With it the submission logs in by SASL PLAIN (RFC 4616); without, it does not. */
  readonly account?: Account;
  readonly envelope: {
    /** Empty for the null sender. */
    readonly from: string;
    readonly to: readonly string[];
    /** Parameters after MAIL FROM, such as `RET=HDRS ENVID=x`, and after each RCPT TO, such as `NOTIFY=FAILURE`. */
    readonly mailParameters?: string;
    readonly recipientParameters?: string;
  };
  /** The message, lines ended by CR LF. */
  readonly raw: Uint8Array;
  /** Milliseconds for each reply; 30,000 unless told. */
  readonly withinMs?: number;
}

/** What the server said. A step that was not reached, since an earlier one was refused, is undefined. */
export interface SubmissionReplies {
  readonly greeting: Reply;
  readonly auth: Reply | undefined;
  readonly mailFrom: Reply | undefined;
  readonly recipients: ReadonlyMap<string, Reply>;
  readonly data: Reply | undefined;
  /** The reply that decides: to the end of the message, or else the first refusal. */
  readonly final: Reply;
}

/** Submits one message in one conversation. Refusals are results; only a broken conversation throws, as `SmtpDialogue` does. */
export async function submit({ port, account, envelope, raw, withinMs }: Submission): Promise<SubmissionReplies> {
  const { dialogue, greeting } = await SmtpDialogue.open(port, withinMs);
  const recipients = new Map<string, Reply>();
  let auth: Reply | undefined;
  let mailFrom: Reply | undefined;
  let data: Reply | undefined;
  const converse = async (): Promise<Reply> => {
    if (greeting.code !== 220) return greeting;
    const ehlo = await dialogue.command('EHLO client.invalid');
    if (ehlo.code !== 250) return ehlo;
    if (account !== undefined) {
      auth = await dialogue.command(`AUTH PLAIN ${Buffer.from(`\0${account.address}\0${account.password}`).toString('base64')}`);
      if (auth.code !== 235) return auth;
    }
    mailFrom = await dialogue.command(join(`MAIL FROM:<${envelope.from}>`, envelope.mailParameters));
    if (mailFrom.code !== 250) return mailFrom;
    for (const to of envelope.to) recipients.set(to, await dialogue.command(join(`RCPT TO:<${to}>`, envelope.recipientParameters)));
    const refusal = [...recipients.values()].find(({ code }) => code !== 250);
    if (refusal !== undefined) return refusal; // all or nothing: a mail client would not send to some of them either
    data = await dialogue.command('DATA');
    return data.code === 354 ? dialogue.content(raw) : data;
  };
  try {
    const final = await converse();
    if (final.code !== 421) dialogue.send('QUIT\r\n');
    return { greeting, auth, mailFrom, recipients, data, final };
  } finally {
    dialogue.close();
  }
}

function join(command: string, parameters: string | undefined): string {
  return parameters === undefined ? command : `${command} ${parameters}`;
}

/** Doubles the dot at the start of each line (RFC 5321 §4.5.2). Only CR LF ends a line. */
function stuffDots(raw: Uint8Array): Uint8Array {
  // latin1 maps bytes to characters one to one.
  return Buffer.from(Buffer.from(raw).toString('latin1').replace(/(^|\r\n)\./g, '$1..'), 'latin1');
}

/** Resolves when the socket has data, closes, or the time is over. */
function somethingHappens(socket: Socket, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const event of ['data', 'close', 'error']) socket.off(event, done);
      resolve();
    };
    const timer = setTimeout(done, withinMs);
    for (const event of ['data', 'close', 'error']) socket.on(event, done);
  });
}
