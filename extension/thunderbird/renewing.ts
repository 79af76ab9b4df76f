/** Renewal in the background; whenever Thunderbird starts or wakes the add-on there may be something to do. */
import { renewCertificates } from '../member/renewal.ts';
import type { SealParts } from '../member/seal.ts';
import { browserApi } from './api.ts';
import { keepAlive } from './keep-alive.ts';
import type { Unlocking } from './unlocking.ts';

/** Says something only where the member must act. */
export async function renew(member: SealParts, unlocking: Unlocking): Promise<void> {
  const release = keepAlive();
  try {
    for (const { address, until, code } of await renewCertificates(member)) {
      // It is renewed as soon as the key is open: renewing needs its signature.
      if (code === 'key-locked') {
        await unlocking.ask();
        continue;
      }
      const query = new URLSearchParams({ address, until: until.toISOString(), code });
      await browserApi.windows.create({ type: 'popup', url: `${browserApi.runtime.getURL('renewal.html')}?${query.toString()}`, width: 560, height: 420 });
    }
  } finally {
    release();
  }
}
