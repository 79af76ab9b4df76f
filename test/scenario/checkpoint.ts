/**
 * Checkpoints between two servers: what passes is held until the test has done what it wants to do at that very moment.
 * No server knows of them: SMTP is plain, and on the pinned TLS connections the checkpoint shows the servers' real keys.
 */
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { World } from '../../scripts/world/process.ts';

/** What may go on after an event: everything, or nothing more on this connection. */
export type Verdict = 'pass' | 'cut';

export interface Checkpoint {
  /** Where it listens. */
  readonly port: number;
  /** Where it passes on to. */
  readonly target: number;
}

/**
 * - `connect`: the client has connected. - `dot`: the message has passed but for its final dot. - `dot-passed`: the dot as
 * well. - `reply`: the server has answered the dot. - `reply-passed`: the client has been sent the answer.
 */
export type SmtpEvent = 'connect' | 'dot' | 'dot-passed' | 'reply' | 'reply-passed';

/** Between an SMTP client and server. */
export async function smtpCheckpoint(world: World, checkpoint: Checkpoint, on: (event: SmtpEvent) => Promise<Verdict>): Promise<void> {
  await listen(world, checkpoint.port, async (client) => {
    if ((await on('connect')) === 'cut') return void client.destroy();
    const server = await connected(connectTcp(checkpoint.target, '127.0.0.1'), 'connect');
    if (server === undefined) return void client.destroy();
    let state: 'commands' | 'data' | 'replying' = 'commands';
    let tail = Buffer.alloc(0);
    const toServer = async (chunk: Buffer): Promise<boolean> => {
      const seen = Buffer.concat([tail, chunk]);
      tail = Buffer.from(seen.subarray(-4));
      const ends = state === 'data' ? seen.indexOf('\r\n.\r\n') : -1;
      if (ends < 0) return write(server, chunk);
      // What follows the dot (QUIT, pipelined) goes with it. No client of ours sends it in two pieces without need.
      const kept = Math.min(chunk.length, seen.length - ends - 2);
      if (!(await write(server, chunk.subarray(0, chunk.length - kept)))) return false;
      if ((await on('dot')) === 'cut') return false;
      state = 'replying';
      return (await write(server, chunk.subarray(chunk.length - kept))) && (await on('dot-passed')) === 'pass';
    };
    const toClient = async (chunk: Buffer): Promise<boolean> => {
      if (state === 'commands' && /^354[ -]/m.test(chunk.toString('latin1'))) state = 'data';
      if (state !== 'replying') return write(client, chunk);
      state = 'commands';
      if ((await on('reply')) === 'cut') return false;
      return (await write(client, chunk)) && (await on('reply-passed')) === 'pass';
    };
    join(client, server, toServer, toClient);
  });
}

/** Keys and certificate chains as PEM: what the checkpoint shows to the client, and what to the server. */
export interface Identities {
  readonly asServer: { readonly key: string; readonly cert: string };
  readonly asClient: { readonly key: string; readonly cert: string };
}

/** One call: `request` before its first byte passes, `answer` before the answer's first byte does. */
export type CallEvent = 'request' | 'answer';

export interface CallObserver {
  readonly on: (path: string, event: CallEvent) => Promise<Verdict>;
  /** Every byte of a connection, decrypted, in order. */
  readonly bytes?: (direction: 'to-server' | 'to-client', chunk: Buffer) => void;
}

/** Between two of our servers: a man in the middle who has the keys of both. `identities` are asked for at the first connection. */
export async function callCheckpoint(world: World, checkpoint: Checkpoint, identities: () => Promise<Identities>, observer: CallObserver): Promise<void> {
  let made: Promise<{ server: TlsServer; asClient: Identities['asClient'] }> | undefined;
  const make = async (): Promise<{ server: TlsServer; asClient: Identities['asClient'] }> => {
    const { asServer, asClient } = await identities();
    const server = createTlsServer({ ...asServer, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false });
    server.on('tlsClientError', () => undefined);
    server.on('secureConnection', (client) => void serve(client, asClient));
    return { server, asClient };
  };
  const serve = async (client: TLSSocket, asClient: Identities['asClient']): Promise<void> => {
    client.on('error', () => undefined);
    const server = await connected(
      connectTls({ host: '127.0.0.1', port: checkpoint.target, ...asClient, minVersion: 'TLSv1.3', rejectUnauthorized: false }), 'secureConnect',
    );
    if (server === undefined) return void client.destroy();
    // Node's agent sends no request before the last answer is complete: the bytes alternate.
    let path = '';
    let answering = true;
    const toServer = async (chunk: Buffer): Promise<boolean> => {
      observer.bytes?.('to-server', chunk);
      if (answering) {
        path = /^[A-Z]+ (\S+) HTTP/.exec(chunk.toString('latin1'))?.[1] ?? '';
        answering = false;
        if ((await observer.on(path, 'request')) === 'cut') return false;
      }
      return write(server, chunk);
    };
    const toClient = async (chunk: Buffer): Promise<boolean> => {
      observer.bytes?.('to-client', chunk);
      if (!answering) {
        answering = true;
        if ((await observer.on(path, 'answer')) === 'cut') return false;
      }
      return write(client, chunk);
    };
    join(client, server, toServer, toClient);
  };
  await listen(world, checkpoint.port, async (socket) => {
    try {
      made ??= make();
      (await made).server.emit('connection', socket);
    } catch {
      made = undefined; // the server behind is not there yet
      socket.destroy();
    }
  });
}

/** The DER certificate that a server on loopback shows to this client. */
export async function shownCertificate(port: number, asClient: Identities['asClient']): Promise<Buffer> {
  const socket = await connected(connectTls({ host: '127.0.0.1', port, ...asClient, minVersion: 'TLSv1.3', rejectUnauthorized: false }), 'secureConnect');
  const certificate = socket?.getPeerX509Certificate();
  socket?.destroy();
  if (certificate === undefined) throw new Error(`no server on ${port}`);
  return certificate.raw;
}

async function listen(world: World, port: number, serve: (socket: Socket) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    void serve(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  world.closing(() => new Promise<void>((resolve) => {
    for (const socket of sockets) socket.destroy();
    server.close(() => { resolve(); });
  }));
}

function connected<T extends Socket>(socket: T, event: 'connect' | 'secureConnect'): Promise<T | undefined> {
  return new Promise((resolve) => {
    socket.once(event, () => { resolve(socket); });
    socket.once('close', () => { resolve(undefined); });
    socket.on('error', () => undefined); // told by the close
  });
}

/** Carries bytes both ways, each piece through its function, until one side ends or a function gives false. */
function join(client: Duplex, server: Duplex, toServer: (chunk: Buffer) => Promise<boolean>, toClient: (chunk: Buffer) => Promise<boolean>): void {
  const cut = (): void => {
    client.destroy();
    server.destroy();
  };
  const carry = async (from: Duplex, to: Duplex, through: (chunk: Buffer) => Promise<boolean>): Promise<void> => {
    const pieces = (from as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    try {
      for (;;) {
        // Whatever a connection ends by, TLS alerts included, is a cut; what an observer throws is an error of the test.
        const piece = await pieces.next().catch(() => undefined);
        if (piece?.done === true) break;
        if (piece === undefined || !(await through(piece.value))) return cut();
      }
    } catch (error) {
      cut();
      throw error;
    }
    to.end();
  };
  void carry(client, server, toServer);
  void carry(server, client, toClient);
}

function write(to: Duplex, chunk: Buffer): Promise<boolean> {
  if (chunk.length === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    to.write(chunk, (error) => { resolve(error === null || error === undefined); });
  });
}
