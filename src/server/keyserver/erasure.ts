/**
 * Erasing what is kept of the mails that one former member sent (docs/admin/privacy.md), before its retention ends: by two
 * administrators (approvals.ts), as tracing his mail ends with it. The audit chain keeps its entries, with hashes alone.
 */
import { z } from 'zod';
import { type Bytes, hex } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { refused } from '../../core/error.ts';
import type { Clock } from '../../flow/ports.ts';
import { normalizeAddress } from '../../mail/address.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Transaction } from '../shared/database.ts';
import { type ApprovalAction, approvalAction } from './approvals.ts';
import { signEntry } from './records.ts';
import type { Store, Tables } from './tables.ts';

/** What two administrators sign. */
const erasureSchema = z.strictObject({
  address: z.string().min(3).max(320),
  /** Which holder, where several shared the address. */
  reference: z.string().min(1).max(64).optional(),
  /** Why, for the audit chain. */
  reason: z.string().min(1).max(500),
});

/** Rows of one statement: databases bound the number of parameters. */
const CHUNK = 500;

/**
 * Throws `member-unknown`, `member-ambiguous`, `member-not-left` for one who may still send, and `evidence-in-use` while an
 * abuse case about him is open.
 */
export function erasureAction(store: Store, clock: Clock): ApprovalAction {
  return approvalAction(erasureSchema, ({ address: text, reference, reason }) => store.transaction(async (tx) => {
    const address = normalizeAddress(text);
    const member = await formerMember(tx, address, reference);
    const open = await tx.selectFrom('abuse_cases').select('id').where('member', '=', member.id).where('state', '!=', 'closed').limit(1).executeTakeFirst();
    if (open !== undefined) throw refused('evidence-in-use', { case: open.id });
    const certificates = await tx.selectFrom('certificates').select('der').where('member', '=', member.id).where('role', '=', 'user').execute();
    const hashes = await Promise.all(certificates.map(({ der }) => sha256(new Uint8Array(der))));
    const evidence = await evidenceBy(tx, hashes);
    for (let from = 0; from < evidence.length; from += CHUNK) await eraseEvidence(tx, evidence.slice(from, from + CHUNK));
    const others = await tx.selectFrom('members').select('id').where('address', '=', address).where('left_at', 'is', null).limit(1).executeTakeFirst();
    // Why a mail was refused names the address alone: it may be of a holder who stays.
    if (others === undefined) await tx.deleteFrom('refusals').where('sender', '=', address).execute();
    await appendAuditIn(tx, clock.now(), 'evidence-erased', { member: member.id, mails: evidence.length, reason });
    return { address, mails: evidence.length };
  }));
}

async function formerMember(tx: Transaction<Tables>, address: string, reference: string | undefined): Promise<{ id: string }> {
  let query = tx.selectFrom('members').select(['id', 'left_at']).where('address', '=', address);
  if (reference !== undefined) query = query.where('reference', '=', reference);
  const [member, ...others] = await query.execute();
  if (member === undefined) throw refused('member-unknown', { address });
  if (others.length > 0) throw refused('member-ambiguous', { address });
  if (member.left_at === null) throw refused('member-not-left', { address });
  return member;
}

interface Evidence {
  readonly signer_hash: Bytes;
  readonly content_digest: Bytes;
  readonly leg: number;
}

/** Of what he sent: leg 1, signed with one of his certificates. */
function evidenceBy(tx: Transaction<Tables>, hashes: readonly Bytes[]): Promise<Evidence[]> {
  if (hashes.length === 0) return Promise.resolve([]);
  return tx.selectFrom('evidence').select(['signer_hash', 'content_digest', 'leg']).where('leg', '=', 1).where('certificate_hash', 'in', [...hashes]).execute();
}

/** With what the chain's entries about it say; the entries stay. */
async function eraseEvidence(tx: Transaction<Tables>, evidence: readonly Evidence[]): Promise<void> {
  await tx.deleteFrom('evidence').where('signer_hash', 'in', evidence.map((one) => one.signer_hash)).execute();
  const texts = evidence.map((one) => JSON.stringify(signEntry({ contentDigest: one.content_digest, leg: one.leg }, one.signer_hash)));
  await tx.deleteFrom('audit_details').where('details', 'in', texts).execute();
  // Alerts about these mails name them too.
  const digests = new Set(evidence.map((one) => hex(one.content_digest)));
  const alerts = await tx.selectFrom('audit_entries').innerJoin('audit_details', 'audit_details.seq', 'audit_entries.seq').select(['audit_entries.seq', 'details']).where('kind', '=', 'alert').execute();
  const about = alerts.filter(({ details }) => digests.has((JSON.parse(details) as { contentDigest?: string }).contentDigest ?? '')).map(({ seq }) => seq);
  for (let from = 0; from < about.length; from += CHUNK) await tx.deleteFrom('audit_details').where('seq', 'in', about.slice(from, from + CHUNK)).execute();
}
