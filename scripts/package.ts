/**
 * Packs the built add-on (dist/thunderbird) into `dist/ssmax-thunderbird-VERSION.xpi`: files in the order of their names,
 * one date for all, so that the same commit gives the same bytes on every machine. Prints the SHA-256 of the package.
 *
 * `npm run build` calls it after the builds.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { zipSync, type Zippable } from 'fflate';

/** The earliest date that a ZIP file can carry; fflate reads it in local time, so it is made in local time. */
const DATE = new Date(1980, 0, 1);

/** The add-on's files in `directory` as one XPI. */
export function packXpi(directory: string): Uint8Array {
  const files: Zippable = {};
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
  for (const path of paths) files[path.split(sep).join('/')] = [readFileSync(join(directory, path)), { mtime: DATE, level: 9, os: 3 }];
  return zipSync(files);
}

if (import.meta.filename === process.argv[1]) {
  const { version } = JSON.parse(readFileSync('manifest.json', 'utf8')) as { version: string };
  const xpi = packXpi('dist/thunderbird');
  const name = `ssmax-thunderbird-${version}.xpi`;
  writeFileSync(join('dist', name), xpi);
  console.log(`${createHash('sha256').update(xpi).digest('hex')}  ${name}  ${xpi.length} bytes`);
}
