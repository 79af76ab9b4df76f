/** Saving to where downloads go. */
import type { Bytes } from '../../src/core/bytes.ts';
import { browserApi } from './api.ts';

/**
 * Saves bytes under a name (one that is taken gets a number) and gives the download's number once the file is there.
 * Rejects if the member chose not to, or it failed. The type is left out: the name says how to open it.
 */
export async function saveFile(name: string, bytes: Bytes): Promise<number> {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  try {
    const id = await browserApi.downloads.download({ url, filename: name, conflictAction: 'uniquify' });
    await complete(id);
    return id;
  } finally {
    URL.revokeObjectURL(url); // until then it is what the download reads
  }
}

function complete(id: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (state: string | undefined): void => {
      if (state !== 'complete' && state !== 'interrupted') return;
      browserApi.downloads.onChanged.removeListener(changed);
      if (state === 'complete') resolve();
      else reject(new Error('interrupted'));
    };
    const changed = (delta: { readonly id: number; readonly state?: { readonly current?: string } }): void => {
      if (delta.id === id) settle(delta.state?.current);
    };
    browserApi.downloads.onChanged.addListener(changed);
    void browserApi.downloads.search({ id }).then(([item]) => settle(item?.state));
  });
}
