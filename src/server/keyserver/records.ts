/** What the key server remembers of the mail that passes: seen ciphertexts, evidence, alerts, refusals (design §2, §3). */
import { type Bytes, hex } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import type { Clock, Records, SeenCiphertexts } from '../../flow/ports.ts';
import { appendAudit, appendAuditIn, type AuditDetails, eraseAuditDetails } from '../shared/audit-chain.ts';
import type { Store } from './tables.ts';

export interface Refusal {
  readonly contentDigest: Bytes;
  readonly sender: string;
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
}

/** Reasons are kept for as long as a sealed mail may be sent again. */
const REFUSAL_LIFETIME = 6 * 86_400_000;

export interface KeyServerRecords extends Records, SeenCiphertexts {
  refuse(refusal: Refusal): Promise<void>;
  /** Erases older evidence and what older audit entries say; the chain itself stays whole. */
  erase(before: Date): Promise<void>;
  /** The reason why this sender's mail was refused, or undefined. */
  refusal(contentDigest: Bytes, sender: string): Promise<Pick<Refusal, 'code' | 'params'> | undefined>;
}

/** What the chain says of a mail that was signed: by its very text it is found again when it is to be erased. */
export function signEntry({ contentDigest, leg }: { readonly contentDigest: Bytes; readonly leg: number }, signerInfoHash: Bytes): AuditDetails {
  return { contentDigest: hex(contentDigest), leg, signerInfo: hex(signerInfoHash) };
}

export function createRecords(store: Store, clock: Clock): KeyServerRecords {
  return {
    async record(c1, labelHash) {
      const c1Hash = await sha256(c1);
      await store.query.insertInto('seen_ciphertexts').values({ c1_hash: c1Hash, label_hash: labelHash, at: clock.now().getTime() })
        .onConflict((conflict) => conflict.column('c1_hash').doNothing()).execute();
      const row = await store.query.selectFrom('seen_ciphertexts').select('label_hash').where('c1_hash', '=', c1Hash).executeTakeFirstOrThrow();
      return row.label_hash;
    },

    async evidence({ contentDigest, leg, signerInfo, certificateHash }) {
      const now = clock.now();
      const signerInfoHash = await sha256(signerInfo);
      // Together or not at all: there is no evidence without its entry in the chain.
      await store.transaction(async (tx) => {
        await tx.insertInto('evidence').values({
          signer_hash: signerInfoHash, content_digest: contentDigest, leg, signer_info: signerInfo, certificate_hash: certificateHash, at: now.getTime(),
        }).onConflict((conflict) => conflict.column('signer_hash').doNothing()).execute();
        await appendAuditIn(tx, now, 'sign', signEntry({ contentDigest, leg }, signerInfoHash));
      });
    },

    async erase(before) {
      await store.query.deleteFrom('evidence').where('at', '<', before.getTime()).execute();
      await eraseAuditDetails(store, before);
    },

    async alert(code, contentDigest) {
      await appendAudit(store, clock.now(), 'alert', { code, contentDigest: hex(contentDigest) });
    },

    async refuse({ contentDigest, sender, code, params }) {
      const at = clock.now().getTime();
      const values = { sender, code, params: JSON.stringify(params), at };
      await store.query.deleteFrom('refusals').where('at', '<', at - REFUSAL_LIFETIME).execute();
      await store.query.insertInto('refusals').values({ content_digest: contentDigest, ...values })
        .onConflict((conflict) => conflict.columns(['content_digest', 'sender']).doUpdateSet(values)).execute();
    },

    async refusal(contentDigest, sender) {
      const row = await store.query.selectFrom('refusals').select(['code', 'params'])
        .where('content_digest', '=', contentDigest).where('sender', '=', sender).executeTakeFirst();
      return row === undefined ? undefined : { code: row.code, params: JSON.parse(row.params) as Refusal['params'] };
    },
  };
}
