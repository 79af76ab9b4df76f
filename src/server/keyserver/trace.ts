/**
 * From a mail to the person in the registry (design §2, traceability): only by two administrators (approvals.ts), and never
 * without an entry in the audit chain, whatever was found.
 */
import { z } from 'zod';
import { type Bytes, fromHex } from '../../core/bytes.ts';
import { decodeSignerInfo } from '../../core/cms/signed-data.ts';
import type { Clock } from '../../flow/ports.ts';
import { timeField } from '../../wire/json.ts';
import { appendAudit } from '../shared/audit-chain.ts';
import { signerOf } from './abuse-cases.ts';
import { type ApprovalAction, approvalAction } from './approvals.ts';
import type { Store } from './tables.ts';

/** What two administrators sign: in hexadecimal and plain words, as they read it. */
const traceSchema = z.strictObject({
  contentDigest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Why, for the audit chain. */
  reason: z.string().min(1).max(500),
  /** When the mail's own signature says that it was signed, if there is a mail to look at. */
  signedAt: timeField.optional(),
});

interface Traced {
  readonly address: string;
  readonly signedAt: Date;
  readonly certificate: string;
  /** Absent where the certificate belongs to no registry entry. */
  readonly person?: {
    readonly reference: string; readonly name: string; readonly pseudonym: boolean; readonly identityCheck: string; readonly address: string;
    /** Behind a pseudonym, where the registry has it. */
    readonly realName?: string;
  };
}

/** @param retention how long evidence is kept; days */
export function traceAction(store: Store, retention: number, clock: Clock): ApprovalAction {
  return approvalAction(traceSchema, async ({ contentDigest, reason, signedAt }) => {
    const found = await trace(store, fromHex(contentDigest));
    await appendAudit(store, clock.now(), 'trace', { contentDigest, reason, found: found.length });
    if (found.length > 0) return { found };
    const erased = signedAt !== undefined && signedAt.getTime() < clock.now().getTime() - retention * 86_400_000;
    return { found, answer: erased
      ? `evidence-erased: the mail is older than the ${retention} days for which evidence is kept`
      : `nothing-found: no member of this organisation sent it, or the evidence was erased after ${retention} days` };
  });
}

async function trace(store: Store, contentDigest: Bytes): Promise<Traced[]> {
  const rows = await store.query.selectFrom('evidence').select(['signer_info', 'certificate_hash']).where('content_digest', '=', contentDigest).where('leg', '=', 1).execute();
  const traced = await Promise.all(rows.map(async (row): Promise<Traced[]> => {
    const certificate = await signerOf(store, row);
    if (certificate === undefined) return [];
    const member = certificate.member === null ? undefined
      : await store.query.selectFrom('members').selectAll().where('id', '=', certificate.member).executeTakeFirst();
    return [{
      address: certificate.address, signedAt: decodeSignerInfo(row.signer_info).attributes.signingTime, certificate: certificate.serial,
      ...(member !== undefined && {
        person: {
          reference: member.reference, name: member.display_name, ...(member.person !== null && { realName: member.person }), pseudonym: member.pseudonym === 1,
          identityCheck: member.identity_check, address: member.address,
        },
      }),
    }];
  }));
  return traced.flat();
}
