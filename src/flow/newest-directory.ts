/**
 * An organisation that has just joined, or has a new key, is unknown to whoever fetched the directory a minute ago. What would be
 * refused for that is looked at once more by the newest directory before it is refused (docs/protocol-directory.md).
 */
import { SsmaxError } from '../core/error.ts';
import type { Trust } from './trust.ts';

const BY_DIRECTORY = new Set([
  'recipient-outside', 'organisation-unknown', 'certificate-untrusted', 'gateway-unknown', 'inspection-unknown', 'label-mismatch', 'leg-not-for-us', 'organisation-changing',
]);

export interface NewestDirectory {
  readonly trust: () => Promise<Trust>;
  /** Fetches the directory, unless that was done moments ago; whether there is a newer one now than this trust's. */
  readonly newerThan?: ((used: Trust) => Promise<boolean>) | undefined;
}

/** Whether a newer directory may see otherwise what was refused with this code. */
export function mayBeNews(code: string): boolean {
  return BY_DIRECTORY.has(code);
}

/** Runs again, once, if it throws what a newer directory may lift and there is one. What it does must bear being done twice. */
export async function byNewestDirectory<T>({ trust, newerThan }: NewestDirectory, run: () => Promise<T>): Promise<T> {
  const used = await trust().catch(() => undefined);
  try {
    return await run();
  } catch (error) {
    if (newerThan === undefined || used === undefined || !(error instanceof SsmaxError) || !mayBeNews(error.code) || !(await newerThan(used))) throw error;
    return run();
  }
}
