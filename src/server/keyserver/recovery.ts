/**
 * Recovery windows (design §3): for whom old mail is re-encrypted to a new key, until when and how much. Two administrators open
 * one; the member is told by another way, in the same moment: without his notice there is no window.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { refused, SsmaxError } from '../../core/error.ts';
import type { RecoveryRegistry } from '../../flow/recover.ts';
import type { Clock } from '../../flow/ports.ts';
import { normalizeAddress } from '../../mail/address.ts';
import { appendAudit, appendAuditIn } from '../shared/audit-chain.ts';
import { type ApprovalAction, approvalAction } from './approvals.ts';
import type { MemberKeys } from './member-keys.ts';
import { recoveryNotice } from './recovery-notice.ts';
import type { Store } from './tables.ts';

export interface RecoveryPolicy {
  /** Directory that notices are written into, to be mailed or printed. */
  readonly notices: string;
  /** The longest window; hours. */
  readonly hours: number;
  /** The most mails in one window. */
  readonly mails: number;
}

export interface OpenWindow {
  readonly id: string;
  readonly address: string;
  readonly reference: string;
  readonly opened: Date;
  readonly until: Date;
  readonly quota: number;
  readonly used: number;
}

export interface RecoveryDesk extends RecoveryRegistry {
  /** What two administrators ask for: opens a window. */
  readonly action: ApprovalAction;
  list(): Promise<OpenWindow[]>;
  /** Ends all open windows of a member; returns how many. Closing takes nobody's approval. */
  close(address: string, reference: string): Promise<number>;
}

const openSchema = z.strictObject({
  address: z.string().max(320),
  /** Which person: several may share an address. */
  reference: z.string().min(1).max(64),
  hours: z.int().min(1),
  mails: z.int().min(1),
  /** Where else the member is written to; without it, the notice is a letter to print. */
  notify: z.string().max(320).optional(),
});

export function createRecoveryDesk(store: Store, memberKeys: MemberKeys, policy: RecoveryPolicy | undefined, clock: Clock): RecoveryDesk {
  async function memberOf(address: string, reference: string): Promise<{ id: string; address: string; display_name: string }> {
    const member = await store.query.selectFrom('members').select(['id', 'address', 'display_name'])
      .where('address', '=', normalizeAddress(address)).where('reference', '=', reference).where('left_at', 'is', null).executeTakeFirst();
    if (member === undefined) throw refused('member-unknown', { address });
    return member;
  }

  async function open({ address, reference, hours, mails, notify }: z.output<typeof openSchema>): Promise<Readonly<Record<string, unknown>>> {
    if (policy === undefined) throw refused('recovery-off');
    if (hours > policy.hours) throw refused('recovery-too-long', { maximum: policy.hours });
    if (mails > policy.mails) throw refused('recovery-too-many', { maximum: policy.mails });
    const member = await memberOf(address, reference);
    // To the mailbox itself would tell whoever took it over.
    const other = notify === undefined ? undefined : normalizeAddress(notify);
    if (other === member.address) throw refused('recovery-notice-address');
    const [id, opened] = [crypto.randomUUID(), clock.now()];
    const until = new Date(opened.getTime() + hours * 3_600_000);
    const notice = recoveryNotice({ address: member.address, reference, name: member.display_name, opened, until, mails, notify: other });
    writeNotice(policy.notices, `${opened.toISOString().replace(/[^0-9TZ]/g, '')}-${id}.${other === undefined ? 'txt' : 'eml'}`, notice);
    await store.transaction(async (tx) => {
      await tx.insertInto('recovery_windows').values({ id, member: member.id, opened: opened.getTime(), until: until.getTime(), quota: mails, closed: null }).execute();
      await appendAuditIn(tx, opened, 'recovery-opened', { member: member.id, hours, mails });
    });
    return { opened: id, until: until.toISOString() };
  }

  return {
    action: approvalAction(openSchema, open),
    personOfKey: (spkiHash) => memberKeys.personOfKey(spkiHash),

    async memberSince(person, address) {
      const row = await store.query.selectFrom('members').select('created').where('id', '=', person).where('address', '=', address).where('left_at', 'is', null).executeTakeFirst();
      return row === undefined ? undefined : new Date(row.created);
    },

    async take(person, contentDigest, signedAt) {
      const now = clock.now().getTime();
      await store.transaction(async (tx) => {
        const windows = await tx.selectFrom('recovery_windows').select(['id', 'quota', 'opened'])
          .where('member', '=', person).where('until', '>', now).where('closed', 'is', null).orderBy('opened', 'desc').execute();
        // Old mail only: what came later came to the new key.
        const [window] = windows.filter(({ opened }) => signedAt.getTime() <= opened);
        if (window === undefined) throw refused('recovery-not-open');
        const taken = await tx.selectFrom('recovered').select('content_digest').where('recovery_window', '=', window.id).execute();
        if (taken.some(({ content_digest }) => content_digest.every((byte, i) => byte === contentDigest[i]))) return;
        if (taken.length >= window.quota) throw refused('recovery-quota', { maximum: window.quota });
        await tx.insertInto('recovered').values({ recovery_window: window.id, content_digest: contentDigest, at: now }).execute();
      });
    },

    async recovered(person, contentDigest, why) {
      await appendAudit(store, clock.now(), 'recovered', { member: person, contentDigest: Buffer.from(contentDigest).toString('hex'), why });
    },

    async list() {
      const rows = await store.query.selectFrom('recovery_windows').innerJoin('members', 'members.id', 'recovery_windows.member')
        .select(['recovery_windows.id', 'members.address', 'members.reference', 'opened', 'until', 'quota'])
        .where('until', '>', clock.now().getTime()).where('closed', 'is', null).orderBy('opened').execute();
      return Promise.all(rows.map(async ({ opened, until, ...row }) => {
        const used = await store.query.selectFrom('recovered').select((e) => e.fn.countAll<number>().as('n')).where('recovery_window', '=', row.id).executeTakeFirstOrThrow();
        return { ...row, opened: new Date(opened), until: new Date(until), used: used.n };
      }));
    },

    async close(address, reference) {
      const { id } = await memberOf(address, reference);
      const now = clock.now();
      return store.transaction(async (tx) => {
        const { numUpdatedRows } = await tx.updateTable('recovery_windows').set({ closed: now.getTime() })
          .where('member', '=', id).where('closed', 'is', null).where('until', '>', now.getTime()).executeTakeFirst();
        if (numUpdatedRows > 0n) await appendAuditIn(tx, now, 'recovery-closed', { member: id });
        return Number(numUpdatedRows);
      });
    },
  };
}

function writeNotice(directory: string, name: string, text: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, name), text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new SsmaxError('fault', 'recovery-notice-unwritable', { file: directory }, { cause });
  }
}
