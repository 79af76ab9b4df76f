/**
 * The add-on as two packages: version 0.1.0, which can put its store into the form of that version's (store-of-0.1.0.ts), and the next
 * one, which is what was built.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packXpi } from '../../scripts/package.ts';
import type { World } from '../../scripts/world/process.ts';
import { intoStoreOf010 } from './store-of-0.1.0.ts';

/** A page of the older package: it has done its work when its title says so. */
export const OLD_STORE_PAGE = 'into-store-of-0.1.0.html';

/** Paths of the two. */
export function packTwoVersions(world: World): { readonly older: string; readonly newer: string } {
  const pack = (version: string, more: (directory: string) => void = () => undefined): string => {
    const directory = world.directory(`addon-${version}`);
    cpSync('dist/thunderbird', directory, { recursive: true });
    const manifest = join(directory, 'manifest.json');
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')) as object, version }));
    more(directory);
    const path = `${directory}.xpi`;
    writeFileSync(path, packXpi(directory));
    return path;
  };
  return {
    older: pack('0.1.0', (directory) => {
      writeFileSync(join(directory, OLD_STORE_PAGE), '<!DOCTYPE html><html><head><meta charset="utf-8"><script src="into-store-of-0.1.0.js"></script></head><body><p></p></body></html>');
      // A compiler may have named the functions inside.
      writeFileSync(join(directory, 'into-store-of-0.1.0.js'), `const __name = (named) => named;\naddEventListener('load', () => (${intoStoreOf010.toString()})().then(() => 'done', String).then((word) => { document.querySelector('p').textContent = word; }));\n`);
    }),
    newer: pack('99.0.0'),
  };
}
