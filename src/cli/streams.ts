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

/** Writes to standard output, and waits until the next program in the pipe has taken it. */
export function writeStdout(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(new SsmaxError('fault', 'output-unwritable', {}, { cause: error }));
    });
  });
}
