/** Mail in a pipe. */
import type { Bytes } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { DEFAULT_LIMITS } from '../mail/mime.ts';

/** All of standard input. Throws `mail-too-large`. */
export async function readStdin(): Promise<Bytes> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > DEFAULT_LIMITS.bytes) throw new SsmaxError('refused', 'mail-too-large', { limit: DEFAULT_LIMITS.bytes });
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Writes to standard output, and waits until the next program in the pipe has taken it. Throws `output-unwritable`. */
export function writeStdout(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => { reject(new SsmaxError('fault', 'output-unwritable', {}, { cause })); };
    // The stream tells its listeners as well; without one the process would end there and then.
    process.stdout.once('error', failed);
    process.stdout.write(bytes, (error) => {
      if (error !== undefined && error !== null) return;
      process.stdout.off('error', failed);
      resolve();
    });
  });
}
