/** The policy file (docs/admin/inspection.md): one file, from the organisation down to the member. */
import { z } from 'zod';
import { isSearchable } from '../../flow/keywords.ts';
import { allRules } from '../../flow/policy/inherit.ts';
import { TYPE_NAMES } from '../../flow/policy/kinds.ts';
import { isPattern } from '../../flow/policy/patterns.ts';
import { type Group, type Level, type Outcome, OUTCOMES, type Policy, type Rule } from '../../flow/policy/rules.ts';
import { normalizeAddress } from '../../mail/address.ts';
import { DEFAULT_LIMITS } from '../../mail/mime.ts';
import { STANDINGS } from '../../wire/directory.ts';
import { type ConfigFields, loadConfig } from '../shared/config.ts';

const MEGABYTE = 1_048_576;

const word = z.string().max(200).refine(isSearchable, 'must hold at least one visible character');
const expression = z.string().max(1000).refine(isPattern, 'must be a regular expression by RE2\'s rules that does not match the empty text (no look-around, no back references)');
const outcome = z.enum(OUTCOMES);
const atLeast = z.int().min(1).max(100_000).default(1);
const name = z.string().min(1).max(80).optional();
const address = z.string().max(320).transform((text, context) => {
  try {
    return normalizeAddress(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be an address, for example taro@hinode.example' });
    return z.NEVER;
  }
});

const line = z.strictObject({
  organisations: z.array(z.string().min(1).max(253)).min(1).max(10_000).optional(),
  standing: z.array(z.enum(STANDINGS)).min(1).optional(),
  reportsPer100000: z.number().min(0).optional(),
  result: z.enum([...OUTCOMES, 'accept']),
});

const either = { name, result: outcome.default('refuse') };
const check = <Name extends Rule['check'], Fields extends z.ZodRawShape>(which: Name, fields: Fields) =>
  z.strictObject({ check: z.literal(which), ...either, ...fields });

const outboundRules = [
  check('keywords', { words: z.array(word).min(1).max(10_000) }),
  check('pattern', { expressions: z.array(expression).min(1).max(100), atLeast }),
  check('my-number', { atLeast }),
  check('card-number', { atLeast }),
  check('file-type', { types: z.array(z.enum(TYPE_NAMES)).min(1) }),
  check('name-mismatch', {}),
  check('password', {}),
  check('macros', {}),
  check('size', { megabytes: z.number().min(0.001).max(64) }),
  check('recipients', { external: z.int().min(0).max(1000) }),
  check('malware', { encrypted: outcome.default('refuse') }),
] as const;
const organisations = z.strictObject({ check: z.literal('organisations'), name, lines: z.array(line).min(1).max(1000) });
const outboundRule = z.discriminatedUnion('check', outboundRules);
const inboundRule = z.discriminatedUnion('check', [...outboundRules, organisations]);

const level = {
  outbound: z.array(outboundRule).max(1000).default([]),
  inbound: z.array(inboundRule).max(1000).default([]),
  approvers: z.array(address).max(100).default([]),
};

const limit = (most: number): z.ZodDefault<z.ZodNumber> => z.number().int().min(1).max(most).default(most);
const unread = z.enum(['refuse', 'hold', 'tag']);

const schema = ({ domain }: ConfigFields) => z.strictObject({
  /** Stands in every verdict: change it with every change of the file. */
  version: z.union([z.string(), z.number()]).transform(String)
    .refine((text) => /^[0-9A-Za-z][0-9A-Za-z._:+-]{0,63}$/.test(text), 'must be 1 to 64 letters, digits and . _ : + -'),
  limits: z.strictObject({
    bytes: limit(DEFAULT_LIMITS.bytes), parts: limit(DEFAULT_LIMITS.parts), depth: limit(DEFAULT_LIMITS.depth),
    /** Of everything unpacked. */
    expandedMegabytes: z.int().min(1).max(1024).default(200), files: z.int().min(1).max(100_000).default(5000), nesting: z.int().min(1).max(16).default(6),
  }).prefault({}),
  unreadable: z.strictObject({ outbound: unread.default('refuse'), inbound: unread.default('refuse') }).prefault({}),
  holdHours: z.int().min(1).max(96).default(72),
  approversSee: z.enum(['text', 'codes']).default('text'),
  ownDomains: z.array(domain).max(1000).default([]),
  ...level,
  /** To be left out below the organisation only: nobody forgets a direction. */
  outbound: z.array(outboundRule).max(1000),
  inbound: z.array(inboundRule).max(1000),
  domains: z.record(domain, z.strictObject(level)).default({}),
  groups: z.record(z.string().min(1).max(80), z.strictObject({ ...level, members: z.array(address).min(1).max(100_000) })).default({}),
  members: z.record(z.string(), z.strictObject(level)).default({}),
}).superRefine((policy, context) => {
  for (const key of Object.keys(policy.members)) {
    if (!address.safeParse(key).success) context.addIssue({ code: 'custom', path: ['members', key], message: 'must be an address, for example taro@hinode.example' });
  }
  everyLevel(policy).forEach(({ path, level: one }) => {
    for (const direction of ['outbound', 'inbound'] as const) {
      one[direction].forEach((rule, index) => {
        if (rule.check === 'recipients' && policy.ownDomains.length === 0) {
          context.addIssue({ code: 'custom', path: [...path, direction, index], message: 'needs `ownDomains` at the top of the file: which recipients are not external' });
        }
        if (rule.name === undefined && resultsOf(rule).includes('off')) {
          context.addIssue({ code: 'custom', path: [...path, direction, index], message: '`off` needs the `name` of the inherited rule that it takes away' });
        }
        if (holds(rule) && !hasApprovers(policy, path)) {
          context.addIssue({ code: 'custom', path: [...path, direction, index], message: '`hold` needs `approvers` at this level or at the top of the file' });
        }
      });
      const twice = duplicate(one[direction].flatMap((rule) => rule.name ?? []));
      if (twice !== undefined) context.addIssue({ code: 'custom', path: [...path, direction], message: `has two rules with the name \`${twice}\`` });
      if (policy.unreadable[direction] === 'hold' && policy.approvers.length === 0) {
        context.addIssue({ code: 'custom', path: ['unreadable', direction], message: '`hold` needs `approvers` at the top of the file' });
      }
    }
  });
});

type Written = z.output<ReturnType<typeof schema>>;
type WrittenLevel = Pick<Written, 'outbound' | 'inbound' | 'approvers'>;
type WrittenRule = Written['inbound'][number];

function everyLevel(policy: WrittenLevel & Pick<Written, 'domains' | 'groups' | 'members'>): { path: PropertyKey[]; level: WrittenLevel }[] {
  const named = (key: 'domains' | 'groups' | 'members'): { path: PropertyKey[]; level: WrittenLevel }[] =>
    Object.entries(policy[key]).map(([entry, one]) => ({ path: [key, entry], level: one }));
  return [{ path: [], level: policy }, ...named('domains'), ...named('groups'), ...named('members')];
}

function resultsOf(rule: WrittenRule): (Outcome | 'accept')[] {
  return rule.check === 'organisations' ? rule.lines.map(({ result }) => result) : [rule.result];
}

function holds(rule: WrittenRule): boolean {
  return resultsOf(rule).includes('hold') || (rule.check === 'malware' && rule.encrypted === 'hold');
}

function hasApprovers(policy: WrittenLevel & Pick<Written, 'domains' | 'groups' | 'members'>, path: readonly PropertyKey[]): boolean {
  const here = everyLevel(policy).find((one) => one.path.join('\0') === path.join('\0'));
  return policy.approvers.length > 0 || (here?.level.approvers.length ?? 0) > 0;
}

function duplicate(names: readonly string[]): string | undefined {
  return names.find((one, index) => names.indexOf(one) !== index);
}

/** Reads and checks a policy file; throws what `loadConfig` throws. */
export function loadPolicy(file: string): Policy {
  const { limits, groups, members, domains, ownDomains, holdHours, approversSee, unreadable, version, ...organisation } = loadConfig(file, schema);
  const { expandedMegabytes, files, nesting, ...mime } = limits;
  return {
    version, unreadable, holdHours, approversSee, ownDomains, limits: mime, reading: { expanded: expandedMegabytes * MEGABYTE, files, nesting },
    organisation: levelOf(organisation, ''),
    domains: mapValues(domains, levelOf),
    groups: Object.entries(groups).map(([group, one]): Group => ({ ...levelOf(one, group), name: group, members: one.members })),
    members: Object.fromEntries(Object.entries(members).map(([key, one]) => [normalizeAddress(key), levelOf(one, key)])),
  };
}

function mapValues<From, To>(values: Readonly<Record<string, From>>, change: (value: From, key: string) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
}

function levelOf({ outbound, inbound, approvers }: WrittenLevel, where: string): Level {
  const prepare = (rules: readonly WrittenRule[]): Rule[] => rules.map((rule, index) => ruleOf(rule, where, index));
  return { outbound: prepare(outbound), inbound: prepare(inbound), approvers };
}

/** Rules without a name are called by their place. */
function ruleOf(rule: WrittenRule, where: string, index: number): Rule {
  const named = { ...rule, name: rule.name ?? `${where === '' ? '' : `${where} `}${rule.check} #${index + 1}` };
  if (named.check === 'size') {
    const { megabytes, ...rest } = named;
    return { ...rest, bytes: Math.round(megabytes * MEGABYTE) };
  }
  if (named.check === 'organisations') return { ...named, result: 'tag' };
  return named;
}

/** Whether mail in any direction needs the scanner. */
export function needsScanner(policy: Policy): boolean {
  return allRules(policy).some(({ check: one }) => one === 'malware');
}

/** Whether the policy decides by the sending organisation, for which the directory is needed. */
export function needsDirectory(policy: Policy): boolean {
  return allRules(policy).some(({ check: one }) => one === 'organisations');
}

/** Whether a mail can be held, for which a store is needed. */
export function mayHold(policy: Policy): boolean {
  return Object.values(policy.unreadable).includes('hold') || allRules(policy).some((rule) =>
    rule.result === 'hold' || (rule.check === 'malware' && rule.encrypted === 'hold') || (rule.check === 'organisations' && rule.lines.some(({ result }) => result === 'hold')));
}
