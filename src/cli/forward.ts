/** `ssmax forward`: a sealed mail goes on to others without being decrypted, as the plugin does it (src/flow/forward.ts). */
import { writeSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { type Bytes, fromUtf8 } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { forwardMail } from '../flow/forward.ts';
import type { Credential } from '../flow/ports.ts';
import type { Trust } from '../flow/trust.ts';
import { formatAddressList, formatMailbox, parseAddressList } from '../mail/address.ts';
import { buildMixed } from '../mail/build.ts';
import { buildCarrier, mailBytes } from '../mail/carrier.ts';
import { formatDate, formatText } from '../mail/header.ts';
import { parseMime } from '../mail/mime.ts';
import { createNodeCrypto } from '../platform/node-crypto.ts';
import { addKeyOptions, type KeyOptions, loadCredential } from './credential.ts';
import { readInput } from './files.ts';
import { addressingOf } from './sender.ts';
import { readStdin, writeStdout } from './streams.ts';
import { loadTrustDirectory, trustOption } from './trust-directory.ts';

interface ForwardOptions extends KeyOptions {
  readonly trust: string;
  readonly to: string;
  readonly cc?: string;
  readonly bcc?: string;
  readonly subject?: string;
  readonly parts?: readonly number[];
  readonly envelopeFd?: number;
}

export function forwardCommand(): Command {
  const command = new Command('forward')
    .description('forward a sealed mail without decrypting it; a text from standard input goes with it, in clear; the mail goes to standard output')
    .argument('<file>', 'the mail as it stands in the mailbox')
    .addOption(trustOption().makeOptionMandatory())
    .requiredOption('--to <addresses>', 'recipients, separated by commas')
    .option('--cc <addresses>', 'further recipients')
    .option('--bcc <addresses>', 'hidden recipients')
    .option('--subject <text>', 'the new subject, which is not encrypted; else "Fwd: " and the outer one of the mail')
    .option('--parts <numbers>', 'of the sealed attachments only these, from 1, separated by commas', parseNumbers)
    .option('--envelope-fd <number>', 'write the recipients, Bcc included, to this file descriptor, one a line', Number);
  return addKeyOptions(command, true).action(async (file: string, options: ForwardOptions) => {
    const now = new Date();
    const sender = await loadCredential(options);
    const trust = await loadTrustDirectory(options.trust, now);
    const { mail, recipients } = await forward(readInput(file), await readText(), options, { sender, trust, now });
    if (options.envelopeFd !== undefined) writeSync(options.envelopeFd, recipients.map((address) => `${address}\n`).join(''));
    await writeStdout(mail);
  });
}

function parseNumbers(text: string): readonly number[] {
  const numbers = text.split(',').map(Number);
  if (numbers.some((number) => !Number.isInteger(number) || number < 1)) throw new InvalidArgumentError('numbers from 1, separated by commas');
  return numbers.map((number) => number - 1);
}

async function readText(): Promise<string> {
  try {
    return process.stdin.isTTY ? '' : fromUtf8(await readStdin());
  } catch (cause) {
    if (cause instanceof TypeError) throw refused('mail-ambiguous', { defect: 'mime-charset-unknown' }, cause);
    throw cause;
  }
}

/** Throws what addressingOf, buildMixed and forwardMail throw, `address-invalid`. */
async function forward(
  original: Bytes, text: string, options: ForwardOptions, { sender, trust, now }: { sender: Credential; trust: Trust; now: Date },
): Promise<{ mail: Bytes; recipients: readonly string[] }> {
  const [to, cc, bcc] = [options.to, options.cc ?? '', options.bcc ?? ''].map(parseAddressList);
  const lists = { to: to ?? [], cc: cc ?? [], bcc: bcc ?? [] };
  const addressing = await addressingOf(sender, lists, trust, now);
  const native = createNodeCrypto();
  const from = { address: sender.certificate.emails[0] ?? '', displayName: sender.certificate.subject.commonName ?? '' };
  const subject = options.subject ?? `Fwd: ${parseMime(original, 'outer').headers.text('Subject') ?? ''}`;
  const mail = buildMixed('forward', { from, to: lists.to, cc: lists.cc, subject, date: now, text }, (length) => native.random(length));
  const { cms } = await forwardMail({ native, credentials: [sender], trust, now }, {
    ...addressing, original, mail, ...(options.parts !== undefined && { parts: options.parts }),
  });
  const fields = [
    ['From', formatMailbox(from)], ['To', formatAddressList(lists.to)], ...(lists.cc.length === 0 ? [] : [['Cc', formatAddressList(lists.cc)] as const]),
    ['Subject', formatText(subject, 'Subject')], ['Date', formatDate(now)],
  ] as const;
  return { mail: mailBytes(buildCarrier(fields, cms)), recipients: addressing.recipients };
}
