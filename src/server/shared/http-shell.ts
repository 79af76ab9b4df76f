/** What every HTTP listener here has in common: bounded bodies, errors as codes, a line in the log, an orderly end. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Context, MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { refused, SsmaxError } from '../../core/error.ts';
import { encodeProblem } from '../../wire/problem.ts';
import type { HostPort } from './config.ts';
import type { Counter } from './metrics.ts';
import type { Logger } from './log.ts';

export interface ShellOptions {
  readonly app: Hono;
  /** Largest request body in bytes. */
  readonly maximumBody: number;
  readonly log: Logger;
  /** Role of the other side, for the log. */
  readonly peer?: string;
  /** Counts requests by peer, route and status. */
  readonly requests?: Counter;
}

export interface RunningServer {
  /** The port that was bound; 0 for a Unix socket. */
  readonly port: number;
  /** Ends at once for idle connections, after the answer for busy ones. */
  close(): Promise<void>;
}

export type Listener = ReturnType<typeof getRequestListener>;
type Environment = { Bindings: HttpBindings };

export function requestListener(options: ShellOptions): Listener {
  const shell = wrap(options);
  return getRequestListener((request, env) => shell.fetch(request, env), {
    errorHandler: (error) => problemResponse(error),
  });
}

function wrap({ app, maximumBody, log, peer, requests }: ShellOptions): Hono<Environment> {
  const shell = new Hono<Environment>();
  shell.use(logged(log, peer, requests), bounded(maximumBody));
  shell.route('/', app);
  shell.notFound(() => problemResponse(refused('not-found')));
  shell.onError((error) => {
    if (!(error instanceof SsmaxError) || error.kind === 'fault') log.error('request-failed', { peer, error });
    return problemResponse(error);
  });
  return shell;
}

function problemResponse(error: unknown): Response {
  const { status, body } = encodeProblem(error);
  const headers: Record<string, string> = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (status === 503 || status === 429) headers['retry-after'] = '5';
  return new Response(body, { status, headers });
}

function logged(log: Logger, peer: string | undefined, requests: Counter | undefined): MiddlewareHandler {
  return async (context, next) => {
    const started = performance.now();
    await next();
    const milliseconds = Math.round(performance.now() - started);
    const error = context.error instanceof SsmaxError ? context.error.code : undefined;
    const [route, { status }] = [routePath(context, -1), context.res];
    requests?.add({ peer: peer ?? 'anyone', route, status: String(status) });
    log.info('request', { peer, method: context.req.method, route, status, milliseconds, code: error });
  };
}

function bounded(maximum: number): MiddlewareHandler {
  return async (context: Context, next) => {
    const { raw } = context.req;
    const declared = context.req.header('content-length');
    if (declared !== undefined && Number(declared) > maximum) throw refused('body-too-large', { maximum });
    // With a declared length the parser of Node stops there; a chunked body has to be counted as it flows.
    if (declared === undefined && raw.body !== null) {
      // `duplex` is missing in the DOM's types and due in Node for a streamed body.
      const init: RequestInit & { duplex: 'half' } = { body: raw.body.pipeThrough(countTo(maximum)), duplex: 'half' };
      context.req.raw = new Request(raw, init);
    }
    await next();
  };
}

function countTo(maximum: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.length;
      if (seen > maximum) throw refused('body-too-large', { maximum });
      controller.enqueue(chunk);
    },
  });
}

/** Starts listening on an address or on a Unix socket; throws `address-in-use`, `address-unusable` (fault). */
export function listen(server: Server, where: HostPort | string): Promise<RunningServer> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const params = typeof where === 'string' ? { file: where } : { host: where.host, port: where.port };
      reject(new SsmaxError('fault', error.code === 'EADDRINUSE' ? 'address-in-use' : 'address-unusable', params, { cause: error }));
    };
    server.once('error', failed);
    const listening = (): void => {
      server.off('error', failed);
      const address = server.address() as AddressInfo | string;
      resolve({ port: typeof address === 'string' ? 0 : address.port, close: () => close(server) });
    };
    if (typeof where === 'string') server.listen(where, listening);
    else server.listen(where.port, where.host, listening);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
