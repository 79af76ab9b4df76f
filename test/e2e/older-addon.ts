/** The add-on of an earlier commit, as it was built then (test/fixtures/README.md), what servers told it, and what it is updated to. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packXpi } from '../../scripts/package.ts';
import type { World } from '../../scripts/world/process.ts';
import { ssmax } from '../../scripts/world/ssmax.ts';
import { until } from '../../scripts/world/wait.ts';
import type { Thunderbird } from '../../scripts/world/thunderbird.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { signObject } from '../../src/core/cms/signed-data.ts';
import { OID } from '../../src/core/oids.ts';
import { encodeJson } from '../../src/wire/json.ts';
import type { TestWorld } from '../flow/world.ts';

export const OLDER_ADDON = resolve('test/fixtures/ssmax-thunderbird-0.1.0-e50718c.xpi');

/** Puts what was built, as a package of a later version, on the web server, as docs/admin/upgrade.md says. */
export async function publishNewer(world: World, { url, files }: { readonly url: string; readonly files: Map<string, Uint8Array | string> }, version: string): Promise<void> {
  const directory = world.directory(`addon-${version}`);
  cpSync('dist/thunderbird', directory, { recursive: true });
  const manifest = join(directory, 'manifest.json');
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')) as object, version }));
  const path = join(world.directory('published'), `ssmax-thunderbird-${version}.xpi`);
  const packed = packXpi(directory);
  writeFileSync(path, packed);
  files.set('ssmax.xpi', packed);
  files.set('updates.json', await ssmax(['member', 'updates', path, '--addon', `${url}ssmax.xpi`]));
}

/** Lets Thunderbird look for updates, as it does once a day; the add-on has this version then, or from the next start on. */
export async function updateAddons(thunderbird: Thunderbird, id: string, version: string, when: 'now' | 'at the next start'): Promise<void> {
  await thunderbird.marionette.run(async (chrome) => {
    chrome.setPref('extensions.update.enabled', true);
    const { AddonManagerPrivate } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs') as AddonModule;
    await AddonManagerPrivate.backgroundUpdateCheck();
  });
  await until(async () => await (when === 'now' ? versionOf(thunderbird, id) : waiting(thunderbird)) === version, { what: `version ${version} ${when}`, withinMs: 60_000 });
}

/** The version of what waits for Thunderbird's next start; null where nothing does. */
function waiting(thunderbird: Thunderbird): Promise<string | null> {
  return thunderbird.marionette.run(async () => {
    const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs') as AddonModule;
    return (await AddonManager.getAllInstalls()).find(({ state }) => state === AddonManager.STATE_POSTPONED)?.version ?? null;
  });
}

/** Of an add-on; null where it is not installed. */
export function versionOf(thunderbird: Thunderbird, id: string): Promise<string | null> {
  return thunderbird.marionette.run(async (_, wanted) => {
    const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs') as AddonModule;
    return (await AddonManager.getAddonByID(wanted))?.version ?? null;
  }, id);
}

interface AddonModule {
  readonly AddonManager: {
    readonly STATE_POSTPONED: number;
    getAddonByID(id: string): Promise<{ readonly version: string } | null>;
    getAllInstalls(): Promise<readonly { readonly state: number; readonly version: string }[]>;
  };
  readonly AddonManagerPrivate: { backgroundUpdateCheck(): Promise<void> };
}

/** Of the program itself, where functions given to `run` stand. */
declare const ChromeUtils: { importESModule(url: string): unknown };

/** Where the older add-on asked for the directory: all organisations in one signed file. */
export const OLDER_DIRECTORY = '/ssmax/v1/directory';

/** Of its content: the neighbour of the verdict's, given to nothing else since. */
const DIRECTORY = OID.verdict.replace(/1$/, '2');

export function olderDirectory({ organisations, delegate: { key, certificate } }: TestWorld): Promise<Bytes> {
  const issued = new Date(Date.now() - 1000);
  const value = encodeJson({ version: 1, issued, nextUpdate: new Date(Date.now() + 86_400_000), organisations: [...organisations.values()].map(({ entry }) => entry) });
  return signObject({ type: DIRECTORY, value, signingTime: issued }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier });
}
