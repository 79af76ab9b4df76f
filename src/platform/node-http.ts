/** The HTTP port in Node: HTTPS only, no redirects, answers of bounded size. */
import { request } from 'node:https';
import { rootCertificates } from 'node:tls';
import { SsmaxError } from '../core/error.ts';
import type { Http, HttpAnswer, HttpRequest } from '../flow/ports.ts';

/** Largest answer taken, bytes: a directory of some ten thousand organisations. */
const MAX_ANSWER = 64 * 1024 * 1024;

export interface NodeHttpOptions {
  /** PEM of a certification authority that is trusted for TLS beside the public ones. */
  readonly ca?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

export function createNodeHttp({ ca, timeout = 20_000 }: NodeHttpOptions = {}): Http {
  return async (asked) => {
    try {
      return await exchange(asked, { timeout, ...(ca !== undefined && { ca: [...rootCertificates, ca] }) });
    } catch (cause) {
      if (cause instanceof SsmaxError) throw cause;
      const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
      throw new SsmaxError('unavailable', 'network-unreachable', { url: asked.url, reason }, { cause });
    }
  };
}

function exchange({ method, url, headers, body }: HttpRequest, options: { timeout: number; ca?: string[] }): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { timeout, ...tls } = options;
    const sent = request(url, {
      method, ...tls, minVersion: 'TLSv1.2', signal: AbortSignal.timeout(timeout),
      headers: { ...headers, ...(body !== undefined && { 'Content-Length': String(body.length) }) },
    }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER) sent.destroy(new SsmaxError('unavailable', 'answer-too-large', { peer: 'server', maximum: MAX_ANSWER }));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        const header = (name: string): string | undefined => [response.headers[name]].flat()[0];
        resolve({ status: response.statusCode ?? 0, header, body: new Uint8Array(Buffer.concat(chunks)) });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
