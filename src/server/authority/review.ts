/** The Authority's review of its members: what is known of each, what the criteria say, and the standing that its people decide on. */
import { type Bytes, hex } from '../../core/bytes.ts';
import { refused } from '../../core/error.ts';
import { parseCertificate } from '../../core/pki/certificate.ts';
import type { Clock } from '../../flow/ports.ts';
import { type Organisation, type Standing, standingOf } from '../../wire/directory.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Database } from '../shared/database.ts';
import { type Criteria, type Finding, type Measured, review } from './criteria.ts';
import { NO_FIGURES, sumFigures, type Sums } from './figures.ts';
import type { Register, Tables } from './register.ts';

const DAY = 86_400_000;

export interface ReviewedMember {
  readonly id: string;
  readonly names: Organisation['names'];
  readonly standing: Standing | 'candidate';
  readonly since: Date;
  readonly measured: Measured;
  readonly findings: readonly Finding[];
  readonly says: 'good' | 'warn' | 'suspend';
  readonly audit?: { readonly date: string; readonly auditor: string; readonly hash: string };
  readonly alarms: readonly { readonly day: string; readonly code: string }[];
}

export interface Review {
  members(): Promise<{ criteria: string; window: number; members: ReviewedMember[]; candidates: { id: string; name: string; domains: string[]; since: Date }[] }>;
  /** Warns, suspends or reinstates; the directory and, for a suspension, the CRL say so at once. Throws `organisation-unknown`, `standing-unchanged`. */
  setStanding(id: string, state: Standing, reason: string): Promise<void>;
  /** Notes a re-certification by the hash of its report. Throws `organisation-unknown`, `audit-known`. */
  recertify(id: string, audit: { date: string; auditor: string; hash: Bytes }): Promise<void>;
  addCandidate(candidate: { id: string; name: string; domains: string[] }): Promise<void>;
  /** How many alarms are open, for monitoring. */
  openAlarms(): Promise<number>;
}

export function createReview(store: Database<Tables>, register: Register, criteria: Criteria, clock: Clock): Review {
  async function measure(organisation: Organisation, figures: Sums): Promise<Pick<ReviewedMember, 'measured' | 'audit' | 'alarms'>> {
    const now = clock.now().getTime();
    const { id } = organisation;
    const [last] = await store.query.selectFrom('member_statements').select('day').where('organisation', '=', id).orderBy('day', 'desc').limit(1).execute();
    const [audit] = await store.query.selectFrom('audits').select(['date', 'auditor', 'hash']).where('organisation', '=', id).orderBy('date', 'desc').limit(1).execute();
    const alarms = await store.query.selectFrom('alarms').select(['day', 'code']).where('organisation', '=', id).where('acknowledged', '=', 0).orderBy('day').execute();
    const days = (since: string): number => Math.floor((now - Date.parse(`${since}T00:00:00Z`)) / DAY);
    const certified = parseCertificate(organisation.certificate).notBefore.toISOString().slice(0, 10);
    return {
      measured: {
        ...figures,
        // Yesterday's statement is made today.
        daysWithoutStatement: Math.max(0, days(last?.day ?? certified) - 1),
        auditAge: Math.max(0, days(audit?.date ?? organisation.vetted)),
        alarms: alarms.length,
      },
      alarms,
      ...(audit !== undefined && { audit: { ...audit, hash: hex(audit.hash) } }),
    };
  }

  async function find(id: string): Promise<Organisation> {
    const found = await register.organisation(id);
    if (found === undefined) throw refused('organisation-unknown');
    return found;
  }

  return {
    async members() {
      const organisations = await register.organisations();
      const figures = await sumFigures(store, criteria.window, clock.now());
      const members = await Promise.all(organisations.map(async (organisation): Promise<ReviewedMember> => {
        const known = await measure(organisation, figures.get(organisation.id) ?? NO_FIGURES);
        const { standing, vetted, names, id } = organisation;
        return {
          id, names, standing: standingOf(organisation), since: standing?.since ?? new Date(`${vetted}T00:00:00Z`), ...known, ...review(criteria, known.measured),
        };
      }));
      const candidates = await store.query.selectFrom('candidates').selectAll().orderBy('since').execute();
      return {
        criteria: criteria.version, window: criteria.window, members,
        candidates: candidates.filter(({ organisation }) => !organisations.some(({ id }) => id === organisation))
          .map(({ organisation, name, domains, since }) => ({ id: organisation, name, domains: domains.split(' '), since: new Date(since) })),
      };
    },

    async setStanding(id, state, reason) {
      const organisation = await find(id);
      if (standingOf(organisation) === state) throw refused('standing-unchanged', { standing: state });
      const now = clock.now();
      // Former certificates too: as long as they count, it could go on under one of them.
      const serials = [organisation.certificate, ...organisation.formerCertificates].map((der) => parseCertificate(der).serial);
      await store.transaction(async (tx) => {
        const values = { state, since: now.getTime(), reason };
        await tx.insertInto('standings').values({ organisation: id, ...values }).onConflict((conflict) => conflict.column('organisation').doUpdateSet(values)).execute();
        if (state === 'suspended') {
          await tx.insertInto('revocations').values(serials.map((serial) => ({ serial, at: now.getTime(), reason: 'certificateHold', invalid_since: null })))
            .onConflict((conflict) => conflict.column('serial').doNothing()).execute();
        } else {
          // A revocation stays what it is.
          await tx.deleteFrom('revocations').where('serial', 'in', serials).where('reason', '=', 'certificateHold').execute();
        }
        await appendAuditIn(tx, now, 'standing', { organisation: id, state, reason });
      });
      await register.publish();
    },

    async recertify(id, { date, auditor, hash }) {
      await find(id);
      const now = clock.now();
      await store.transaction(async (tx) => {
        const { numInsertedOrUpdatedRows } = await tx.insertInto('audits').values({ organisation: id, date, auditor, hash, at: now.getTime() })
          .onConflict((conflict) => conflict.columns(['organisation', 'date', 'auditor']).doNothing()).executeTakeFirst();
        if (numInsertedOrUpdatedRows === 0n) throw refused('audit-known', { date });
        await appendAuditIn(tx, now, 'recertified', { organisation: id, date, auditor, hash: hex(hash) });
      });
    },

    async addCandidate({ id, name, domains }) {
      const now = clock.now();
      const values = { name, domains: domains.join(' '), since: now.getTime() };
      await store.transaction(async (tx) => {
        await tx.insertInto('candidates').values({ organisation: id, ...values }).onConflict((conflict) => conflict.column('organisation').doUpdateSet(values)).execute();
        await appendAuditIn(tx, now, 'candidate', { organisation: id });
      });
    },

    async openAlarms() {
      const { count } = await store.query.selectFrom('alarms').select((e) => e.fn.countAll().as('count')).where('acknowledged', '=', 0).executeTakeFirstOrThrow();
      return Number(count);
    },
  };
}
