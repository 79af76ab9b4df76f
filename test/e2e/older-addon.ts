/** The add-on of an earlier commit, as it was built then (test/fixtures/README.md), what servers told it, and what it is updated to. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packXpi } from '../../scripts/package.ts';
import type { World } from '../../scripts/world/process.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { signObject } from '../../src/core/cms/signed-data.ts';
import { OID } from '../../src/core/oids.ts';
import { encodeJson } from '../../src/wire/json.ts';
import type { TestWorld } from '../flow/world.ts';

export const OLDER_ADDON = resolve('test/fixtures/ssmax-thunderbird-0.1.0-e50718c.xpi');

/** What was built, as a package of a later version: Thunderbird updates to nothing else. */
export function packNewer(world: World): string {
  const directory = world.directory('addon-newer');
  cpSync('dist/thunderbird', directory, { recursive: true });
  const manifest = join(directory, 'manifest.json');
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')) as object, version: '99.0.0' }));
  const path = `${directory}.xpi`;
  writeFileSync(path, packXpi(directory));
  return path;
}

/** Where the older add-on asked for the directory: all organisations in one signed file. */
export const OLDER_DIRECTORY = '/ssmax/v1/directory';

/** Of its content: the neighbour of the verdict's, given to nothing else since. */
const DIRECTORY = OID.verdict.replace(/1$/, '2');

export function olderDirectory({ organisations, delegate: { key, certificate } }: TestWorld): Promise<Bytes> {
  const issued = new Date(Date.now() - 1000);
  const value = encodeJson({ version: 1, issued, nextUpdate: new Date(Date.now() + 86_400_000), organisations: [...organisations.values()].map(({ entry }) => entry) });
  return signObject({ type: DIRECTORY, value, signingTime: issued }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier });
}
