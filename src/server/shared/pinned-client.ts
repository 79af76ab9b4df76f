/** The calling side of pinned-server.ts: nothing is written before the server has proven the pinned key. */
import { Agent, request as httpsRequest } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Bytes, equal } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { decodeProblem } from '../../wire/problem.ts';
import type { HostPort } from './config.ts';
import { type TlsIdentity, peerPin, tlsMaterial } from './pinned-server.ts';

interface PinnedClientOptions {
  readonly identity: TlsIdentity;
  /** Whom this client calls, for errors: `key server`. */
  readonly peer: string;
  readonly server: HostPort;
  /** SHA-256 of the server's SubjectPublicKeyInfo: the keys it may show. */
  readonly pins: () => readonly Bytes[];
}

export interface PinnedRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Bytes, or a stream of them for large bodies. */
  readonly body?: Bytes | AsyncIterable<Uint8Array>;
  readonly contentType?: string;
  /** Values by lower-case name, for what should not stand in a path, which is logged. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until the whole answer must be there. */
  readonly deadline: number;
  /** Largest answer, in bytes. */
  readonly maximumAnswer: number;
}

export interface PinnedClient {
  /**
   * The body of a 2xx answer. Every other answer is thrown as the SsmaxError it stands for; `peer-unreachable`,
   * `peer-timeout`, `peer-not-pinned`, `answer-too-large`, `answer-invalid` are kind unavailable.
   */
  request(request: PinnedRequest): Promise<Bytes>;
  close(): void;
}

export function createPinnedClient(options: PinnedClientOptions): PinnedClient {
  const agent = new PinnedAgent(options);
  return {
    request: async (request) => {
      try {
        return await send(agent, options, request);
      } catch (error) {
        // A kept connection that the server closed just now; our calls are safe to repeat. A stream cannot be sent again.
        if (error instanceof StaleConnection && (request.body === undefined || request.body instanceof Uint8Array)) return send(agent, options, request);
        throw error;
      }
    },
    close: () => agent.destroy(),
  };
}

class StaleConnection extends SsmaxError {}

type Connected = (error: Error | null, socket?: Duplex) => void;

class PinnedAgent extends Agent {
  readonly #options: PinnedClientOptions;

  constructor(options: PinnedClientOptions) {
    super({ keepAlive: true, maxSockets: 32, timeout: 60_000 });
    this.#options = options;
  }

  // Overridden because only here can the key be checked before the request is written.
  override createConnection(_request: RequestOptions, connected: Connected): undefined {
    const { identity, peer, server, pins } = this.#options;
    const socket: TLSSocket = connect({ ...tlsMaterial(identity), ...server, minVersion: 'TLSv1.3', rejectUnauthorized: false });
    const failed = (error: Error): void => connected(error);
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      const pin = peerPin(socket);
      if (pin !== undefined && pins().some((known) => equal(known, pin))) return connected(null, socket);
      socket.destroy();
      connected(new SsmaxError('unavailable', 'peer-not-pinned', { peer }));
    });
  }
}

function send(agent: PinnedAgent, { peer, server }: PinnedClientOptions, request: PinnedRequest): Promise<Bytes> {
  const { method, path, body, contentType = 'application/json', deadline, maximumAnswer } = request;
  const signal = AbortSignal.timeout(deadline);
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { ...request.headers, ...(body !== undefined && { 'content-type': contentType }) };
    if (body instanceof Uint8Array) headers['content-length'] = body.length;
    const outgoing = httpsRequest({ ...server, agent, method, path, headers, signal });
    const fail = (error: unknown): void => reject(asOurs(error, peer, signal, outgoing));
    outgoing.once('error', fail);
    outgoing.once('response', (incoming) => {
      answer(incoming, maximumAnswer, peer).then(resolve, (error: unknown) => {
        outgoing.destroy();
        fail(error);
      });
    });
    if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
    else pipeline(Readable.from(body), outgoing).catch(fail);
  });
}

async function answer(incoming: IncomingMessage, maximum: number, peer: string): Promise<Bytes> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximum) throw new SsmaxError('unavailable', 'answer-too-large', { peer, maximum });
    chunks.push(chunk);
  }
  const body = new Uint8Array(Buffer.concat(chunks));
  const status = incoming.statusCode ?? 0;
  if (status >= 200 && status < 300) return body;
  throw decodeProblem(status, body);
}

function asOurs(error: unknown, peer: string, signal: AbortSignal, outgoing: ClientRequest): SsmaxError {
  if (error instanceof SsmaxError) return error;
  if (signal.aborted) return new SsmaxError('unavailable', 'peer-timeout', { peer }, { cause: error });
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const stale = outgoing.reusedSocket && (reason === 'ECONNRESET' || reason === 'EPIPE');
  return new (stale ? StaleConnection : SsmaxError)('unavailable', 'peer-unreachable', { peer, reason }, { cause: error });
}
