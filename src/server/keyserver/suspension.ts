/**
 * Suspension of a member: he may not send until it ends, and goes on receiving. All his certificates, for whatever address, are on hold
 * at once, in the CRL too, and he gets no new ones. It can be undone; a revocation cannot.
 */
import type { Kysely } from 'kysely';
import { refused } from '../../core/error.ts';
import type { Clock } from '../../flow/ports.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Store, Tables } from './tables.ts';

export interface Suspensions {
  /** Gives how many certificates are on hold now. */
  suspend(member: string, abuseCase: string): Promise<number>;
  /** Throws `member-not-suspended`. */
  reinstate(member: string, abuseCase: string): Promise<void>;
}

/**
 * @param publishCrl makes the CRL anew
 * @param refresh has the key server itself look at it
 */
export function createSuspensions(store: Store, publishCrl: () => Promise<void>, refresh: () => Promise<void>, clock: Clock): Suspensions {
  return {
    async suspend(member, abuseCase) {
      const at = clock.now();
      const held = await store.transaction(async (tx) => {
        let count = 0;
        for (const id of await entriesOf(tx, member)) {
          await tx.insertInto('suspensions').values({ member: id, case: abuseCase, at: at.getTime() })
            .onConflict((conflict) => conflict.column('member').doUpdateSet({ case: abuseCase })).execute();
          const certificates = await tx.updateTable('certificates').set({ revoked: at.getTime(), reason: 'certificateHold', invalid_since: null })
            .where('member', '=', id).where('role', '=', 'user').where('revoked', 'is', null).returning('serial').execute();
          count += certificates.length;
        }
        await appendAuditIn(tx, at, 'suspended', { member, case: abuseCase, certificates: count });
        return count;
      });
      await publishCrl();
      await refresh();
      return held;
    },

    async reinstate(member, abuseCase) {
      await store.transaction(async (tx) => {
        const entries = await entriesOf(tx, member);
        const gone = await tx.deleteFrom('suspensions').where('member', 'in', entries).returning('member').execute();
        if (gone.length === 0) throw refused('member-not-suspended');
        await tx.updateTable('certificates').set({ revoked: null, reason: null })
          .where('member', 'in', entries).where('reason', '=', 'certificateHold').execute();
        await appendAuditIn(tx, clock.now(), 'reinstated', { member, case: abuseCase });
      });
      await publishCrl();
      await refresh();
    },
  };
}

/** All of the same person: who has another address, or a share of `info@`, has an entry with the same number for each. */
async function entriesOf(tx: Kysely<Tables>, member: string): Promise<string[]> {
  const row = await tx.selectFrom('members').select('reference').where('id', '=', member).executeTakeFirst();
  if (row === undefined) return [member];
  return (await tx.selectFrom('members').select('id').where('reference', '=', row.reference).execute()).map(({ id }) => id);
}

/** Throws `member-suspended`: whoever is suspended gets no certificate that nobody put on hold. */
export async function requireNotSuspended(db: Kysely<Tables>, member: string): Promise<void> {
  const row = await db.selectFrom('suspensions').select('member').where('member', '=', member).executeTakeFirst();
  if (row !== undefined) throw refused('member-suspended');
}
