/** Cases: mails of own members that were reported, and what the administrator did about them (docs/admin/abuse.md). */
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { decodeSignerInfo } from '../../core/cms/signed-data.ts';
import { refused } from '../../core/error.ts';
import { parseCertificate } from '../../core/pki/certificate.ts';
import type { Clock } from '../../flow/ports.ts';
import type { SignedLeg } from '../../flow/verify-leg.ts';
import { decodeLeg } from '../../wire/leg.ts';
import type { Category } from '../../wire/report.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Suspensions } from './suspension.ts';
import type { Store } from './tables.ts';

/** What one organisation says about one mail. */
export interface ReceivedComplaint {
  /** Identifier of the organisation; the own one for mail inside it. */
  readonly organisation: string;
  readonly report: string;
  readonly category: Category;
  readonly comment?: string | undefined;
  readonly excerpt?: string | undefined;
  readonly reporter?: string | undefined;
}

export interface CaseSummary {
  readonly case: string;
  readonly state: string;
  readonly outcome?: string;
  readonly sender: string;
  readonly sent: Date;
  readonly opened: Date;
  readonly reports: number;
  readonly categories: readonly string[];
}

export interface CaseDetails extends CaseSummary {
  readonly contentDigest: string;
  /** Whether the evidence of who sent it is still kept. */
  readonly traceable: boolean;
  readonly complaints: readonly {
    readonly organisation: string; readonly category: string; readonly at: Date; readonly comment?: string; readonly excerpt?: string; readonly reporter?: string;
  }[];
  readonly steps: readonly { readonly step: string; readonly reason: string; readonly at: Date }[];
}

export interface AbuseCases {
  /** Opens a case for a mail, or adds to the one that there is. Gives its name, and whether this was known already. */
  open(sent: SignedLeg & { readonly previous: Bytes }, complaint: ReceivedComplaint): Promise<{ case: string; known: boolean }>;
  list(all: boolean): Promise<CaseSummary[]>;
  /** Throws `abuse-case-unknown`. */
  show(id: string): Promise<CaseDetails>;
  /** Notes that the member was warned. Throws `abuse-case-closed`, `abuse-case-unknown`. */
  warn(id: string, reason: string): Promise<void>;
  /** Throws `evidence-erased` where nobody can be named any more, and as `warn`. Gives how many certificates are on hold. */
  suspend(id: string, reason: string): Promise<number>;
  reinstate(id: string, reason: string): Promise<void>;
  /** Throws `abuse-case-suspended` for an unfounded case whose member is suspended for it. */
  close(id: string, outcome: 'confirmed' | 'unfounded', reason: string): Promise<void>;
}

type Row = Awaited<ReturnType<ReturnType<typeof caseRows>['executeTakeFirstOrThrow']>>;

function caseRows(store: Store) {
  return store.query.selectFrom('abuse_cases').selectAll();
}

