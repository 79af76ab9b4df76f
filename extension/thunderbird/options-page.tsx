import type { OptionsHost } from '../host.ts';
import { loadConfiguration } from '../member/configuration.ts';
import { changeConsent, consentOf, individualAddresses } from '../member/consent.ts';
import { loadSettings } from '../member/preferences.ts';
import { fingerprint } from '../member/enrol.ts';
import { Options } from '../ui/options.tsx';
import { LISTS_PERMISSION } from './address-lists.ts';
import { browserApi } from './api.ts';
import { viewIdentity } from './identity-view.ts';
import { mount, openEnrolment } from './page.tsx';
import { createMember } from './storage.ts';
import { words } from './words.ts';

const member = createMember();

const host: OptionsHost = {
  async options() {
    const { sendDelay, fixed } = await loadSettings(member.ports);
    const configuration = await loadConfiguration(member.ports);
    return {
      identities: await Promise.all((await member.identities.all()).map((identity) => viewIdentity(member, identity))),
      server: configuration?.organisationUrl,
      managed: await member.ports.managed() !== undefined,
      sendDelay,
      sendDelayFixed: fixed.has('sendDelay'),
      lists: await browserApi.permissions.contains(LISTS_PERMISSION),
      fingerprint: configuration === undefined ? undefined : fingerprint(configuration.root),
    };
  },
  allowLists: () => browserApi.permissions.request(LISTS_PERMISSION),
  setSendDelay: (sendDelay) => member.ports.tables.preferences.put('sending', { sendDelay }),
  openEnrolment,
  individuals: () => individualAddresses(member),
  consent: (address) => consentOf(member, address),
  changeConsent: (address, wanted) => changeConsent(member, address, wanted),
};

mount(words.text('options_title'), <Options host={host} words={words} />);
