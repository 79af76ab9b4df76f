/** What the organisation states to the Authority: a day's figures, and the head of the audit chain with its proof (protocol-abuse.md §5). */
import { sql } from 'kysely';
import { signObject } from '../../core/cms/signed-data.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { PrivateKey } from '../../core/keys.ts';
import { OID } from '../../core/oids.ts';
import type { Certificate } from '../../core/pki/certificate.ts';
import { encodeJson } from '../../wire/json.ts';
import type { StatedHead, Statement, StatementFigures } from '../../wire/statement.ts';
import { auditHead, auditHashes } from '../shared/audit-chain.ts';
import { consistencyProof, treeRoot } from '../shared/merkle-tree.ts';
import type { Store } from './tables.ts';

const DAY = 86_400_000;

interface Organisation {
  readonly key: PrivateKey;
  readonly certificate: Certificate;
  readonly id: string;
}

/**
 * A signed statement, DER.
 *
 * @param day `YYYY-MM-DD`, UTC
 * @param accepted the head that the Authority accepted last
 */
export async function makeStatement(store: Store, organisation: Organisation, day: string, accepted: StatedHead | undefined, now: Date): Promise<Bytes> {
  const { seq } = await auditHead(store);
  const hashes = await auditHashes(store, seq);
  const since = accepted?.seq ?? 0;
  const statement: Statement = {
    version: 1, organisation: organisation.id, day, figures: await figuresOf(store, organisation.id, day),
    head: { seq: hashes.length, hash: hashes.at(-1) ?? new Uint8Array(32), root: treeRoot(hashes) }, since, proof: consistencyProof(hashes, since),
  };
  const { key, certificate } = organisation;
  return signObject(
    { type: OID.statement, value: encodeJson(statement), signingTime: now },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
}

async function figuresOf(store: Store, own: string, day: string): Promise<StatementFigures> {
  const from = Date.parse(`${day}T00:00:00Z`);
  const { query } = store;
  const number = async (rows: { executeTakeFirstOrThrow(): Promise<{ count: unknown }> }): Promise<number> => Number((await rows.executeTakeFirstOrThrow()).count ?? 0);
  const mails = (leg: number): Promise<number> => number(query.selectFrom('evidence').select(sql<number>`count(distinct content_digest)`.as('count'))
    .where('leg', '=', leg).where('at', '>=', from).where('at', '<', from + DAY));
  const steps = (step: string): Promise<number> => number(query.selectFrom('abuse_steps').select((e) => e.fn.countAll().as('count'))
    .where('step', '=', step).where('at', '>=', from).where('at', '<', from + DAY));
  return {
    sent: await mails(1),
    received: await mails(2),
    filed: await number(query.selectFrom('abuse_reports').select((e) => e.fn.countAll().as('count')).where('at', '>=', from).where('at', '<', from + DAY)),
    reports: await number(query.selectFrom('abuse_complaints').select((e) => e.fn.countAll().as('count')).where('organisation', '!=', own).where('at', '>=', from).where('at', '<', from + DAY)),
    refused: await number(query.selectFrom('abuse_refusals').select((e) => e.fn.sum('count').as('count')).where('day', '=', day)),
    confirmed: await number(query.selectFrom('abuse_steps').innerJoin('abuse_cases', 'abuse_cases.id', 'abuse_steps.case').select((e) => e.fn.countAll().as('count'))
      .where('step', '=', 'closed').where('outcome', '=', 'confirmed').where('at', '>=', from).where('at', '<', from + DAY)),
    warned: await steps('warned'),
    suspended: await steps('suspended'),
  };
}
