/** What of this computer's secrets and mails may be written to files: a backup of the key, copies of what was opened. The organisation may decide on it. */
import { z } from 'zod';
import { refused } from '../../src/core/error.ts';
import type { MemberPorts } from './ports.ts';
import type { SealParts } from './seal.ts';

const schema = z.object({ backup: z.enum(['required', 'allowed', 'forbidden']).optional(), copies: z.enum(['allowed', 'forbidden']).optional() });

export interface CopyPolicy {
  /** Of a key, when it is new. */
  readonly backup: 'required' | 'allowed' | 'forbidden';
  /** Opened mails and their attachments may be saved as files. */
  readonly copies: boolean;
}

/** Throws `configuration-invalid`. */
export async function copyPolicy({ managed }: Pick<MemberPorts, 'managed'>): Promise<CopyPolicy> {
  const result = schema.safeParse((await managed()) ?? {});
  if (!result.success) throw refused('configuration-invalid', { field: result.error.issues[0]?.path.join('.') ?? '' });
  return { backup: result.data.backup ?? 'allowed', copies: result.data.copies !== 'forbidden' };
}

/** Throws `backup-missing`: where the organisation wants a backup of every key, nothing is sent with one that has none. */
export async function requireBackup({ ports, identities }: Pick<SealParts, 'ports' | 'identities'>, address: string): Promise<void> {
  if ((await copyPolicy(ports)).backup !== 'required') return;
  if ((await identities.all()).find((one) => one.address === address)?.backedUpAt === undefined) throw refused('backup-missing');
}

/** Throws `copies-forbidden`, `backup-forbidden`. */
export async function requirePermission({ managed }: Pick<MemberPorts, 'managed'>, what: 'copies' | 'backup'): Promise<void> {
  const policy = await copyPolicy({ managed });
  if (what === 'copies' && !policy.copies) throw refused('copies-forbidden');
  if (what === 'backup' && policy.backup === 'forbidden') throw refused('backup-forbidden');
}
