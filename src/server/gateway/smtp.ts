/** One SMTP listener behind the MTA's `smtpd_proxy_filter` (npm smtp-server): takes whole mails, answers their end of DATA. */
import { type AddressInfo, isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Bytes } from '../../core/bytes.ts';
import { refused } from '../../core/error.ts';
import type { Admission, Place } from './admission.ts';
import { replyTo } from './replies.ts';

/** A mail as SMTP brought it. */
export interface Envelope {
  /** Empty for the null sender. */
  readonly from: string;
  readonly recipients: readonly string[];
  readonly notify?: readonly string[];
  readonly envelopeId?: string;
  /** Who brought it to the MTA, as the MTA says (XFORWARD). */
  readonly client?: { readonly address: string; readonly helo: string };
}

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Largest mail, bytes. */
  readonly maximumSize: number;
  /** Most recipients of one mail: each may need a connection of its own to the queue. */
  readonly maximumRecipients: number;
  /** More clients are told 421. */
  readonly maximumConnections: number;
  readonly admission: Admission;
  /**
   * Mail for recipients of different classes must not come in one transaction (at an ISP: those who consented to
   * inspection, and the others). The first recipient's class holds; the others are told to come again.
   */
  readonly classOf?: (recipient: string) => Promise<string>;
  /**
   * Takes a mail; resolves when it is in the queue, throws SsmaxError where it is not. `waits` tells whether the client is
   * still there to hear of it.
   */
  readonly take: (envelope: Envelope, raw: Bytes, waits: () => boolean) => Promise<void>;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

class ReplyError extends Error {
  constructor(readonly responseCode: number, text: string) {
    super(text);
  }
}

function smtpError(error: unknown): ReplyError {
  const { code, text } = replyTo(error);
  return new ReplyError(code, text);
}

function envelopeOf(session: SMTPServerSession): Envelope {
  const { mailFrom, rcptTo } = session.envelope;
  const args = mailFrom === false ? {} : (mailFrom.args as Record<string, unknown>);
  const [first] = rcptTo;
  const notify = (first?.args as Record<string, unknown> | undefined)?.['NOTIFY'];
  const envelopeId = args['ENVID'];
  return {
    from: mailFrom === false ? '' : mailFrom.address,
    recipients: rcptTo.map(({ address }) => address),
    ...(typeof notify === 'string' && { notify: notify.split(',') }),
    ...(typeof envelopeId === 'string' && { envelopeId }),
    ...(isIP(session.remoteAddress) !== 0 && { client: { address: session.remoteAddress, helo: session.hostNameAppearsAs || session.remoteAddress } }),
  };
}

/** The size that the client declared (RFC 1870), or the largest that is taken. */
function declaredSize(session: SMTPServerSession, maximum: number): number {
  const { mailFrom } = session.envelope;
  const declared = mailFrom === false ? NaN : Number((mailFrom.args as Record<string, unknown>)['SIZE']);
  return Number.isSafeInteger(declared) && declared > 0 ? Math.min(declared, maximum) : maximum;
}

async function collect(stream: Readable & { sizeExceeded?: boolean }, maximum: number, declared: number, place: Place): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let room = declared;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > room && length <= maximum) {
      // What a client declares is only what it says; and the MTA puts fields of its own on top.
      room = Math.min(Math.max(2 * room, length), maximum);
      place.grow(room);
    }
    if (length <= maximum) chunks.push(chunk);
    else chunks.length = 0; // read on to the end, keep nothing
  }
  if (length > maximum || stream.sizeExceeded === true) throw refused('mail-too-large', { limit: maximum });
  const raw = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks.splice(0)) {
    raw.set(chunk, offset);
    offset += chunk.length;
  }
  return raw;
}

/** Starts a listener; port 0 takes a free one. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const gone = new WeakSet<SMTPServerSession>();
  const sameClass = async (address: string, first: string | undefined): Promise<boolean> =>
    options.classOf === undefined || first === undefined || await options.classOf(address) === await options.classOf(first);
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    useXForward: true,
    hideDSN: false,
    size: options.maximumSize,
    maxClients: options.maximumConnections,
    logger: false,
    banner: 'SSMAX gateway',
    onRcptTo({ address }, session, callback) {
      if (session.envelope.rcptTo.length >= options.maximumRecipients) {
        callback(new ReplyError(452, '4.5.3 SSMAX-too-many-recipients Too many recipients; the rest may follow.'));
        return;
      }
      sameClass(address, session.envelope.rcptTo[0]?.address).then((same) => {
        callback(same ? null : new ReplyError(452, '4.5.3 SSMAX-consent-mixed This recipient needs a transaction of its own; try again.'));
      }, (error: unknown) => { callback(smtpError(error)); });
    },
    onClose(session) {
      gone.add(session);
    },
    onData(stream: SMTPServerDataStream, session, callback) {
      const take = async (): Promise<void> => {
        const declared = declaredSize(session, options.maximumSize);
        const place = await options.admission.enter(declared);
        try {
          const raw = await collect(stream, options.maximumSize, declared, place);
          place.shrink(raw.length);
          await options.take(envelopeOf(session), raw, () => !gone.has(session));
        } finally {
          place.leave();
          stream.resume(); // what was not read, of a mail that found no room
        }
      };
      take().then(() => { callback(null, '2.0.0 Queued'); }, (error: unknown) => { callback(smtpError(error)); });
    },
  });
  server.on('error', () => undefined); // a client that goes away: its mail was answered or not, nothing else to do
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => { server.close(() => { resolve(); }); }) };
}
