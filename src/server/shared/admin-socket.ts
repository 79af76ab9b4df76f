/**
 * Administration of a running server: HTTP over a Unix socket in its data directory, mode 600. Who may open the socket may
 * administer; the command line is the only client (`ssmax keyserver member add …` talks to the server that owns the database).
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { SsmaxError } from '../../core/error.ts';
import type { Bytes } from '../../core/bytes.ts';
import { encodeJson } from '../../wire/json.ts';
import { decodeProblem } from '../../wire/problem.ts';
import { type RunningServer, type ShellOptions, listen, requestListener } from './http-shell.ts';

/** The socket's name in a server's state directory. */
export const ADMIN_SOCKET = 'admin.sock';

/** Linux: sun_path is 108 bytes with its final zero. */
const maximumPath = 107;

/** Throws `server-already-running`, `socket-path-too-long`, `address-unusable` (fault). */
export async function startAdminSocket(path: string, options: ShellOptions): Promise<RunningServer> {
  checkPath(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (await answers(path)) throw new SsmaxError('fault', 'server-already-running', { file: path });
  // Left behind by a server that was killed.
  rmSync(path, { force: true });
  const listener = requestListener(options);
  const server = createServer((request, response) => void listener(request, response));
  const before = process.umask(0o177);
  const listening = listen(server, path);
  process.umask(before);
  const running = await listening;
  chmodSync(path, 0o600);
  return running;
}

function checkPath(path: string): void {
  if (Buffer.byteLength(path) > maximumPath) throw new SsmaxError('fault', 'socket-path-too-long', { file: path, maximum: maximumPath });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export interface AdminClient {
  /** The body of a 2xx answer; throws what the server refused with, or `server-not-running` (unavailable). */
  get(path: string): Promise<Bytes>;
  /** Sends a JSON body (bytes as base64, dates as ISO 8601). */
  post(path: string, body: unknown): Promise<Bytes>;
  close(): void;
}

export function createAdminClient(socketPath: string): AdminClient {
  checkPath(socketPath);
  const agent = new Agent({ keepAlive: true });
  const send = (method: string, path: string, body?: Bytes): Promise<Bytes> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length };
      const outgoing = httpRequest({ socketPath, agent, method, path, headers });
      const fail = (error: Error): void => reject(new SsmaxError('unavailable', 'server-not-running', { file: socketPath }, { cause: error }));
      outgoing.once('error', fail);
      outgoing.once('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', fail); // it ended in its answer
        incoming.once('end', () => {
          const answer = new Uint8Array(Buffer.concat(chunks));
          const status = incoming.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(answer);
          else reject(decodeProblem(status, answer));
        });
      });
      outgoing.end(body);
    });
  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, encodeJson(body)),
    close: () => agent.destroy(),
  };
}
