/**
 * The key of a delegate of the Authority was stolen, and the root has certified another one. The thief signs directories and CRLs
 * that are newer than any and revoke nobody; he is believed by nobody who has seen the new delegate's, or who pins it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { issueDelegate, issueOrganisation, issueRoot, type Issuer } from '../../src/core/pki/issue.ts';
import { validatePath } from '../../src/core/pki/path.ts';
import { loadTrust, marksOfCopies, parsePins, requireSuccessor, type TrustMaterial, trustMarks } from '../../src/flow/trust.ts';
import { generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { createLogger } from '../../src/server/shared/log.ts';
import { createTrustSource, type TrustSource } from '../../src/server/shared/trust-source.ts';
import { native } from '../flow/world.ts';
import { createScene, type Scene } from './scene.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
let scene: Scene;
let stolen: Issuer;
let honest: Issuer;
let state: string;

beforeAll(async () => {
  scene = await createScene();
  state = mkdtempSync(join(tmpdir(), 'ssmax-delegate-'));
  stolen = scene.world.delegate;
  const { notAfter } = stolen.certificate;
  honest = await scene.world.newDelegate({ notBefore: new Date(scene.world.now.getTime() - MINUTE), notAfter });
});
afterAll(() => {
  rmSync(state, { recursive: true, force: true });
});

/** What this delegate publishes, so many minutes from now. */
async function by(delegate: Issuer, minutes: number): Promise<TrustMaterial> {
  const { world } = scene;
  const { now } = world;
  world.delegate = delegate;
  world.now = new Date(now.getTime() + minutes * MINUTE);
  try {
    return await world.material();
  } finally {
    world.now = now;
  }
}

const rollback = { kind: 'unavailable', code: 'trust-rollback', params: { what: 'delegate' } };
const load = (material: TrustMaterial, now = scene.world.now) => loadTrust(material, now);

describe('a former delegate', () => {
  it('is not believed by whoever has seen the newer one, however new what he signs is', async () => {
    const known = trustMarks(await load(await by(honest, 0)));
    await expect(requireSuccessor(await load(await by(stolen, 5)), known)).rejects.toMatchObject(rollback);
    const former = trustMarks(await load(await by(stolen, 0)));
    await requireSuccessor(await load(await by(honest, 5)), former);
  });

  it('is not believed by a new installation whose pins hold the newer one', async () => {
    const pins = concat(scene.world.root.der, honest.certificate.der);
    await expect(load({ ...await by(stolen, 5), root: pins })).rejects.toMatchObject(rollback);
    expect((await load({ ...await by(honest, 0), root: pins })).delegate.der).toEqual(honest.certificate.der);
  });

  it('is not believed by a server that was down until all it had kept was out of date', async () => {
    const served = { current: await by(honest, 0) };
    let { now } = scene.world;
    const source = (): TrustSource => createTrustSource({
      root: scene.world.root.der, directory: join(state, 'server'), interval: DAY, clock: { now: () => now },
      sources: { index: () => Promise.resolve(served.current.directory.index), file: (name) => served.current.directory.file(name), crls: { all: () => Promise.resolve(concat(...served.current.crls)) } },
      log: createLogger({ server: 'test', level: 'error', write: () => undefined }),
    });
    const before = source();
    await before.refresh();
    before.stop();
    now = new Date(now.getTime() + 3 * DAY);
    served.current = await by(stolen, 3 * 24 * 60);
    const after = source();
    await after.refresh();
    await expect(after.trust()).rejects.toMatchObject({ code: 'directory-stale' });
    served.current = await by(honest, 3 * 24 * 60);
    await after.refresh();
    expect((await after.trust()).delegate.der).toEqual(honest.certificate.der);
    after.stop();
  });

  it('is remembered from kept copies only where somebody signed them', async () => {
    const material = await by(honest, 0);
    expect((await marksOfCopies(material)).delegate).toEqual(honest.certificate.notBefore);
    const crls = [(await by(stolen, 0)).crls[0] ?? new Uint8Array(), ...material.crls.slice(1)];
    await expect(marksOfCopies({ ...material, crls })).rejects.toMatchObject({ code: 'crl-signature' });
  });
});

describe('pins', () => {
  const random = (length: number): Bytes => native.random(length);
  const validity = () => ({ notBefore: new Date(scene.world.now.getTime() - DAY), notAfter: new Date(scene.world.now.getTime() + DAY) });

  it('may hold two roots while one follows the other: what either certified is good', async () => {
    const { root } = scene.world;
    const { commonName = '', organisation = '' } = root.subject;
    const key = loadPrivateKey(generatePrivateKey());
    const next = { key, certificate: await issueRoot({ key, subject: { commonName, organisation }, validity: validity(), random }) };
    const delegateKey = loadPrivateKey(generatePrivateKey());
    const delegate = { key: delegateKey, certificate: await issueDelegate({ publicKey: delegateKey.publicKey, issuer: next, validity: validity(), random }) };
    const material = await by(delegate, 0);
    await expect(load(material)).rejects.toMatchObject({ code: 'certificate-untrusted' });
    const trust = await load({ ...material, root: concat(root.der, next.certificate.der) });
    const certificate = await issueOrganisation({
      publicKey: loadPrivateKey(generatePrivateKey()).publicKey, issuer: next, validity: validity(), random, name: '新', organisationId: 'X', country: 'JP',
      mailDomains: ['new.example'], hostNames: ['new.example'],
    });
    for (const leaf of [certificate, scene.hinode.issuer.certificate]) {
      await validatePath({ leaf, intermediates: [], root: trust.roots, at: scene.world.now, role: 'organisation' });
    }
    await expect(validatePath({ leaf: certificate, intermediates: [], root, at: scene.world.now, role: 'organisation' })).rejects.toMatchObject({ code: 'certificate-untrusted' });
  });

  it('hold a root at least, and no two of different names', async () => {
    const key = loadPrivateKey(generatePrivateKey());
    const other = await issueRoot({ key, subject: { commonName: 'Other', organisation: 'Other' }, validity: validity(), random });
    for (const pins of [new Uint8Array(), honest.certificate.der, concat(scene.world.root.der, other.der)]) {
      expect(codeOf(() => parsePins(pins))).toBe('certificate-role');
    }
  });
});

/** The code of the error that this throws. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof SsmaxError ? error.code : String(error);
  }
}
