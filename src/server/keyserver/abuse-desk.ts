/**
 * The abuse desk, receiving side: takes members' reports, verifies them by the own leg 3, and queues them for the sender's
 * organisation. What reaches it from there becomes a case (abuse-cases.ts).
 */
import type { Bytes } from '../../core/bytes.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import type { NativeCrypto } from '../../core/keys.ts';
import type { Clock } from '../../flow/ports.ts';
import { openReport, sealReport, verifyDelivery, verifySent } from '../../flow/report.ts';
import type { Trust } from '../../flow/trust.ts';
import { encodeJson, decodeJson } from '../../wire/json.ts';
import { type Complaint, type DeliveryEvidence, type OrganisationReport, organisationReportSchema } from '../../wire/report.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import { type AbuseCases, countRefusal } from './abuse-cases.ts';
import type { OwnKey } from './own-keys.ts';
import type { Store } from './tables.ts';

/** Reports of one mailbox within a day. */
const MAX_REPORTS = 30;
const DAY = 86_400_000;
/** A report may wait this long on its way, while servers are down. */
const MAX_AGE = 14 * DAY;

export interface DeskParts {
  readonly store: Store;
  readonly native: NativeCrypto;
  readonly organisation: OwnKey & {
    readonly id: string;
    /** All that the directory names, the one in use first: a report may have been sealed to a former one. */
    readonly keys: readonly OwnKey[];
  };
  readonly cases: AbuseCases;
  readonly trust: () => Promise<Trust>;
  readonly clock: Clock;
}

/** A report as it is to be handed to the Authority. */
export interface DueReport {
  readonly id: string;
  readonly to: string;
  readonly sealed: Bytes;
}

export interface AbuseDesk {
  /**
   * Files a report. `reporter` is the mailbox whose holder signed the request; undefined for a report by mail, which the
   * evidence alone vouches for. Throws `report-evidence`, `report-not-recipient`, `evidence-erased`, `rate-limited`, and what
   * verification throws.
   */
  file(filing: { contentDigest: Bytes; evidence: DeliveryEvidence; complaint: Complaint; reporter: string | undefined }): Promise<{ report: string; known: boolean }>;
  /** Reports that wait to be sent, sealed; what cannot be sealed now stays for the next time. */
  due(): Promise<DueReport[]>;
  /** The Authority took it, or refused it with `code`. */
  sent(id: string, code?: string): Promise<void>;
  /** Takes a report of another organisation; throws nothing for what is wrong with it, but counts it. Throws `unavailable`. */
  take(from: string, sealed: Bytes): Promise<void>;
}

