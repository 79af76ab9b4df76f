/** Held mails on record: what waits, who decided, what may be released. */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { parseSignedData, verifySignedObject } from '../../core/cms/signed-data.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import { OID } from '../../core/oids.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import type { Decision, HeldIdentity, HeldMail, HeldMails } from '../../flow/inspect.ts';
import type { Clock } from '../../flow/ports.ts';
import { certificateInUse, requireIssuedByOwn } from '../../flow/organisation-keys.ts';
import type { Trust } from '../../flow/trust.ts';
import type { Viewer } from '../../flow/held-view.ts';
import { DECISION_SKEW, heldDecisionSchema, heldLookSchema, heldMailSchema, type HeldRecord } from '../../wire/held.ts';
import { decodeJson } from '../../wire/json.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Transaction } from '../shared/database.ts';
import type { Store, Tables } from './tables-inspection.ts';

interface Parts {
  readonly store: Store;
  readonly organisation: Certificate;
  readonly organisationId: string;
  readonly trust: () => Promise<Trust>;
  readonly clock: Clock;
  /** Whether the policy lets approvers see held mail. */
  readonly looks: () => boolean;
}

export interface HeldStore extends HeldMails {
  list(): Promise<HeldRecord[]>;
  /** By identifier, or the beginning of one. Throws `held-unknown`. */
  get(id: string): Promise<HeldRecord>;
  /** Takes an approver's signed decision (src/wire/held.ts). Throws `held-unknown`, `held-decided`, `held-approver`, `held-changed`, and what verification throws. */
  decide(signed: Bytes): Promise<HeldRecord>;
  /** Takes an approver's signed wish to see a mail: it comes round, to be sealed to him. Throws `held-look-off`, and what `decide` throws. */
  look(signed: Bytes): Promise<void>;
  /** What was sealed to an approver; undefined as long as the mail has not come round. Throws `held-unknown`. */
  seen(id: string, approver: string): Promise<Bytes | undefined>;
  /** A gateway put the mail on hold. Throws `held-unknown` where no verdict held it. */
  lies(contentDigest: Bytes, queueId: string): Promise<{ first: boolean; until: Date }>;
  /** Queue identifiers of what waits no longer. */
  releases(): Promise<string[]>;
  released(queueIds: readonly string[]): Promise<void>;
}

type Row = Tables['held'];

/** An expired mail that its sender sends again after this waits anew; milliseconds. */
const FORGET = 3_600_000;
/** How long what was decided stays on the list; the audit chain keeps it longer. Milliseconds. */
const KEEP = 30 * 86_400_000;

/** An approver says yes to a content from this sender to these recipients: a hash of all of it. */
function idOf({ contentDigest, leg, direction, sender, recipients }: HeldIdentity): string {
  const of = JSON.stringify([hex(contentDigest), sender, [...recipients].sort()]);
  return `${createHash('sha256').update(of).digest('hex').slice(0, 32)}-${leg}-${direction}`;
}

const codesOf = (findings: readonly { code: string }[]): string[] => [...new Set(findings.map(({ code }) => code))].sort();

