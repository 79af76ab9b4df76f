/** One of several copies of a server: whichever can be reached. */
import { SsmaxError } from '../../core/error.ts';
import type { PinnedClient } from './pinned-client.ts';

/** Nothing was done there, or nothing that may not be done again: our calls are idempotent. */
const ELSEWHERE = new Set(['peer-unreachable', 'peer-not-pinned']);

/**
 * A client that stays with the copy that answered last and goes on to the next one when it cannot be reached. A copy that
 * is slow is not left: the deadline of a mail would be over before the second has answered.
 */
export function anyOf(clients: readonly PinnedClient[]): PinnedClient {
  let first = 0;
  return {
    async request(request) {
      for (let tried = 0; ; tried++) {
        const index = first % clients.length;
        try {
          // A configuration names one at least.
          return await (clients[index] as PinnedClient).request(request);
        } catch (error) {
          const repeatable = request.body === undefined || request.body instanceof Uint8Array;
          if (!repeatable || !(error instanceof SsmaxError) || !ELSEWHERE.has(error.code) || tried >= clients.length - 1) throw error;
          // Another call may have gone on already.
          if (first % clients.length === index) first = index + 1;
        }
      }
    },
    close() {
      for (const client of clients) client.close();
    },
  };
}
