/** Searching what a program left on disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of the files under a directory that hold this text, as it stands or in base64 at any offset. */
export function holding(directory: string, text: string): string[] {
  const forms = [Buffer.from(text), Buffer.from(text, 'utf16le'), ...[0, 1, 2].map((offset) => insideBase64(text, offset))];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const content = read(path);
      return forms.some((form) => content.includes(form));
    });
}

/** The characters of base64 that are the same whatever stands around the text. */
function insideBase64(text: string, offset: number): Buffer {
  const encoded = Buffer.from(`${'\0'.repeat(offset)}${text}`).toString('base64').replace(/=+$/, '');
  return Buffer.from(encoded.slice(Math.ceil((offset * 4) / 3), -2));
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0); // gone between the listing and now
  }
}
