/** Which inspection server is asked while its key is being replaced. */
import { expect, it } from 'vitest';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { createCa, serverCertificate } from '../../../src/server/keyserver/ca.ts';
import { migrations, type Tables } from '../../../src/server/keyserver/tables.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { createWorld, native } from '../../flow/world.ts';
import { onBothDatabases } from '../shared/databases.ts';

onBothDatabases('the inspection server that is asked', (fresh) => {
  it('is the one certified last of those that the directory lists, though both certificates end with the organisation\'s', async () => {
    const world = await createWorld();
    const hinode = await world.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
    const store = await openDatabase<Tables>(await fresh(), migrations);
    const clock = { now: () => world.now };
    const ca = createCa(store, hinode.issuer, (length) => native.random(length), clock);
    const issue = (): ReturnType<typeof ca.issueServer> => ca.issueServer('inspection', 'inspection.hinode.example', loadPrivateKey(generatePrivateKey()).publicKey);
    const old = await issue();
    world.now = new Date(world.now.getTime() + 200 * 86_400_000);
    const next = await issue();
    expect(next.notAfter).toEqual(old.notAfter);
    const asked = async (...listed: (typeof old)[]): Promise<string> => (await serverCertificate(store, 'inspection', listed.map(({ spkiSha256 }) => spkiSha256), world.now)).serial;
    expect(await asked(old)).toBe(old.serial);
    expect(await asked(old, next)).toBe(next.serial);
    expect(await asked(next, old)).toBe(next.serial);
    await store.close();
  });
});
