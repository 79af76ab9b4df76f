/** Everything that an organisation can fix for the add-on (docs/admin/roll-out.md §2): `ssmax member policies` writes it, the add-on reads it, by one schema. */
import { z } from 'zod';
import { refused } from '../core/error.ts';
import { bytesField } from './json.ts';

/** Windows' group policy has no booleans: 1 and 0 stand for them. */
const choice = z.union([z.boolean(), z.literal([0, 1])]).transform(Boolean);

const SETTINGS = {
  organisationUrl: z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/+$/, '')),
  root: bytesField({ maximum: 65_536 }),
  /** Whom a member asks, as a sentence of the organisation's own: shown beside every sentence that tells to ask. */
  contact: z.string().trim().min(1).max(200),
  enrolmentCode: z.string().min(1),
  lockKeys: choice,
  /** Minutes. */
  lockAfter: z.number().int().min(1).max(480),
  search: choice,
  /** Seconds. */
  sendDelay: z.number().int().min(0).max(120),
  outsidePictures: choice,
  hideSubject: choice,
  sealedDrafts: choice,
  listTags: choice,
  addressLists: choice,
  riskCheck: choice,
  manyOutsiders: z.number().int().min(2).max(1_000),
  /** Single checks of those before sending; `riskCheck` decides on all. */
  riskLookalike: choice,
  riskColleagueName: choice,
  riskNewDomain: choice,
  riskGreeting: choice,
  riskAttachment: choice,
  riskPasswordFile: choice,
  /** Whether reports of malicious mail tell the sending organisation who reports, and what he noted. */
  reportsNameMember: choice,
  backup: z.enum(['required', 'allowed', 'forbidden']),
  copies: z.enum(['allowed', 'forbidden']),
};
type Name = keyof typeof SETTINGS;

const schema = z.strictObject(SETTINGS).partial();

export type ManagedSettings = z.output<typeof schema>;

/** Without any, none is fixed. Throws `configuration-invalid` naming the field, for a name that is none too: settings are never half followed. */
export function readManaged(value: unknown): ManagedSettings {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refused('configuration-invalid', { field: (issue?.code === 'unrecognized_keys' ? issue.keys[0] ?? '' : issue?.path.join('.') ?? '').slice(0, 60) });
}

/** Those that are the same on all computers, and no part of what every installation needs. */
export const SETTABLE: readonly string[] = Object.keys(SETTINGS).filter((name) => !['organisationUrl', 'root', 'enrolmentCode'].includes(name));

/** A setting written by hand: its value as it belongs into the settings, or why it does not. */
export function settingOf(name: string, text: string): { readonly value: string | number | boolean } | { readonly fault: string } {
  if (!SETTABLE.includes(name)) return { fault: `There is no setting "${name}" to set. Those there are: ${SETTABLE.join(', ')}.` };
  const field = SETTINGS[name as Name];
  // A text may be a number by its looks, such as a telephone's: what the setting takes decides.
  const readings = [text, ...(/^(?:true|false)$/.test(text) ? [text === 'true'] : []), ...(/^\d{1,9}$/.test(text) ? [Number(text)] : [])];
  const value = readings.find((one) => field.safeParse(one).success);
  if (value === undefined) return { fault: `${name}: ${field.safeParse(readings.at(-1)).error?.issues[0]?.message ?? 'not a value of it'}.` };
  return { value: typeof field.parse(value) === 'boolean' ? Boolean(value) : value };
}

/** Whom members ask; undefined where nobody is named. Never throws: where another setting is at fault, it is needed all the more. */
export function contactOf(value: unknown): string | undefined {
  return z.object({ contact: SETTINGS.contact }).safeParse(value).data?.contact;
}