export function createAbuseDesk({ store, native, organisation, cases, trust, clock }: DeskParts): AbuseDesk {

  /** Refused reports are counted by their code, and refused. */
  async function counting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SsmaxError && error.kind !== 'unavailable' && error.kind !== 'fault') await countRefusal(store, error.code, clock.now());
      throw error;
    }
  }

  async function requireRate(reporter: string): Promise<void> {
    const { count } = await store.query.selectFrom('abuse_reports').select((e) => e.fn.countAll().as('count'))
      .where('reporter', '=', reporter).where('at', '>', clock.now().getTime() - DAY).executeTakeFirstOrThrow();
    if (Number(count) >= MAX_REPORTS) throw refused('rate-limited');
  }

  async function evidenceOf(hash: Bytes): Promise<{ leg: number; signer_info: Bytes } | undefined> {
    return store.query.selectFrom('evidence').select(['leg', 'signer_info']).where('signer_hash', '=', hash).executeTakeFirst();
  }

  async function opened(sealed: Bytes, from: string, current: Trust, now: Date): Promise<OrganisationReport> {
    let other: SsmaxError = refused('report-invalid', { what: 'to' });
    for (const own of organisation.keys) {
      try {
        return await openReport(native, sealed, own, from, current, now);
      } catch (error) {
        if (!(error instanceof SsmaxError) || error.kind !== 'not-for-me') throw error;
        other = error;
      }
    }
    throw other;
  }

  /** The own certificates, former ones too, and those of the gateways: what leg 2 was signed with. */
  async function ownCertificates(current: Trust): Promise<Bytes[]> {
    const entry = await current.directory.byId(organisation.id);
    const gateways = await store.query.selectFrom('certificates').select('der').where('role', '=', 'gateway').execute();
    return [organisation.certificate.der, ...(entry?.formerCertificates ?? []), ...gateways.map(({ der }) => der)];
  }

  return {
    file: ({ contentDigest, evidence, complaint, reporter }) => counting(async () => {
      const now = clock.now();
      const current = await trust();
      const delivery = await verifyDelivery({ own: organisation.certificate, trust: current, now }, evidence, contentDigest, reporter);
      const { leg, sendingOrganisation, deliveredTo, previous } = delivery;
      const sender = leg.sender.address;
      const before = await store.query.selectFrom('abuse_reports').select('id')
        .where('content_digest', '=', contentDigest).where('sender', '=', sender).where('reporter', '=', deliveredTo).executeTakeFirst();
      if (before !== undefined) return { report: before.id, known: true };
      await requireRate(deliveredTo);
      const kept = await evidenceOf(previous);
      if (kept === undefined) throw refused('evidence-erased');
      const inside = sendingOrganisation.id === organisation.id;
      const { category, disclose } = complaint;
      const told = {
        category, ...(disclose.comment && complaint.comment !== undefined && { comment: complaint.comment }),
        ...(complaint.excerpt !== undefined && { excerpt: complaint.excerpt }), ...(disclose.reporter && { reporter: deliveredTo }),
      };
      const id = crypto.randomUUID();
      const report: OrganisationReport = {
        version: 1, id, from: organisation.id, to: sendingOrganisation.id, time: now, contentDigest, leg: kept.signer_info, ...told,
      };
      const filed = await store.transaction(async (tx) => {
        const others = await tx.selectFrom('abuse_reports').select('id').where('content_digest', '=', contentDigest).where('sender', '=', sender)
          .where('state', 'in', ['queued', 'sent', 'own']).executeTakeFirst();
        const state = inside ? 'own' : others === undefined ? 'queued' : 'merged';
        const { numInsertedOrUpdatedRows } = await tx.insertInto('abuse_reports').values({
          id, content_digest: contentDigest, reporter: deliveredTo, channel: reporter === undefined ? 'mail' : 'plugin', category, sender,
          organisation: sendingOrganisation.id, state, code: null, report: state === 'queued' ? encodeJson(report) : new Uint8Array(0), at: now.getTime(),
        }).onConflict((conflict) => conflict.columns(['content_digest', 'sender', 'reporter']).doNothing()).executeTakeFirst();
        if (numInsertedOrUpdatedRows === 0n) return false;
        await appendAuditIn(tx, now, 'report-filed', { report: id, organisation: sendingOrganisation.id });
        return true;
      });
      if (filed && inside) await cases.open({ ...delivery, previous }, { organisation: organisation.id, report: id, ...told });
      return { report: id, known: !filed };
    }),

    async due() {
      const rows = await store.query.selectFrom('abuse_reports').select(['id', 'report']).where('state', '=', 'queued').orderBy('at').limit(50).execute();
      if (rows.length === 0) return [];
      const current = await trust();
      return (await Promise.all(rows.map(async ({ id, report: json }) => {
        const report = decodeJson(organisationReportSchema, json);
        const target = await current.directory.byId(report.to);
        if (target === undefined) return [];
        const signer = { key: organisation.key, certificate: organisation.certificate };
        return sealReport(native, report, signer, target, current, clock.now()).then((sealed) => [{ id, to: report.to, sealed }], (error: unknown) => {
          // It stays in the queue, and keeps no other back.
          if (error instanceof SsmaxError && error.kind === 'refused') return [];
          throw error;
        });
      }))).flat();
    },

    async sent(id, code) {
      await store.query.updateTable('abuse_reports').set({ state: code === undefined ? 'sent' : 'refused', code: code ?? null, report: new Uint8Array(0) })
        .where('id', '=', id).where('state', '=', 'queued').execute();
    },

    async take(from, sealed) {
      await counting(async () => {
        const now = clock.now();
        const current = await trust();
        const report = await opened(sealed, from, current, now);
        const age = now.getTime() - report.time.getTime();
        if (age > MAX_AGE || age < -600_000) throw refused('report-stale');
        const sent = await verifySent({ own: organisation.certificate, trust: current, now }, report, await ownCertificates(current));
        const kept = await evidenceOf(sent.previous);
        // Our own word names a leg 1 of the same mail: where we still have it, it must be that one.
        if (kept !== undefined && kept.leg !== 1) throw refused('report-evidence', { what: 'leg' });
        const replayed = await store.query.selectFrom('abuse_complaints').select('case').where('report', '=', report.id).executeTakeFirst();
        if (replayed !== undefined) throw refused('report-replayed');
        const { id, category, comment, excerpt, reporter } = report;
        await cases.open(sent, { organisation: report.from, report: id, category, comment, excerpt, reporter });
      }).catch((error: unknown) => {
        if (!(error instanceof SsmaxError) || error.kind === 'unavailable' || error.kind === 'fault') throw error;
      });
    },
  };
}
