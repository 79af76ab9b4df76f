/** A wire tap between two mail servers on loopback: passes everything on, and keeps the messages that went by. */
import { connect, createServer, type Socket } from 'node:net';
import type { World } from './process.ts';

export interface TappedMail {
  readonly recipients: readonly string[];
  /** The message as it went over the wire, dots unstuffed. */
  readonly raw: Buffer;
}

export interface SmtpTap {
  readonly port: number;
  readonly mails: TappedMail[];
}

/** Listens on a port of its own and passes on to `target`. */
export async function startSmtpTap(world: World, target: number): Promise<SmtpTap> {
  const mails: TappedMail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    const reader = new CommandReader(mails);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined); // the other side learns of it by the close below
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk) => {
      reader.take(chunk);
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => client.write(chunk));
  });
  const port = await world.ports.take();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  world.closing(() => new Promise<void>((resolve) => {
    for (const socket of sockets) socket.destroy();
    server.close(() => { resolve(); });
  }));
  return { port, mails };
}

/** Reads the client's side of a conversation (RFC 5321; no BDAT, which Postfix does not use towards a tap that keeps EHLO as it is). */
class CommandReader {
  #buffer = Buffer.alloc(0);
  #recipients: string[] = [];
  #inData = false;

  constructor(private readonly mails: TappedMail[]) {}

  take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#step());
  }

  #step(): boolean {
    if (this.#inData) {
      const end = this.#buffer.indexOf('\r\n.\r\n');
      if (end < 0) return false;
      const raw = Buffer.from(this.#buffer.subarray(0, end + 2).toString('latin1').replace(/^\.\./gm, '.'), 'latin1');
      this.mails.push({ recipients: this.#recipients, raw });
      this.#buffer = this.#buffer.subarray(end + 5);
      this.#recipients = [];
      this.#inData = false;
      return true;
    }
    const end = this.#buffer.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#buffer.subarray(0, end).toString('latin1');
    this.#buffer = this.#buffer.subarray(end + 2);
    const recipient = /^RCPT TO:<([^>]*)>/i.exec(line)?.[1];
    if (recipient !== undefined) this.#recipients.push(recipient);
    if (/^(?:RSET|MAIL FROM)/i.test(line)) this.#recipients = [];
    this.#inData = /^DATA$/i.test(line);
    return true;
  }
}
