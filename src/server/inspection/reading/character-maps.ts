/**
 * The character maps (CMaps) of Adobe's that a PDF file may name instead of holding them: most Japanese ones do. They come
 * with PDF.js; the build puts them beside the program (vite.config.ts).
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = import.meta.url.endsWith('.ts')
  ? join(dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json')), 'cmaps')
  : fileURLToPath(new URL('./cmaps', import.meta.url));

/** What PDF.js asks for a map by its name (`CMapReaderFactory`). Rejects for a name that is none: the font then has no text. */
export class CharacterMaps {
  async fetch({ name }: { readonly name: string }): Promise<{ cMapData: Uint8Array; isCompressed: true }> {
    if (!/^[A-Za-z0-9-]{1,64}$/.test(name)) throw new Error('not the name of a character map');
    return { cMapData: Uint8Array.from(await readFile(join(directory, `${name}.bcmap`))), isCompressed: true };
  }
}
