/** `ssmax seal`: a mail in, the sealed mail out, for systems and scripts that send. It does what the plugin does. */
import { writeSync } from 'node:fs';
import { Command } from 'commander';
import type { Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { validatePath } from '../core/pki/path.ts';
import type { Credential } from '../flow/ports.ts';
import { organisationOfSender, requireInside } from '../flow/recipients.ts';
import { sealMail } from '../flow/seal.ts';
import { organisationCrl, requireUnrevoked, type Trust } from '../flow/trust.ts';
import { buildInner } from '../mail/build.ts';
import { mailBytes, replaceCarrier } from '../mail/carrier.ts';
import { readWritten } from '../mail/compose.ts';
import { createNodeCrypto } from '../platform/node-crypto.ts';
import { addKeyOptions, type KeyOptions, loadCredential } from './credential.ts';
import { readStdin, writeStdout } from './streams.ts';
import { loadTrustDirectory, trustOption } from './trust-directory.ts';

interface SealOptions extends KeyOptions {
  readonly trust: string;
  readonly envelopeFd?: number;
}

export function sealCommand(): Command {
  const command = new Command('seal')
    .description('seal a mail from standard input; the sealed mail goes to standard output')
    .addOption(trustOption().makeOptionMandatory())
    .option('--envelope-fd <number>', 'write the recipients, Bcc included, to this file descriptor, one a line', Number);
  return addKeyOptions(command, true).action(async ({ trust, envelopeFd, ...keys }: SealOptions) => {
    const now = new Date();
    const sender = await loadCredential(keys);
    const { mail, recipients } = await seal(await readStdin(), sender, await loadTrustDirectory(trust, now), now);
    if (envelopeFd !== undefined) writeSync(envelopeFd, recipients.map((address) => `${address}\n`).join(''));
    await writeStdout(mail);
  });
}

/**
 * Seals a whole mail as leg 1. The outer header stays as it was written, but for Bcc, which becomes hidden recipients.
 * Throws what readWritten, requireInside, buildInner and sealMail throw, and `from-mismatch` if From is not the certified
 * address.
 */
async function seal(raw: Bytes, sender: Credential, trust: Trust, now: Date): Promise<{ mail: Bytes; recipients: readonly string[] }> {
  const { bcc, ...written } = readWritten(raw);
  const [certified = ''] = sender.certificate.emails;
  if (written.from.address !== certified) throw refused('from-mismatch', { from: written.from.address, certified });
  const organisation = await organisationOfSender(certified, trust, now);
  await validatePath({ leaf: sender.certificate, intermediates: [organisation], root: trust.root, at: now, role: 'user' });
  await requireUnrevoked({ certificate: sender.certificate, issuer: organisation, crl: organisationCrl(trust, organisation), at: now, now });
  const open = new Set([...written.to, ...written.cc].map(({ address }) => address));
  const hidden = [...new Set(bcc.map(({ address }) => address))].filter((address) => !open.has(address));
  const recipients = [...open, ...hidden];
  requireInside(recipients, trust);
  const native = createNodeCrypto();
  const entity = buildInner({ ...written, date: now }, (length) => native.random(length));
  const { cms } = await sealMail(native, { entity, recipients, hidden, sender, organisation, signingTime: now });
  return { mail: mailBytes(replaceCarrier(raw, cms)), recipients };
}