export function createHeldStore({ store, organisation, organisationId, trust, clock, looks }: Parts): HeldStore {
  async function record(mail: HeldMail): Promise<Decision> {
    const id = idOf(mail);
    const now = mail.since.getTime();
    return store.transaction(async (tx) => {
      await expire(tx, now);
      const known = await tx.selectFrom('held').selectAll().where('id', '=', id).executeTakeFirst();
      if (known !== undefined && !startsAgain(known, mail, now)) return known.state as Decision;
      const row = {
        id, content_digest: mail.contentDigest, leg: mail.leg, direction: mail.direction, sender: mail.sender, recipients: JSON.stringify(mail.recipients),
        findings: JSON.stringify(mail.findings), approvers: JSON.stringify(mail.approvers), policy: mail.policy, since: now, until: mail.until.getTime(),
        state: 'waiting', decided: null, decided_by: null,
      };
      await tx.insertInto('held').values(row).onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute();
      await appendAuditIn(tx, mail.since, 'mail-held', { held: id, sender: mail.sender, policy: mail.policy, codes: codesOf(mail.findings).join(',') });
      return 'waiting';
    });
  }

  async function decide(signed: Bytes): Promise<HeldRecord> {
    const { value: decision, certificate, approver } = await verifyApprover(signed, heldDecisionSchema);
    const now = clock.now();
    await store.transaction(async (tx) => {
      await expire(tx, now.getTime());
      const row = await waitingFor(tx, decision.id, approver);
      const { findings } = recordOf(row, []);
      if (codesOf(findings).join() !== [...decision.codes].sort().join()) throw refused('held-changed', { id: row.id });
      const state = decision.decision === 'approve' ? 'approved' : 'rejected';
      await tx.updateTable('held').set({ state, decided: now.getTime(), decided_by: approver }).where('id', '=', row.id).execute();
      await tx.deleteFrom('held_looks').where('held', '=', row.id).execute();
      await appendAuditIn(tx, now, `held-${state}`, { held: row.id, sender: row.sender, approver, certificate: certificate.serial, codes: codesOf(findings).join(',') });
    });
    return get(decision.id);
  }

  /** A mail that waits for this approver. */
  async function waitingFor(tx: Transaction<Tables>, id: string, approver: string): Promise<Row> {
    const row = await tx.selectFrom('held').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) throw refused('held-unknown', { id });
    if (row.state !== 'waiting') throw refused('held-decided', { id, state: row.state });
    if (approver === row.sender || !recordOf(row, []).approvers.includes(approver)) throw refused('held-approver', { address: approver });
    return row;
  }

  async function look(signed: Bytes): Promise<void> {
    if (!looks()) throw refused('held-look-off');
    const { value: { id }, certificate, approver } = await verifyApprover(signed, heldLookSchema);
    const now = clock.now();
    await store.transaction(async (tx) => {
      await expire(tx, now.getTime());
      await waitingFor(tx, id, approver);
      const row = { held: id, approver, certificate: certificate.der, requested: now.getTime(), sealed: null };
      await tx.insertInto('held_looks').values(row).onConflict((conflict) => conflict.columns(['held', 'approver']).doUpdateSet(row)).execute();
      await appendAuditIn(tx, now, 'held-look', { held: id, approver, certificate: certificate.serial });
    });
  }

  async function viewers(mail: HeldIdentity): Promise<Viewer[]> {
    const rows = await store.query.selectFrom('held_looks').select(['approver', 'certificate']).where('held', '=', idOf(mail)).where('sealed', 'is', null).execute();
    return rows.map(({ approver, certificate }) => ({ address: approver, certificate: parseCertificate(new Uint8Array(certificate)) }));
  }

  async function show(mail: HeldIdentity, { address, certificate }: Viewer, seal: (id: string) => Promise<Bytes>): Promise<void> {
    const id = idOf(mail);
    const sealed = await seal(id);
    await store.transaction(async (tx) => {
      const shown = await tx.updateTable('held_looks').set({ sealed }).where('held', '=', id).where('approver', '=', address).where('certificate', '=', certificate.der)
        .where('sealed', 'is', null).returning('approver').execute();
      if (shown.length > 0) await appendAuditIn(tx, clock.now(), 'held-shown', { held: id, approver: address });
    });
  }

  /** A member of this organisation, with a certificate in force, in his own words, just now. */
  async function verifyApprover<Value extends { readonly audience: string; readonly time: Date }>(
    der: Bytes, schema: z.ZodType<Value>,
  ): Promise<{ value: Value; certificate: Certificate; approver: string }> {
    const now = clock.now();
    const signed = parseSignedData(der);
    const certificate = signed.certificates.map((one) => parseCertificate(one)).find((one) => equal(one.subjectKeyIdentifier, signed.signer.subjectKeyIdentifier));
    if (certificate === undefined) throw refused('request-invalid', { what: 'certificate' });
    await verifySignedObject(signed, { contentType: OID.userRequest, certificate: certificate.der, publicKey: certificate.publicKey });
    const current = await trust();
    await requireIssuedByOwn(certificate, 'user', await certificateInUse(current, organisation, now), current, now);
    const value = decodeJson(schema, signed.eContent);
    if (value.audience !== organisationId) throw refused('request-invalid', { what: 'audience' });
    if (Math.abs(now.getTime() - value.time.getTime()) > DECISION_SKEW) throw refused('clock-wrong');
    const [approver = ''] = certificate.emails;
    return { value, certificate, approver };
  }

  async function expire(tx: Transaction<Tables>, now: number): Promise<void> {
    const gone = await tx.updateTable('held').set({ state: 'expired', decided: now }).where('state', '=', 'waiting').where('until', '<=', now).returning('id').execute();
    for (const { id } of gone) await appendAuditIn(tx, new Date(now), 'held-expired', { held: id });
    if (gone.length > 0) await tx.deleteFrom('held_looks').where('held', 'in', gone.map(({ id }) => id)).execute();
    const lying = tx.selectFrom('held_queue').select('content_digest');
    await tx.deleteFrom('held').where('decided', '<', now - KEEP).where('content_digest', 'not in', lying).execute();
  }

  async function records(rows: readonly Row[]): Promise<HeldRecord[]> {
    const queued = await store.query.selectFrom('held_queue').selectAll().execute();
    return rows.map((row) => recordOf(row, queued.filter(({ content_digest }) => equal(content_digest, row.content_digest)).map(({ queue_id }) => queue_id)));
  }

  async function get(id: string): Promise<HeldRecord> {
    const rows = await store.query.selectFrom('held').selectAll().execute();
    const [row, ...others] = rows.filter((one) => id.length >= 8 && one.id.startsWith(id));
    if (row === undefined || others.length > 0) throw refused('held-unknown', { id });
    const [found] = await records([row]);
    if (found === undefined) throw new SsmaxError('fault', 'held-unknown', { id });
    return found;
  }

  return {
    decision: record,
    async refusal(mail) {
      const now = clock.now().getTime();
      const row = await store.query.selectFrom('held').select(['state', 'decided', 'until']).where('id', '=', idOf(mail)).executeTakeFirst();
      if (row?.state === 'rejected') return 'rejected';
      const gone = row?.state === 'expired' ? row.decided ?? row.until : row?.state === 'waiting' && row.until <= now ? row.until : undefined;
      return gone !== undefined && now - gone <= FORGET ? 'expired' : undefined;
    },
    decide,
    look,
    viewers,
    show,
    async seen(id, approver) {
      const row = await store.query.selectFrom('held_looks').select('sealed').where('held', '=', id).where('approver', '=', approver).executeTakeFirst();
      if (row === undefined) throw refused('held-unknown', { id });
      return row.sealed === null ? undefined : new Uint8Array(row.sealed);
    },
    get,
    async list() {
      await store.transaction((tx) => expire(tx, clock.now().getTime()));
      return records(await store.query.selectFrom('held').selectAll().orderBy('since').execute());
    },
    async lies(contentDigest, queueId) {
      const at = clock.now().getTime();
      return store.transaction(async (tx) => {
        const rows = await tx.selectFrom('held').select('until').where('content_digest', '=', contentDigest).execute();
        if (rows.length === 0) throw refused('held-unknown', { id: hex(contentDigest).slice(0, 32) });
        const before = await tx.selectFrom('held_queue').select('queue_id').where('content_digest', '=', contentDigest).limit(1).executeTakeFirst();
        await tx.insertInto('held_queue').values({ content_digest: contentDigest, queue_id: queueId, at }).onConflict((conflict) => conflict.doNothing()).execute();
        // What comes round to be shown was put here before, and its sender told.
        const shown = await tx.selectFrom('held_looks').innerJoin('held', 'held.id', 'held_looks.held').select('held.id').where('held.content_digest', '=', contentDigest).limit(1).executeTakeFirst();
        return { first: before === undefined && shown === undefined, until: new Date(Math.min(...rows.map(({ until }) => until))) };
      });
    },
    async releases() {
      await store.transaction((tx) => expire(tx, clock.now().getTime()));
      const waiting = store.query.selectFrom('held').select('content_digest').where('state', '=', 'waiting');
      // An approver wants to see it: it comes round, and is held again. Of several with one content, each decision lets all go round once more: what still waits is held again.
      const rows = await store.query.selectFrom('held_queue').select('queue_id').where((e) => e.or([
        e('content_digest', 'not in', waiting),
        e.exists(e.selectFrom('held').select('id').whereRef('held.content_digest', '=', 'held_queue.content_digest').whereRef('held.decided', '>', 'held_queue.at')),
        e.exists(e.selectFrom('held_looks').innerJoin('held', 'held.id', 'held_looks.held').select('held.id').whereRef('held.content_digest', '=', 'held_queue.content_digest')
          .whereRef('held_looks.requested', '>', 'held_queue.at').where('held_looks.sealed', 'is', null)),
      ])).limit(1000).execute();
      return rows.map(({ queue_id }) => queue_id);
    },
    async released(queueIds) {
      if (queueIds.length > 0) await store.query.deleteFrom('held_queue').where('queue_id', 'in', [...queueIds]).execute();
    },
  };
}

/** Another finding than the approver was told, or the same mail sent again long after it had gone back. */
function startsAgain(row: Row, mail: HeldMail, now: number): boolean {
  if (row.state === 'expired') return now - (row.decided ?? now) > FORGET;
  if (row.state !== 'approved') return false;
  const told = codesOf(recordOf(row, []).findings);
  return codesOf(mail.findings).some((code) => !told.includes(code));
}

function recordOf(row: Row, queueIds: readonly string[]): HeldRecord {
  return heldMailSchema.parse({
    id: row.id, contentDigest: Buffer.from(row.content_digest).toString('base64'), leg: row.leg, direction: row.direction, sender: row.sender, recipients: JSON.parse(row.recipients) as unknown,
    findings: JSON.parse(row.findings) as unknown, approvers: JSON.parse(row.approvers) as unknown, policy: row.policy, since: new Date(row.since).toISOString(), until: new Date(row.until).toISOString(),
    state: row.state, ...(row.decided_by !== null && { decidedBy: row.decided_by }), queueIds: [...queueIds],
  });
}
