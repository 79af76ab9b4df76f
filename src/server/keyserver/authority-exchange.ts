/**
 * What the key server and the Authority say to each other beside directory and CRL (docs/protocol-abuse.md §4, §5): sealed
 * reports on their way between organisations, and the daily statement. Every step may be done again: nothing is doubled.
 */
import type { Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import type { OrganisationKey } from '../../core/keys.ts';
import type { Certificate } from '../../core/pki/certificate.ts';
import type { Clock } from '../../flow/ports.ts';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import { relayedReportsSchema } from '../../wire/report.ts';
import { keptHeadsSchema, type StatedHead } from '../../wire/statement.ts';
import type { Logger } from '../shared/log.ts';
import type { PinnedClient } from '../shared/pinned-client.ts';
import type { AbuseDesk } from './abuse-desk.ts';
import { makeStatement } from './statements.ts';
import type { Store } from './tables.ts';

const DAY = 86_400_000;
const DEADLINE = 30_000;
/** Days that are stated afterwards, when servers were down. */
const CATCH_UP = 14;

export interface ExchangeParts {
  readonly store: Store;
  readonly authority: Pick<PinnedClient, 'request'>;
  readonly desk: AbuseDesk;
  readonly organisation: { readonly key: OrganisationKey; readonly certificate: Certificate; readonly id: string };
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Exchange {
  /** Sends and fetches what is due; what cannot be done now is left for the next time, and logged. */
  run(): Promise<void>;
  /** States a day's figures and the audit chain's head now. Throws what the Authority refuses with (`audit-head-conflict`), or `unavailable`. */
  state(day: string): Promise<StatedHead>;
  /** The heads that the Authority keeps of this organisation. Throws `unavailable`. */
  heads(): Promise<StatedHead[]>;
}

export function createExchange({ store, authority, desk, organisation, clock, log }: ExchangeParts): Exchange {
  const post = (path: string, body: Bytes, contentType = 'application/json'): Promise<Bytes> =>
    authority.request({ method: 'POST', path, body, contentType, deadline: DEADLINE, maximumAnswer: 65_536 });
  const get = (path: string): Promise<Bytes> => authority.request({ method: 'GET', path, deadline: DEADLINE, maximumAnswer: 32 * 1024 * 1024 });

  async function heads(): Promise<StatedHead[]> {
    return decodeJson(keptHeadsSchema, await get('/v1/heads')).heads;
  }

  async function state(day: string): Promise<StatedHead> {
    const now = clock.now();
    const body = await makeStatement(store, organisation, day, (await heads()).at(-1), now);
    await post('/v1/statements', body, 'application/cms');
    const values = { body, accepted: 1, at: now.getTime() };
    await store.query.insertInto('statements').values({ day, ...values }).onConflict((conflict) => conflict.column('day').doUpdateSet(values)).execute();
    const last = (await heads()).at(-1);
    if (last === undefined) throw new SsmaxError('unavailable', 'answer-invalid', { status: 200 });
    return last;
  }

  async function sendReports(): Promise<void> {
    for (const { id, to, sealed } of await desk.due()) {
      const code = await post('/v1/reports', encodeJson({ id, to, sealed })).then(() => undefined, (error: unknown) => {
        if (error instanceof SsmaxError && error.kind === 'refused') return error.code;
        throw error;
      });
      // Too many to one organisation today: those wait, the others do not wait behind them.
      if (code !== 'rate-limited') await desk.sent(id, code);
    }
  }

  async function takeReports(): Promise<void> {
    const { reports } = decodeJson(relayedReportsSchema, await get('/v1/reports'));
    if (reports.length === 0) return;
    const taken: { id: string; from: string }[] = [];
    const failures: unknown[] = [];
    // One that cannot be taken now comes again, and keeps none of the others away.
    for (const { id, from, sealed } of reports) {
      await desk.take(from, sealed).then(() => taken.push({ id, from }), (error: unknown) => failures.push(error));
    }
    if (taken.length > 0) await post('/v1/reports/taken', encodeJson({ ids: taken }));
    for (const failure of failures) if (failure instanceof Error) throw failure;
  }

  /** Every day that has ended and was not stated, the oldest first; nothing before the first entry of the chain. */
  async function stateDays(): Promise<void> {
    const now = clock.now().getTime();
    const first = await store.query.selectFrom('audit_entries').select('time').orderBy('seq').limit(1).executeTakeFirst();
    if (first === undefined) return;
    const days = Array.from({ length: CATCH_UP }, (_, i) => now - (CATCH_UP - i) * DAY).filter((day) => day >= first.time - DAY).map((day) => new Date(day).toISOString().slice(0, 10));
    const stated = new Set((await store.query.selectFrom('statements').select('day').where('accepted', '=', 1).execute()).map(({ day }) => day));
    for (const day of days) if (!stated.has(day)) await state(day);
  }

  return {
    state,
    heads,
    async run() {
      for (const [name, work] of [['reports-not-sent', sendReports], ['reports-not-taken', takeReports], ['statement-not-made', stateDays]] as const) {
        await work().catch((error: unknown) => { log[error instanceof SsmaxError && error.kind === 'unavailable' ? 'warn' : 'error'](name, { error }); });
      }
    },
  };
}