export function createAbuseCases(store: Store, suspensions: Suspensions, clock: Clock): AbuseCases {
  async function find(id: string): Promise<Row> {
    const row = await caseRows(store).where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw refused('abuse-case-unknown', { case: id });
    return row;
  }

  async function findOpen(id: string): Promise<Row> {
    const row = await find(id);
    if (row.state === 'closed') throw refused('abuse-case-closed', { case: id });
    return row;
  }

  async function step(id: string, name: string, reason: string, change: Partial<Pick<Row, 'state' | 'outcome'>>): Promise<void> {
    const now = clock.now();
    await store.transaction(async (tx) => {
      const { count } = await tx.selectFrom('abuse_steps').select((e) => e.fn.countAll().as('count')).where('case', '=', id).executeTakeFirstOrThrow();
      await tx.insertInto('abuse_steps').values({ case: id, number: Number(count) + 1, step: name, reason, at: now.getTime() }).execute();
      await tx.updateTable('abuse_cases').set({ ...change, changed: now.getTime() }).where('id', '=', id).execute();
      await appendAuditIn(tx, now, `abuse-${name}`, { case: id, reason });
    });
  }

  async function complaintsOf(id: string): Promise<{ organisation: string; category: string; comment: string; excerpt: string; reporter: string; at: number }[]> {
    return store.query.selectFrom('abuse_complaints').select(['organisation', 'category', 'comment', 'excerpt', 'reporter', 'at']).where('case', '=', id).orderBy('at').execute();
  }

  async function summary(row: Row): Promise<CaseSummary> {
    const complaints = await complaintsOf(row.id);
    return {
      case: row.id, state: row.state, ...(row.outcome !== null && { outcome: row.outcome }), sender: row.sender, sent: new Date(row.sent),
      opened: new Date(row.opened), reports: complaints.length, categories: [...new Set(complaints.map(({ category }) => category))],
    };
  }

  return {
    async open({ leg, signer, previous }, complaint) {
      const now = clock.now();
      const member = await memberBehind(store, previous);
      const opened = await store.transaction(async (tx) => {
        const known = await tx.selectFrom('abuse_cases').select('id').where('leg_hash', '=', previous).executeTakeFirst();
        const id = known?.id ?? await nextCase(tx, now);
        if (known === undefined) {
          await tx.insertInto('abuse_cases').values({
            id, leg_hash: previous, content_digest: leg.contentDigest, sender: leg.sender.address, sent: signer.attributes.signingTime.getTime(),
            state: 'open', outcome: null, member, opened: now.getTime(), changed: now.getTime(),
          }).execute();
        }
        const { numInsertedOrUpdatedRows } = await tx.insertInto('abuse_complaints').values({
          case: id, organisation: complaint.organisation, report: complaint.report, category: complaint.category,
          comment: complaint.comment ?? '', excerpt: complaint.excerpt ?? '', reporter: complaint.reporter ?? '', at: now.getTime(),
        }).onConflict((conflict) => conflict.columns(['case', 'organisation']).doNothing()).executeTakeFirst();
        const added = numInsertedOrUpdatedRows !== 0n;
        // A further report about a mail that was thought unfounded is looked at again.
        if (known !== undefined && added) await tx.updateTable('abuse_cases').set({ changed: now.getTime() }).where('id', '=', id).execute();
        if (added) await appendAuditIn(tx, now, 'abuse-reported', { case: id, organisation: complaint.organisation, contentDigest: hex(leg.contentDigest) });
        return { case: id, known: !added };
      });
      return opened;
    },

    async list(all) {
      const rows = await (all ? caseRows(store) : caseRows(store).where('state', '!=', 'closed')).orderBy('opened', 'desc').orderBy('id', 'desc').limit(1000).execute();
      return Promise.all(rows.map(summary));
    },

    async show(id) {
      const row = await find(id);
      const steps = await store.query.selectFrom('abuse_steps').select(['step', 'reason', 'at']).where('case', '=', id).orderBy('number').execute();
      return {
        ...(await summary(row)), contentDigest: hex(row.content_digest), traceable: row.member !== null,
        complaints: (await complaintsOf(id)).map(({ organisation, category, at, comment, excerpt, reporter }) => ({
          organisation, category, at: new Date(at), ...(comment !== '' && { comment }), ...(excerpt !== '' && { excerpt }), ...(reporter !== '' && { reporter }),
        })),
        steps: steps.map(({ step: name, reason, at }) => ({ step: name, reason, at: new Date(at) })),
      };
    },

    async warn(id, reason) {
      const { state } = await findOpen(id);
      await step(id, 'warned', reason, state === 'suspended' ? {} : { state: 'warned' });
    },

    async suspend(id, reason) {
      const { member } = await findOpen(id);
      if (member === null) throw refused('evidence-erased');
      const held = await suspensions.suspend(member, id);
      await step(id, 'suspended', reason, { state: 'suspended' });
      return held;
    },

    async reinstate(id, reason) {
      const { member, state } = await find(id);
      if (member === null) throw refused('member-not-suspended');
      await suspensions.reinstate(member, id);
      await step(id, 'reinstated', reason, state === 'suspended' ? { state: 'warned' } : {});
    },

    async close(id, outcome, reason) {
      const { state, member } = await findOpen(id);
      if (outcome === 'unfounded' && state === 'suspended' && member !== null) throw refused('abuse-case-suspended', { case: id });
      await step(id, 'closed', reason, { state: 'closed', outcome });
    },
  };
}

/** `2026-0007`: the year, and the number of the case in it. */
async function nextCase(tx: Parameters<Parameters<Store['transaction']>[0]>[0], now: Date): Promise<string> {
  const year = `${now.getUTCFullYear()}-`;
  const { count } = await tx.selectFrom('abuse_cases').select((e) => e.fn.countAll().as('count')).where('id', 'like', `${year}%`).executeTakeFirstOrThrow();
  return `${year}${String(Number(count) + 1).padStart(4, '0')}`;
}

/** The registry entry of who signed this leg 1; null where its evidence has been erased. */
async function memberBehind(store: Store, legHash: Bytes): Promise<string | null> {
  const evidence = await store.query.selectFrom('evidence').select(['certificate_hash', 'signer_info', 'leg']).where('signer_hash', '=', legHash).executeTakeFirst();
  if (evidence === undefined || evidence.leg !== 1) return null;
  return (await signerOf(store, evidence))?.member ?? null;
}

function senderOf(signerInfo: Bytes): string {
  const { leg } = decodeSignerInfo(signerInfo).attributes;
  return leg === undefined ? '' : decodeLeg(leg).sender.address;
}

/** The certificate that signed a leg 1: among those for the leg's address, as the table has no hash of its own. */
export async function signerOf(
  store: Store, evidence: { readonly signer_info: Bytes; readonly certificate_hash: Bytes },
): Promise<{ serial: string; address: string; member: string | null } | undefined> {
  const rows = await store.query.selectFrom('certificates').select(['serial', 'address', 'member', 'der'])
    .where('address', '=', senderOf(evidence.signer_info)).where('role', '=', 'user').execute();
  return rows.find(({ der }) => equal(parseCertificate(der).sha256, evidence.certificate_hash));
}

/** Counts a refused report, by code and day. */
export async function countRefusal(store: Store, code: string, now: Date): Promise<void> {
  const day = now.toISOString().slice(0, 10);
  await store.query.insertInto('abuse_refusals').values({ code, day, count: 1 })
    .onConflict((conflict) => conflict.columns(['code', 'day']).doUpdateSet((e) => ({ count: e('abuse_refusals.count', '+', 1) }))).execute();
}
