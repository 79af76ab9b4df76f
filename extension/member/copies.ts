/** What of this computer's secrets and mails may be written to files: a backup of the key, copies of what was opened. The organisation may decide on it. */
import { refused } from '../../src/core/error.ts';
import { readManaged } from '../../src/wire/managed-settings.ts';
import type { MemberPorts } from './ports.ts';
import type { SealParts } from './seal.ts';

export interface CopyPolicy {
  /** Of a key, when it is new. */
  readonly backup: 'required' | 'allowed' | 'forbidden';
  /** Opened mails and their attachments may be saved as files. */
  readonly copies: boolean;
}

/** Throws `configuration-invalid`. */
export async function copyPolicy({ managed }: Pick<MemberPorts, 'managed'>): Promise<CopyPolicy> {
  const { backup = 'allowed', copies } = readManaged(await managed());
  return { backup, copies: copies !== 'forbidden' };
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
