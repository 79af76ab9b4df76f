/** `ssmax seal`: a mail in, the sealed mail out, for systems and scripts that send. It does what the plugin does. */
import { writeSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import type { Credential } from '../flow/ports.ts';
import { type MixedInput, sealMail, sealMixed } from '../flow/seal.ts';
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
  readonly outsideSignedOnly?: boolean;
}

export function sealCommand(): Command {
  const command = new Command('seal')
    .description('seal a mail from standard input; the sealed mail goes to standard output')
    .addOption(trustOption().makeOptionMandatory())
    .addOption(new Option('--mode <mode>', 'what to encrypt: all, the attachments, or nothing').choices(SEAL_MODES).default('protect-all'))
    .option('--outside-signed-only', 'if all recipients are outside SSMAX: sign only, everybody on the way can read it (where the organisation allows it)')
    .option('--envelope-fd <number>', 'write the recipients, Bcc included, to this file descriptor, one a line', Number);
  return addKeyOptions(command, true).action(async ({ trust, mode, envelopeFd, outsideSignedOnly = false, ...keys }: SealOptions) => {
    const now = new Date();
    const sender = await loadCredential(keys);
    const { mail, recipients } = await seal(await readStdin(), { mode, outside: outsideSignedOnly }, sender, await loadTrustDirectory(trust, now), now);
    if (envelopeFd !== undefined) writeSync(envelopeFd, recipients.map((address) => `${address}\n`).join(''));
    await writeStdout(mail);
  });
}

/**
 * Makes leg 1 of a whole mail. The outer header stays as it was written, but for Bcc, which becomes hidden recipients.
 * Throws what readWritten, addressingOf, buildInner, sealMail and sealMixed throw, and `from-mismatch` if From is not the
 * certified address.
 */
async function seal(
  raw: Bytes, { mode, outside }: { mode: SealMode; outside: boolean }, sender: Credential, trust: Trust, now: Date,
): Promise<{ mail: Bytes; recipients: readonly string[] }> {
  const { bcc, ...written } = readWritten(raw);
  const [certified = ''] = sender.certificate.emails;
  if (written.from.address !== certified) throw refused('from-mismatch', { from: written.from.address, certified });
  const { form, ...addressing } = await addressingOf(sender, { ...written, bcc }, trust, now, outside ? ['*'] : []);
  const native = createNodeCrypto();
  const random = (length: number): Bytes => native.random(length);
  const inner = { ...written, date: now };
  const mixed = (as: 'attachments-only' | 'sign-only', transport: '7bit' | 'binary'): MixedInput =>
    ({ ...addressing, mode: as, mail: buildMixed(as, { ...inner, transport }, random) });
  const { cms } = form === 'protected' && mode === 'protect-all'
    ? await sealMail(native, { ...addressing, entity: buildInner(inner, random) })
    : await sealMixed(native, form === 'signed-only' || mode === 'protect-all' ? mixed('sign-only', '7bit') : mixed(mode, 'binary'));
  return { mail: mailBytes(replaceCarrier(raw, cms)), recipients: addressing.recipients };
}
