/** The policy file: which checks a mail goes through in each direction (docs/inspection.md). */
import { z } from 'zod';
import type { Policy, Rule } from '../../flow/judge.ts';
import { isSearchable, keywordMatcher } from '../../flow/keywords.ts';
import { DEFAULT_LIMITS } from '../../mail/mime.ts';
import { loadConfig } from '../shared/config.ts';

const words = z.array(z.string().max(200).refine(isSearchable, 'must hold at least one visible character')).min(1).max(10_000);

const rule = z.discriminatedUnion('check', [
  z.strictObject({ check: z.literal('keywords'), words, result: z.enum(['refuse', 'tag']).default('refuse') }),
  z.strictObject({ check: z.literal('malware') }),
]);

const limit = (most: number): z.ZodDefault<z.ZodNumber> => z.number().int().min(1).max(most).default(most);

const schema = z.strictObject({
  /** Stands in every verdict: change it with every change of the file. */
  version: z.union([z.string(), z.number()]).transform(String)
    .refine((text) => /^[0-9A-Za-z][0-9A-Za-z._:+-]{0,63}$/.test(text), 'must be 1 to 64 letters, digits and . _ : + -'),
  limits: z.strictObject({
    bytes: limit(DEFAULT_LIMITS.bytes), parts: limit(DEFAULT_LIMITS.parts), depth: limit(DEFAULT_LIMITS.depth),
  }).prefault({}),
  outbound: z.array(rule),
  inbound: z.array(rule),
});

/** Reads and checks a policy file; throws what `loadConfig` throws. */
export function loadPolicy(file: string): Policy {
  const { outbound, inbound, ...rest } = loadConfig(file, () => schema);
  return { ...rest, outbound: outbound.map(prepare), inbound: inbound.map(prepare) };
}

function prepare(given: z.output<typeof rule>): Rule {
  return given.check === 'keywords' ? { check: 'keywords', matches: keywordMatcher(given.words), result: given.result } : given;
}

/** Whether mail in any direction needs the scanner. */
export function needsScanner({ outbound, inbound }: Policy): boolean {
  return [...outbound, ...inbound].some(({ check }) => check === 'malware');
}
