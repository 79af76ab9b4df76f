/** Which organisation this plugin belongs to, and the one certificate that everything rests on. */
import { concat } from '../../src/core/bytes.ts';
import { refused } from '../../src/core/error.ts';
import { parsePins } from '../../src/flow/trust.ts';
import { fromBase64, toBase64 } from '../../src/wire/json.ts';
import { readManaged } from '../../src/wire/managed-settings.ts';
import type { MemberPorts } from './ports.ts';
import type { Configuration } from './records.ts';

/** Reads what the organisation manages, or what a member entered. Throws `configuration-invalid`. */
export function readConfiguration(value: unknown): Configuration {
  const { organisationUrl, root } = readManaged(value);
  if (organisationUrl === undefined || root === undefined) throw refused('configuration-invalid', { field: organisationUrl === undefined ? 'organisationUrl' : 'root' });
  try {
    parsePins(root);
  } catch (cause) {
    throw refused('configuration-invalid', { field: 'root' }, cause);
  }
  return { organisationUrl, root };
}

/** The Authority's root as a member pastes it, PEM (several, where several are pinned) or bare base64, line breaks and all; as base64. */
function rootFromText(text: string): string {
  const blocks = text.split(/-----[A-Z ]+-----/).map((block) => block.replace(/\s+/g, '')).filter((block) => block !== '');
  try {
    return toBase64(concat(...blocks.map(fromBase64)));
  } catch {
    return ''; // readConfiguration says that it is none
  }
}

/** Sets up what a member entered, if it can be reached and is what the root signed; else all stays as it was. Throws `configuration-invalid` and what `trust` throws. */
export async function configure({ ports: { tables }, trust }: { ports: Pick<MemberPorts, 'tables'>; trust: { get(): Promise<unknown> } }, organisationUrl: string, root: string): Promise<void> {
  const entered = readConfiguration({ organisationUrl, root: rootFromText(root) });
  const before = await tables.settings.get('organisation');
  await tables.settings.put('organisation', entered);
  try {
    await trust.get();
  } catch (error) {
    if (before === undefined) await tables.settings.remove('organisation');
    else await tables.settings.put('organisation', before);
    throw error;
  }
}

/** What is managed goes before what was entered; undefined where there is neither. Throws `configuration-invalid`. */
export async function loadConfiguration({ managed, tables }: Pick<MemberPorts, 'managed' | 'tables'>): Promise<Configuration | undefined> {
  const central = await managed();
  return central === undefined ? tables.settings.get('organisation') : readConfiguration(central);
}
