/**
 * A report on this plugin for the administrator: what is set up, what works, what does not, by codes. No key, no
 * certificate, no subject, no text, no address but the member's own.
 */
import { SsmaxError } from '../../src/core/error.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { loadWebPrivateKey } from '../../src/platform/web.ts';
import { loadConfiguration } from './configuration.ts';
import { fingerprint } from './enrol.ts';
import type { SealParts } from './seal.ts';
import { searchChoice } from './search-choice.ts';

/** What the host knows of itself. */
export interface Surroundings {
  readonly version: string;
  readonly client: string;
  readonly system: string;
  readonly language: string;
}

/** What a line of the report is about; stable, so that the administrator can read a report in any language. */
export type DiagnosticName = 'made' | 'plugin' | 'client' | 'managed' | 'server' | 'root' | 'trust' | 'key' | 'pending' | 'sealed' | 'search';

/**
 * The report in lines `label: value`. `label` gives the line's name in the reader's language (`address`: whose key it is about);
 * values are the same in all languages: codes, dates in ISO 8601, numbers. Never throws.
 */
export async function diagnose(member: SealParts, { version, client, system, language }: Surroundings, label: (name: DiagnosticName, address: string) => string): Promise<string> {
  const { ports, identities, trust } = member;
  const lines: string[] = [];
  const say = async (name: DiagnosticName, find: () => Promise<string> | string, address = ''): Promise<void> => {
    lines.push(`${label(name, address)}: ${await Promise.resolve().then(find).catch((error: unknown) => `failed, ${codeOf(error)}`)}`);
  };
  await say('made', () => ports.clock.now().toISOString());
  await say('plugin', () => version);
  await say('client', () => `${client}, ${system}, ${language}`);
  await say('managed', async () => Object.keys((await ports.managed()) ?? {}).sort().join(', ') || 'none');
  await say('server', async () => (await loadConfiguration(ports))?.organisationUrl ?? 'not set up');
  await say('root', async () => {
    const configuration = await loadConfiguration(ports);
    return configuration === undefined ? 'not set up' : fingerprint(configuration.root);
  });
  await say('trust', async () => {
    const { directory } = await trust.get();
    return `in force; directory of ${directory.issued.toISOString()}`;
  });
  for (const identity of await identities.all().catch(() => [])) {
    await say('key', async () => {
      if (!('wrapped' in identity.pair)) await loadWebPrivateKey(ports.native, identity.pair);
      const { notAfter } = parseCertificate(identity.certificate);
      const backup = identity.backedUpAt === undefined ? 'no backup' : `backup of ${identity.backedUpAt.toISOString().slice(0, 10)}`;
      return `${'wrapped' in identity.pair ? 'locked by a passphrase' : 'works, no passphrase'}; certificate until ${notAfter.toISOString()}; ${backup}`;
    }, identity.address);
  }
  await say('pending', async () => String((await ports.tables.pending.all()).length));
  await say('sealed', async () => String((await ports.tables.sealed.all()).length));
  await say('search', async () => {
    const { on, fixed } = await searchChoice(ports);
    return `${on ? 'on' : 'off'}${fixed ? ', managed' : ''}; ${on ? (await ports.tables.searchMails.all()).length : 0} mails`;
  });
  return `${lines.join('\n')}\n`;
}

/** Errors by their code alone: what else they carry may name people. A setting is named: it is the administrator's own. */
function codeOf(error: unknown): string {
  if (!(error instanceof SsmaxError)) return 'SSMAX-fault';
  const { field } = error.params;
  return error.code === 'configuration-invalid' && field !== undefined && field !== '' ? `SSMAX-configuration-invalid: ${field}` : `SSMAX-${error.code}`;
}
