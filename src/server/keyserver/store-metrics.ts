/** Figures from the key server's database: the same from every copy of the server. */
import { Gauge, type Metric } from '../shared/metrics.ts';
import type { Store } from './tables.ts';

const DAY = 86_400_000;

export function storeMetrics(store: Store): Metric[] {
  const count = async (table: 'members' | 'evidence'): Promise<number> =>
    Number((await store.query.selectFrom(table).select((e) => e.fn.countAll().as('count')).executeTakeFirstOrThrow()).count);
  return [
    new Gauge('ssmax_members', 'Registered members.', () => count('members')),
    new Gauge('ssmax_evidence', 'Pieces of evidence kept for tracing.', () => count('evidence')),
    new Gauge('ssmax_audit_entries', 'Number of the last entry of the audit chain.', async () =>
      (await store.query.selectFrom('audit_entries').select('seq').orderBy('seq', 'desc').limit(1).executeTakeFirst())?.seq ?? 0),
    new Gauge('ssmax_alerts_total', 'Attacks or misuses in the audit chain.', async () =>
      Number((await store.query.selectFrom('audit_entries').select((e) => e.fn.countAll().as('count')).where('kind', '=', 'alert').executeTakeFirstOrThrow()).count), 'counter'),
    new Gauge('ssmax_abuse_cases_open', 'Cases of abuse that nobody has closed.', async () =>
      Number((await store.query.selectFrom('abuse_cases').select((e) => e.fn.countAll().as('count')).where('state', '!=', 'closed').executeTakeFirstOrThrow()).count)),
    new Gauge('ssmax_certificates_expiring', 'Address certificates in force that end within 30 days.', async () => {
      const now = Date.now();
      const row = await store.query.selectFrom('certificates').select((e) => e.fn.countAll().as('count'))
        .where('role', '=', 'user').where('revoked', 'is', null).where('not_after', '>', now).where('not_after', '<', now + 30 * DAY).executeTakeFirstOrThrow();
      return Number(row.count);
    }),
  ];
}
