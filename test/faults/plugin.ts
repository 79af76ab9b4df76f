/** Checks on the plugin's side, beyond those that it shares with the servers. */
import { type Fault, of } from './fault.ts';

const SENDER = 'test/security/claimed-sender.test.ts';

export const plugin: readonly Fault[] = [
  ...of('src/mail/address.ts', SENDER, [
    ['claimed sender: comments', '...texts.map(withoutComments)', '', 'claims the domain'],
    ['claimed sender: quotes and brackets', `.replace(/["\\\\[\\]]/g, '')`, '', 'claims the domain'],
    ['claimed sender: spaces around dots', ".replace(/ ?([.@]) ?/g, '$1')", '', 'claims the domain'],
    ['claimed sender: invisible letters', ".replace(/\\p{Cf}/gu, '')", '', 'claims the domain'],
  ]),
  ...of('src/mail/delivery-report.ts', SENDER, [
    ['claimed sender: reports too', '.flatMap(asReadersMight)', '', 'as a delivery report too'],
  ]),
  ...of('src/server/gateway/stages.ts', SENDER, [
    ['stages: members as readers see them', 'values.flatMap(asReadersMight).join', 'values.join', 'is the member of a group'],
    ['stages: an exception is for its own members', '  if (claimedDomains([others])', '  if (others === text && claimedDomains([text])', 'excuses nobody beside him'],
  ]),
  ...of('extension/thunderbird/addressees.ts', 'test/extension/addressees.test.ts', [
    ['reply: an outer Reply-To', 'const toAll = !misled && ', 'const toAll = ', 'does not make a reply to all'],
    ['written anew: to whom it was sealed', "details.type === 'forward') return {};", "details.type !== 'reply') return {};", 'the own mail written anew'],
  ]),
  ...of('extension/thunderbird/sending.ts', 'test/extension/sending.test.ts', [
    ['sending: what is left sealed is ours', 'cms !== undefined && await this.#member.sealed.isUnsent(cms)', 'cms !== undefined', 'nothing in clear beside it'],
    ['sending: waits for what is written', 'await this.#filled(tabId) ? ', 'false ? ', 'waits until what is still being filled'],
  ]),
  ...of('extension/thunderbird/compose.ts', 'test/extension/sending.test.ts', [
    ['sending: no text beside a seal', " || letters(details.plainTextBody ?? '') !== letters(CARRIER_NOTICE.join(''))", '', 'nothing in clear beside it'],
    ['sending: no file beside a seal', ' || others.length > 0', '', 'nothing in clear beside it'],
  ]),
  ...of('extension/member/enrol.ts', 'test/extension/key-lock.test.ts', [
    ['key lock: not kept without a passphrase', 'if (!(await lockPolicy(ports)).required) await identities.add(identity);', 'await identities.add(identity); if (key === undefined) return;', 'no key is kept without one'],
    ['key lock: not kept while it waits', 'if (!unstored) await tables.pending', 'await tables.pending', 'no key is kept without one'],
  ]),
  ...of('extension/member/configuration.ts', 'test/extension/managed-settings.test.ts', [
    ['managed settings: no unknown name', "if (unknown !== undefined) throw refused('configuration-invalid', { field: unknown.slice(0, 60) });", '', 'with a name that is none'],
  ]),
  ...of('extension/thunderbird/storage.ts', 'test/extension/managed-settings.test.ts', [
    ['managed settings: not to be had is not none', 'if (/\\bnot found\\b/i.test(String(error))) return', 'return', 'not the same as none'],
  ]),
];
