import type { OptionsHost } from '../host.ts';
import { loadConfiguration } from '../member/configuration.ts';
import { copyPolicy } from '../member/copies.ts';
import { changeConsent, consentOf, individualAddresses } from '../member/consent.ts';
import { loadSettings } from '../member/preferences.ts';
import { diagnose } from '../member/diagnostics.ts';
import { fingerprint } from '../member/enrol.ts';
import { diagnosticLabel } from '../ui/diagnostics.tsx';
import { Options } from '../ui/options.tsx';
import { shortcutNow } from './shortcut.ts';
import { LISTS_PERMISSION } from './address-lists.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { browserApi, thunderbirdApi } from './api.ts';
import { saveFile } from './downloads.ts';
import { viewIdentity } from './identity-view.ts';
import { TAGS_PERMISSION } from './list-tags.ts';
import { openTab } from './open-tab.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { createMember } from './storage.ts';
import { words } from './words.ts';

const member = createMember();

const host: OptionsHost = {
  async options() {
    const { sendDelay, hideSubject, sealedDrafts, listTags, addressLists, fixed } = await loadSettings(member.ports);
    const configuration = await loadConfiguration(member.ports);
    return {
      identities: await Promise.all((await member.identities.all()).map((identity) => viewIdentity(member, identity))),
      server: configuration?.organisationUrl,
      managed: await member.ports.managed() !== undefined,
      sendDelay,
      listTags: { on: listTags, permitted: await browserApi.permissions.contains(TAGS_PERMISSION), fixed: fixed.has('listTags') },
      sendDelayFixed: fixed.has('sendDelay'),
      hideSubject,
      hideSubjectFixed: fixed.has('hideSubject'),
      sealedDrafts,
      sealedDraftsFixed: fixed.has('sealedDrafts'),
      shortcut: await shortcutNow(),
      backups: (await copyPolicy(member.ports)).backup !== 'forbidden',
      listsForbidden: !addressLists,
      lists: await browserApi.permissions.contains(LISTS_PERMISSION),
      fingerprint: configuration === undefined ? undefined : fingerprint(configuration.root),
    };
  },
  allowLists: () => browserApi.permissions.request(LISTS_PERMISSION),
  async switchListTags(on) {
    if (on && !await browserApi.permissions.request(TAGS_PERMISSION)) return;
    await member.ports.tables.preferences.put('list', { listTags: on });
    await browserApi.runtime.sendMessage<Request, unknown>({ kind: 'tags-switched' });
    if (!on) await browserApi.permissions.remove(TAGS_PERMISSION);
  },
  setSendDelay: (sendDelay) => member.ports.tables.preferences.put('sending', { sendDelay }),
  async setWriting(choice) {
    const { preferences } = member.ports.tables;
    await preferences.put('writing', { ...await preferences.get('writing'), ...choice });
  },
  openEnrolment: () => void openTab('enrolment.html'),
  openSearch: () => void openTab('search.html'),
  async diagnose() {
    const [{ name, version }, { os, arch }] = await Promise.all([thunderbirdApi.runtime.getBrowserInfo(), browserApi.runtime.getPlatformInfo()]);
    return diagnose(member, { version: browserApi.runtime.getManifest().version, client: `${name} ${version}`, system: `${os} ${arch}`, language: words.language }, diagnosticLabel(words));
  },
  saveReport: async (report) => void (await saveFile('ssmax-report.txt', utf8(report))),
  // A member who says no in the dialogue is refused too, in other words; Thunderbird's own are all that tells the one from the other.
  remove: () => browserApi.management.uninstallSelf({ showConfirmDialog: true }).then(() => true, (error: unknown) => String(error).includes('cancelled')),
  individuals: () => individualAddresses(member),
  consent: (address) => consentOf(member, address),
  changeConsent: (address, wanted) => changeConsent(member, address, wanted),
};

mount(words.text('options_title'), <Options host={host} words={words} />);
