/** Files that are sealed mail themselves: in another mail nobody could open them, for they are sealed for somebody else. */
import { SsmaxError, refused } from '../../src/core/error.ts';
import type { Attachment } from '../../src/mail/build.ts';
import { isMarked } from './forward.ts';
import { CARRIER_NAME, findCarrier } from '../../src/mail/carrier.ts';
import { parseMime } from '../../src/mail/mime.ts';

/** Whether a file is a sealed part, or a whole mail with one; not what this plugin put there to be passed on. */
export function isSealedFile(file: Attachment): boolean {
  const { name, type, bytes } = file;
  if (isMarked(file)) return false;
  if (name === CARRIER_NAME) return true;
  if (!type.toLowerCase().startsWith('message/rfc822') && !name.toLowerCase().endsWith('.eml')) return false;
  try {
    return findCarrier(parseMime(bytes, 'outer')).kind === 'carrier';
  } catch (error) {
    // With our mark but in disorder: nobody could open that either.
    if (error instanceof SsmaxError) return error.code === 'carrier-ambiguous';
    throw error;
  }
}

/** Throws `sealed-attachment` with the name of the first. */
export function refuseSealedFiles(files: readonly Attachment[]): void {
  const sealed = files.find(isSealedFile);
  if (sealed !== undefined) throw refused('sealed-attachment', { name: sealed.name });
}
