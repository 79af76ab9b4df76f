/** Policies for tests, and a reader of mails in this very process. */
import { type ContentReader, type JudgeParts, readByRules } from '../../src/flow/judge.ts';
import type { FileReader } from '../../src/flow/policy/reading.ts';
import type { Policy, Rule } from '../../src/flow/policy/rules.ts';
import { DEFAULT_LIMITS } from '../../src/mail/mime.ts';

export function policyOf(changes: Partial<Policy> & { outbound?: readonly Rule[]; inbound?: readonly Rule[] } = {}): Policy {
  const { outbound = [], inbound = [], ...rest } = changes;
  return {
    version: '7', limits: DEFAULT_LIMITS, reading: { expanded: 20_000_000, files: 1000, nesting: 4 }, unreadable: { outbound: 'refuse', inbound: 'refuse' },
    ownDomains: ['hinode.example'], holdHours: 72, approversSee: 'text', organisation: { outbound, inbound, approvers: [] }, domains: {}, groups: [], members: {}, ...rest,
  };
}

/** Files stay closed unless a reader is given: the one for real files stands in src/server/inspection/reading. */
export function readingHere(readFile: FileReader = ({ name, part }) => Promise.resolve([{ part, name, text: '', kind: 'unknown', encrypted: false, macros: false, problem: undefined }])): ContentReader {
  return { read: (job) => readByRules(job, readFile) };
}

export const NO_DIRECTORY: JudgeParts['directory'] = () => Promise.reject(new Error('not to be called'));
