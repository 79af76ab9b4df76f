/**
 * How far the introduction of SSMAX has come, by domain and group (docs/admin/stages.md), each step reversible:
 *
 *   observe        members' unprotected mail passes, marked and counted
 *   protect        members submit protected mail only; the rule where nothing is said
 *   alwaysSigned   whoever claims one of these addresses in unprotected mail from outside is refused, too
 *
 * A group goes before its domain. Others learn of `alwaysSigned` domains by the Authority's directory.
 */
import { statSync } from 'node:fs';
import { z } from 'zod';
import { asReadersMight, claimedDomains, domainOf } from '../../mail/address.ts';
import { loadConfig } from '../shared/config.ts';
import type { Logger } from '../shared/log.ts';

export const STAGES = ['observe', 'protect', 'alwaysSigned'] as const;
export type Stage = (typeof STAGES)[number];

export interface Group {
  readonly stage: Stage;
  /** Addresses in lower case. */
  readonly members: readonly string[];
}

export interface Stages {
  readonly domains: Readonly<Record<string, Stage>>;
  /** By name. The first group that has an address decides. */
  readonly groups: Readonly<Record<string, Group>>;
}

/** Reads stages.yaml; throws what `loadConfig` throws. */
export function loadStages(file: string): Stages {
  return loadConfig(file, ({ domain }) => {
    const stage = z.enum(STAGES);
    const address = z.string().regex(/^[^\s@A-Z]+@[^\s@A-Z]+$/, 'must be an address in lower case');
    return z.strictObject({
      domains: z.record(domain, stage).default({}),
      groups: z.record(z.string().min(1).max(64), z.strictObject({ stage, members: z.array(address).min(1).max(100_000) })).default({}),
    });
  });
}

/** The stage of an address, normalised. */
export function stageOf({ domains, groups }: Stages, address: string): Stage {
  const group = Object.values(groups).find(({ members }) => members.includes(address));
  return group?.stage ?? domains[domainOf(address)] ?? 'protect';
}

/**
 * Whether header values (From, Sender, the envelope's) claim an address that is `alwaysSigned` here, in whatever way a reader
 * might understand them.
 */
export function claimsAlwaysSigned({ domains, groups }: Stages, values: readonly string[]): boolean {
  const text = values.flatMap(asReadersMight).join('\n').toLowerCase();
  const pattern = (address: string): RegExp => new RegExp(`(?<![\\w.+-])${address.replace(/[^\w@]/g, '\\$&')}(?![\\w.-])`, 'g');
  // A group that is not there yet goes before its domain, for its own members: one of them named beside another excuses nobody.
  const excepted = Object.values(groups).filter(({ stage }) => stage !== 'alwaysSigned').flatMap(({ members }) => members);
  const others = excepted.reduce((rest, address) => rest.replace(pattern(address), ''), text);
  if (claimedDomains([others]).some((domain) => domains[domain] === 'alwaysSigned')) return true;
  return Object.values(groups).some(({ stage, members }) => stage === 'alwaysSigned' && members.some((address) => pattern(address).test(text)));
}

export type StageSource = () => Stages;

const NONE: Stages = { domains: {}, groups: {} };

/** Follows the file as it changes. What is wrong with a new version goes to the log, and the one in force stays. */
export function followStages(file: string | undefined, log: Logger): StageSource {
  if (file === undefined) return () => NONE;
  let stages = loadStages(file);
  let version = changed(file);
  return () => {
    const now = changed(file);
    if (now !== version) {
      version = now;
      try {
        stages = loadStages(file);
        log.info('stages-reloaded', { file });
      } catch (error) {
        log.error('stages-not-reloaded', { file, error });
      }
    }
    return stages;
  };
}

function changed(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 'missing' : `${stat.mtimeMs}/${stat.ino}/${stat.size}`;
}
