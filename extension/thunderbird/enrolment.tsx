import { readConfiguration, loadConfiguration, rootFromText } from '../member/configuration.ts';
import { enrol } from '../member/enrol.ts';
import type { EnrolmentHost } from '../host.ts';
import { Enrolment } from '../ui/enrolment.tsx';
import { thunderbirdApi } from './api.ts';
import { viewIdentity } from './identity-view.ts';
import { closePage, mount } from './page.tsx';
import { createMember } from './storage.ts';
import { words } from './words.ts';

const member = createMember();

const host: EnrolmentHost = {
  async addresses() {
    const accounts = await thunderbirdApi.accounts.list(false);
    return [...new Set(accounts.flatMap(({ identities }) => identities.map(({ email }) => email ?? '')))].filter((email) => email.includes('@'));
  },
  identities: async () => Promise.all((await member.identities.all()).map((identity) => viewIdentity(member, identity))),
  configured: async () => await loadConfiguration(member.ports) !== undefined,
  async configure(organisationUrl, root) {
    await member.ports.tables.settings.put('organisation', readConfiguration({ organisationUrl, root: rootFromText(root) }));
    await member.trust.get(); // nothing is set up that cannot be reached
  },
  enrol: async (address, code) => viewIdentity(member, await enrol(member, { address, code })),
  close: closePage,
};

mount(words.text('enrol_title'), <Enrolment host={host} words={words} />);
