/**
 * Members' daily statements: figures, and the head of the audit chain. A head that does not continue the one before is
 * refused, and an alarm: somebody cut the chain, changed it, or wrote another.
 */
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { parseSignedData, verifySignedObject } from '../../core/cms/signed-data.ts';
import { refused } from '../../core/error.ts';
import { OID } from '../../core/oids.ts';
import { parseCertificate } from '../../core/pki/certificate.ts';
import type { Clock } from '../../flow/ports.ts';
import { decodeJson } from '../../wire/json.ts';
import { type StatedHead, statementSchema } from '../../wire/statement.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Database } from '../shared/database.ts';
import { isConsistent } from '../shared/merkle-tree.ts';
import type { Register, Tables } from './register.ts';

const DAY = 86_400_000;
/** Days may be stated afterwards for this long, and once more while they are corrected. */
const OLDEST = 31 * DAY;

export interface Statements {
  /** Takes a statement from the member `from`. Throws `statement-invalid`, `audit-head-conflict`, and what its signature throws. */
  take(from: string, der: Bytes): Promise<void>;
  /** The heads in force, oldest first. */
  heads(organisation: string): Promise<(StatedHead & { day: string })[]>;
  /** Begins anew after a loss that was looked into (a restored backup): the next head need not continue the former ones. */
  acceptChain(organisation: string, reason: string): Promise<void>;
}

export function createStatements(store: Database<Tables>, register: Pick<Register, 'organisation'>, clock: Clock): Statements {
  async function heads(organisation: string): Promise<(StatedHead & { day: string })[]> {
    return store.query.selectFrom('member_heads').select(['day', 'seq', 'hash', 'root']).where('organisation', '=', organisation)
      .where('superseded', '=', 0).orderBy('seq', 'desc').limit(4000).execute().then((rows) => rows.reverse());
  }

  async function alarm(organisation: string, code: string): Promise<void> {
    const now = clock.now();
    await store.transaction(async (tx) => {
      const { numInsertedOrUpdatedRows } = await tx.insertInto('alarms')
        .values({ organisation, day: now.toISOString().slice(0, 10), code, at: now.getTime(), acknowledged: 0 })
        .onConflict((conflict) => conflict.columns(['organisation', 'day', 'code']).doNothing()).executeTakeFirst();
      if (numInsertedOrUpdatedRows !== 0n) await appendAuditIn(tx, now, 'alert', { organisation, code });
    });
  }

  return {
    heads,

    async take(from, der) {
      const now = clock.now();
      const entry = await register.organisation(from);
      if (entry === undefined) throw refused('organisation-unknown');
      const signed = parseSignedData(der);
      const certificates = [entry.certificate, ...entry.formerCertificates].map((one) => parseCertificate(one));
      const certificate = certificates.find(({ subjectKeyIdentifier }) => equal(subjectKeyIdentifier, signed.signer.subjectKeyIdentifier));
      if (certificate === undefined) throw refused('statement-invalid', { what: 'signer' });
      await verifySignedObject(signed, { contentType: OID.statement, certificate: certificate.der, publicKey: certificate.publicKey });
      const { organisation, day, figures, head, since, proof } = decodeJson(statementSchema, signed.eContent);
      if (organisation !== from) throw refused('statement-invalid', { what: 'organisation' });
      const age = now.getTime() - Date.parse(`${day}T00:00:00Z`);
      if (!(age >= 0) || age > OLDEST) throw refused('statement-invalid', { what: 'day' });
      const last = (await heads(from)).at(-1);
      const former = last ?? { seq: 0, root: new Uint8Array(32) };
      // A copy of the key server may have stated a later head in between: then this one is asked for again.
      if (since < former.seq && head.seq >= former.seq) throw refused('statement-outdated');
      const continues = since === former.seq && isConsistent(former, head, proof) && (last === undefined || head.seq > last.seq || equal(head.hash, last.hash));
      if (!continues) {
        await alarm(from, 'audit-head-conflict');
        throw refused('audit-head-conflict', { known: former.seq, stated: head.seq });
      }
      const values = { ...figures, body: der, at: now.getTime() };
      await store.transaction(async (tx) => {
        await tx.insertInto('member_statements').values({ organisation, day, ...values })
          .onConflict((conflict) => conflict.columns(['organisation', 'day']).doUpdateSet(values)).execute();
        await tx.insertInto('member_heads').values({ organisation, day: now.toISOString().slice(0, 10), ...head, at: now.getTime(), superseded: 0 })
          .onConflict((conflict) => conflict.columns(['organisation', 'superseded', 'seq']).doNothing()).execute();
        await appendAuditIn(tx, now, 'statement', { organisation, day, seq: head.seq, hash: hex(head.hash) });
      });
    },

    async acceptChain(organisation, reason) {
      const now = clock.now();
      await store.transaction(async (tx) => {
        await tx.updateTable('member_heads').set({ superseded: now.getTime() }).where('organisation', '=', organisation).where('superseded', '=', 0).execute();
        await tx.updateTable('alarms').set({ acknowledged: 1 }).where('organisation', '=', organisation).execute();
        await appendAuditIn(tx, now, 'chain-accepted', { organisation, reason });
      });
    },
  };
}
