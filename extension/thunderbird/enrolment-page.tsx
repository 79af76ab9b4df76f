import { configure, loadConfiguration } from '../member/configuration.ts';
import { importBackup, writeBackup } from '../member/backup.ts';
import { copyPolicy, requirePermission } from '../member/copies.ts';
import { enrol, type FreshKeys, lockFreshKey } from '../member/enrol.ts';
import { lockPolicy } from '../member/key-lock.ts';
import { unprotectedAddresses } from '../member/lock-demand.ts';
import { managedCode } from '../member/managed-code.ts';
import type { EnrolmentHost } from '../host.ts';
import { Enrolment } from '../ui/enrolment.tsx';
import { refused } from '../../src/core/error.ts';
import { browserApi, thunderbirdApi } from './api.ts';
import { saveFile } from './downloads.ts';
import { viewIdentity } from './identity-view.ts';
import { closePage, mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { createMember } from './storage.ts';
import { words } from './words.ts';

const member = createMember();
/** In this page's memory only: with it goes the chance of a backup. */
const fresh: FreshKeys = new Map();

/** A mail that is on the screen may open now. */
function keysChanged(): void {
  void browserApi.runtime.sendMessage<Request>({ kind: 'keys-changed' });
}

const host: EnrolmentHost = {
  async addresses() {
    const accounts = await thunderbirdApi.accounts.list(false);
    return [...new Set(accounts.flatMap(({ identities }) => identities.map(({ email }) => email ?? '')))].filter((email) => email.includes('@'));
  },
  identities: async () => Promise.all((await member.identities.all()).map((identity) => viewIdentity(member, identity))),
  managedCode: () => managedCode(member.ports),
  configured: async () => await loadConfiguration(member.ports) !== undefined,
  configure: (organisationUrl, root) => configure(member, organisationUrl, root),
  async enrol(address, code, lock) {
    const identity = await enrol(member, { address, code, lock }, fresh);
    keysChanged();
    return { ...await viewIdentity(member, identity), backup: fresh.has(identity.address) };
  },
  async saveBackup(address, passphrase) {
    const key = fresh.get(address);
    const identity = (await member.identities.all()).find((one) => one.address === address);
    await requirePermission(member.ports, 'backup');
    if (key === undefined || identity === undefined) throw refused('backup-too-late');
    const name = `ssmax-${address.replace('@', '-')}.p12`;
    await saveFile(name, await writeBackup(member.ports, identity, key.exportable, passphrase));
    await member.identities.add({ ...identity, backedUpAt: new Date() });
    return name;
  },
  async importBackup(file, passphrase, lock) {
    const identity = await importBackup(member, file, passphrase, fresh, lock);
    keysChanged();
    return viewIdentity(member, identity);
  },
  unprotected: () => unprotectedAddresses(member),
  backupPolicy: async () => (await copyPolicy(member.ports)).backup,
  lockRequired: async () => (await lockPolicy(member.ports)).required,
  async lockKey(address, passphrase) {
    await lockFreshKey(member.identities, address, passphrase, fresh);
    keysChanged();
  },
  onChange(listener) {
    browserApi.runtime.onMessage.addListener((message: unknown) => {
      if ((message as Request).kind === 'keys-changed') listener();
      return undefined; // answered by the background alone
    });
    thunderbirdApi.identities.onCreated.addListener(listener);
    thunderbirdApi.identities.onUpdated.addListener(listener);
  },
  close: closePage,
};

mount(words.text('enrol_title'), <Enrolment host={host} words={words} />);
