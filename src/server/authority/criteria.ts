/** The Authority's criteria (a YAML file) and what they say of a member. The Authority's people decide; nothing here acts. */
import { z } from 'zod';
import { loadConfig } from '../shared/config.ts';

/** What can be measured of a member. */
export const MEASURES = [
  /** Cases that it confirmed, of a thousand mails sent; not judged below `minimumMails`. */
  'confirmed-per-thousand',
  /** Reports about it that the Authority handed on, of a thousand mails sent; not judged below `minimumMails`. */
  'reported-per-thousand',
  'confirmed',
  /** Handed on by the Authority, but not in its statements. */
  'unaccounted-reports',
  'days-without-statement',
  /** Days since the last audit report, else since it was vetted. */
  'audit-age',
  /** Heads that do not continue the former ones, and other alarms, unless acknowledged. */
  'alarms',
] as const;
export type Measure = (typeof MEASURES)[number];

const criteriaSchema = z.strictObject({
  version: z.string().min(1).max(64),
  /** Days that figures are summed over. */
  window: z.int().min(1).max(400),
  minimumMails: z.int().min(0).default(1000),
  criteria: z.array(z.strictObject({ measure: z.enum(MEASURES), above: z.number().min(0), says: z.enum(['warn', 'suspend']) })).max(100),
});
export type Criteria = z.output<typeof criteriaSchema>;

/** In force where authority.yaml names no file; docs/admin/authority.md shows them. */
export const DEFAULT_CRITERIA: Criteria = {
  version: 'default-1',
  window: 30,
  minimumMails: 1000,
  criteria: [
    { measure: 'confirmed-per-thousand', above: 0.5, says: 'warn' },
    { measure: 'confirmed-per-thousand', above: 5, says: 'suspend' },
    { measure: 'unaccounted-reports', above: 5, says: 'warn' },
    { measure: 'days-without-statement', above: 3, says: 'warn' },
    { measure: 'audit-age', above: 400, says: 'warn' },
    { measure: 'audit-age', above: 550, says: 'suspend' },
    { measure: 'alarms', above: 0, says: 'suspend' },
  ],
};

/** Throws what `loadConfig` throws. */
export function loadCriteria(file: string): Criteria {
  return loadConfig(file, () => criteriaSchema);
}

/** Sums over the window, and what else is known of a member. */
export interface Measured {
  readonly sent: number;
  readonly received: number;
  /** As the Authority counted them. */
  readonly reported: number;
  /** As the member states them. */
  readonly reports: number;
  readonly refused: number;
  readonly confirmed: number;
  readonly warned: number;
  readonly suspended: number;
  readonly daysWithoutStatement: number;
  readonly auditAge: number;
  readonly alarms: number;
}

export interface Finding {
  readonly measure: Measure;
  readonly value: number;
  readonly above: number;
  readonly says: 'warn' | 'suspend';
}

export function review(criteria: Criteria, measured: Measured): { findings: Finding[]; says: 'good' | 'warn' | 'suspend' } {
  const values: Readonly<Record<Measure, number>> = {
    'confirmed-per-thousand': perThousand(measured.confirmed, measured.sent, criteria.minimumMails),
    'reported-per-thousand': perThousand(measured.reported, measured.sent, criteria.minimumMails),
    'confirmed': measured.confirmed,
    // Its statement of today is still due: what was handed on today cannot be in it, and `reports` counts a mail once.
    'unaccounted-reports': Math.max(0, measured.reported - measured.reports - measured.refused),
    'days-without-statement': measured.daysWithoutStatement,
    'audit-age': measured.auditAge,
    'alarms': measured.alarms,
  };
  const findings = criteria.criteria.filter(({ measure, above }) => values[measure] > above)
    .map(({ measure, above, says }) => ({ measure, value: Math.round(values[measure] * 1000) / 1000, above, says }));
  const says = findings.some((finding) => finding.says === 'suspend') ? 'suspend' : findings.length > 0 ? 'warn' : 'good';
  return { findings, says };
}

function perThousand(count: number, mails: number, minimum: number): number {
  return mails < Math.max(minimum, 1) ? 0 : (count * 1000) / mails;
}
