/** Which organisation this plugin belongs to, and the one certificate that everything rests on. */
import { z } from 'zod';
import { concat } from '../../src/core/bytes.ts';
import { refused } from '../../src/core/error.ts';
import { parsePins } from '../../src/flow/trust.ts';
import { bytesField, fromBase64, toBase64 } from '../../src/wire/json.ts';
import type { MemberPorts } from './ports.ts';
import type { Configuration } from './records.ts';

const schema = z.object({
  organisationUrl: z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/+$/, '')),
  root: bytesField({ maximum: 65_536 }),
});

/** Reads what the organisation manages, or what a member entered. Throws `configuration-invalid`. */
export function readConfiguration(value: unknown): Configuration {
  const result = schema.safeParse(value);
  if (!result.success) throw refused('configuration-invalid', { field: result.error.issues[0]?.path.join('.') ?? '' });
  try {
    parsePins(result.data.root);
  } catch (cause) {
    throw refused('configuration-invalid', { field: 'root' }, cause);
  }
  return result.data;
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

/** Everything that an organisation can manage (docs/admin/roll-out.md §2); the modules whose settings they are read the values. */
const MANAGED = new Set([
  'organisationUrl', 'root', 'enrolmentCode', 'lockKeys', 'lockAfter', 'search', 'sendDelay', 'outsidePictures', 'hideSubject', 'sealedDrafts', 'listTags', 'riskCheck', 'manyOutsiders', 'backup', 'copies',
]);

/**
 * What is managed goes before what was entered; undefined where there is neither. Throws `configuration-invalid`, for a name that is
 * none too: a setting that is mistyped would else be no setting, and nobody would know.
 */
export async function loadConfiguration({ managed, tables }: Pick<MemberPorts, 'managed' | 'tables'>): Promise<Configuration | undefined> {
  const central = await managed();
  if (central === undefined) return tables.settings.get('organisation');
  const unknown = Object.keys(central as object).find((name) => !MANAGED.has(name));
  if (unknown !== undefined) throw refused('configuration-invalid', { field: unknown.slice(0, 60) });
  return readConfiguration(central);
}
