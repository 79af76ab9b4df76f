/** Which organisation this plugin belongs to, and the one certificate that everything rests on. */
import { z } from 'zod';
import { refused } from '../../src/core/error.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { bytesField } from '../../src/wire/json.ts';
import type { MemberPorts } from './ports.ts';
import type { Configuration } from './records.ts';

const schema = z.object({
  organisationUrl: z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/+$/, '')),
  root: bytesField({ maximum: 16_384 }),
});

/** Reads what the organisation manages, or what a member entered. Throws `configuration-invalid`. */
export function readConfiguration(value: unknown): Configuration {
  const result = schema.safeParse(value);
  if (!result.success) throw refused('configuration-invalid', { field: result.error.issues[0]?.path.join('.') ?? '' });
  try {
    parseCertificate(result.data.root);
  } catch (cause) {
    throw refused('configuration-invalid', { field: 'root' }, cause);
  }
  return result.data;
}

/** The Authority's root as a member pastes it: PEM or bare base64, line breaks and all. */
export function rootFromText(text: string): string {
  return text.replace(/-----[A-Z ]+-----/g, '').replace(/\s+/g, '');
}

/** What is managed goes before what was entered; undefined where there is neither. Throws `configuration-invalid`. */
export async function loadConfiguration({ managed, tables }: Pick<MemberPorts, 'managed' | 'tables'>): Promise<Configuration | undefined> {
  const central = await managed();
  return central === undefined ? tables.settings.get('organisation') : readConfiguration(central);
}
