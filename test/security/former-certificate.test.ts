/**
 * An organisation's former certificates go on counting for a while. Whoever is suspended, or has lost a key, must not go on
 * under one of them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Certificate, parseCertificate } from '../../src/core/pki/certificate.ts';
import { parseCrl, type RevocationReason } from '../../src/core/pki/crl.ts';
import { generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { DEFAULT_CRITERIA } from '../../src/server/authority/criteria.ts';
import { createRegister, migrations, type Register, type Tables } from '../../src/server/authority/register.ts';
import { createReview } from '../../src/server/authority/review.ts';
import { type Database, openDatabase } from '../../src/server/shared/database.ts';
import { createWorld, type TestOrganisation, type TestWorld } from '../flow/world.ts';

let directory: string;
let world: TestWorld;
let hinode: TestOrganisation;
let store: Database<Tables>;
let register: Register;
/** The first certificate, a renewed one for the same key, one for another key. */
let certificates: Certificate[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssmax-former-'));
  world = await createWorld();
  hinode = await world.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  store = await openDatabase<Tables>(join(directory, 'db.sqlite'), migrations);
  register = createRegister(store, world.delegate, { now: () => world.now });
  const key = loadPrivateKey(generatePrivateKey());
  await certify();
  certificates = [hinode.issuer.certificate, await world.certifyAnew(hinode, key)];
  await certify();
  certificates.push(await world.certifyAnew(hinode, key));
  await certify();
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const certify = (): Promise<void> => register.certify(hinode.entry, new Uint8Array(32));

/** Whether each of the certificates stands in the CRL, and why. */
async function revoked(): Promise<(RevocationReason | undefined)[]> {
  const list = parseCrl(await register.file('authority.crl') ?? new Uint8Array(0)).revoked;
  return certificates.map(({ serial }) => list.get(serial)?.reason);
}

it('a suspended organisation signs under none of its certificates, and a new one does not end the suspension', async () => {
  const review = createReview(store, register, DEFAULT_CRITERIA, { now: () => world.now });
  await review.setStanding(hinode.id, 'suspended', 'looked into');
  expect(await revoked()).toEqual(['certificateHold', 'certificateHold', 'certificateHold']);
  certificates.push(await world.certifyAnew(hinode));
  await certify();
  expect((await revoked())[3]).toBe('certificateHold');
  await review.setStanding(hinode.id, 'certified', 'settled');
  expect(await revoked()).toEqual([undefined, undefined, undefined, undefined]);
});

it('a stolen key falls with all its certificates; what another key did stays good', async () => {
  const since = new Date(world.now.getTime() - 3_600_000);
  await register.revoke(hinode.id, 'keyCompromise', since);
  expect(await revoked()).toEqual([undefined, 'keyCompromise', 'keyCompromise']);
  const former = parseCrl(await register.file('authority.crl') ?? new Uint8Array(0)).revoked.get(certificates[1]?.serial ?? '');
  expect(former?.invalidityDate).toEqual(since);
  expect(parseCertificate(hinode.entry.certificate).serial).toBe(certificates[2]?.serial);
});

it('who is a member no longer is none under any key', async () => {
  await register.revoke(hinode.id, 'cessationOfOperation');
  expect(await revoked()).toEqual(['cessationOfOperation', 'cessationOfOperation', 'cessationOfOperation']);
});
