/** `ssmax seal`: a mail in, the sealed mail out, for systems and scripts that send. It does what the plugin does. */
import { writeSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import type { Credential } from '../flow/ports.ts';
import { sealMail, sealMixed } from '../flow/seal.ts';
import type { Trust } from '../flow/trust.ts';
import { buildInner, buildMixed } from '../mail/build.ts';
import { mailBytes, replaceCarrier } from '../mail/carrier.ts';
import { readWritten } from '../mail/compose.ts';
import { createNodeCrypto } from '../platform/node-crypto.ts';
import { addKeyOptions, type KeyOptions, loadCredential } from './credential.ts';
import { addressingOf } from './sender.ts';
import { readStdin, writeStdout } from './streams.ts';
import { loadTrustDirectory, trustOption } from './trust-directory.ts';

const SEAL_MODES = ['protect-all', 'attachments-only', 'sign-only'] as const;
type SealMode = (typeof SEAL_MODES)[number];

interface SealOptions extends KeyOptions {
  readonly trust: string;
  readonly mode: SealMode;
  readonly envelopeFd?: number;
}

export function sealCommand(): Command {
  const command = new Command('seal')
    .description('seal a mail from standard input; the sealed mail goes to standard output')
    .addOption(trustOption().makeOptionMandatory())
    .addOption(new Option('--mode <mode>', 'what to encrypt: all, the attachments, or nothing').choices(SEAL_MODES).default('protect-all'))
    .option('--envelope-fd <number>', 'write the recipients, Bcc included, to this file descriptor, one a line', Number);
  return addKeyOptions(command, true).action(async ({ trust, mode, envelopeFd, ...keys }: SealOptions) => {
    const now = new Date();
    const sender = await loadCredential(keys);
    const { mail, recipients } = await seal(await readStdin(), mode, sender, await loadTrustDirectory(trust, now), now);
    if (envelopeFd !== undefined) writeSync(envelopeFd, recipients.map((address) => `${address}\n`).join(''));
    await writeStdout(mail);
  });
}

/**
 * Makes leg 1 of a whole mail. The outer header stays as it was written, but for Bcc, which becomes hidden recipients.
 * Throws what readWritten, addressingOf, buildInner, sealMail and sealMixed throw, and `from-mismatch` if From is not the
 * certified address.
 */
async function seal(raw: Bytes, mode: SealMode, sender: Credential, trust: Trust, now: Date): Promise<{ mail: Bytes; recipients: readonly string[] }> {
  const { bcc, ...written } = readWritten(raw);
  const [certified = ''] = sender.certificate.emails;
  if (written.from.address !== certified) throw refused('from-mismatch', { from: written.from.address, certified });
  const addressing = await addressingOf(sender, { ...written, bcc }, trust, now);
  const native = createNodeCrypto();
  const random = (length: number): Bytes => native.random(length);
  const inner = { ...written, date: now };
  const { cms } = mode === 'protect-all'
    ? await sealMail(native, { ...addressing, entity: buildInner(inner, random) })
    : await sealMixed(native, { ...addressing, mode, mail: buildMixed(mode, inner, random) });
  return { mail: mailBytes(replaceCarrier(raw, cms)), recipients: addressing.recipients };
}
