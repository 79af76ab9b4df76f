/** The ports of the stories, in a browser: WebCrypto, IndexedDB, fetch. */
import { type Bytes, concat } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import type { Http } from '../flow/ports.ts';

export { createWebCrypto, generateWebKey, loadWebPrivateKey, unwrapFromBackup, type WebKeyPair, wrapForBackup } from './web-crypto.ts';
export { type LockedKey, lockWebKey, unlockWebKey } from './web-lock.ts';
export { eraseTables, openTables } from './web-store.ts';

/** Largest answer taken, bytes: a directory of some ten thousand organisations. */
const MAX_ANSWER = 64 * 1024 * 1024;

/**
 * HTTP by fetch. Neither cookies nor redirects: an organisation's server answers itself or not at all. `timeout` is in
 * milliseconds.
 */
export function createWebHttp(timeout = 20_000): Http {
  return async ({ method, url, headers, body }) => {
    try {
      const response = await fetch(url, {
        method,
        cache: 'no-cache', // asks the server whether what is cached still holds
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(timeout),
        ...(headers !== undefined && { headers }),
        ...(body !== undefined && { body }),
      });
      return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, body: await bodyOf(response, url) };
    } catch (cause) {
      if (cause instanceof SsmaxError) throw cause;
      throw new SsmaxError('unavailable', 'network-unreachable', { url }, { cause });
    }
  };
}

/** No more than MAX_ANSWER is ever held: a server that does not stop is left. */
async function bodyOf({ body }: Response, url: string): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.length;
    if (size > MAX_ANSWER) {
      await reader?.cancel();
      throw new SsmaxError('unavailable', 'answer-too-large', { url });
    }
    chunks.push(part.value);
  }
  return concat(...chunks);
}
