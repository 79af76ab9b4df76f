/** `ssmax trace`: asks for the person behind a mail; a second administrator approves it (`ssmax approve`). */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { hex } from '../core/bytes.ts';
import { parseSignedData } from '../core/cms/signed-data.ts';
import { refused } from '../core/error.ts';
import { findCarrier } from '../mail/carrier.ts';
import { parseMime } from '../mail/mime.ts';
import { decodeLeg } from '../wire/leg.ts';
import { adminOption } from './admin.ts';
import { type AdministratorKeyOptions, adminKeyOption, requestApproval } from './approvals.ts';
import { readInput } from './files.ts';
import { passphraseOption } from './serve.ts';

interface TraceOptions extends AdministratorKeyOptions {
  readonly reason: string;
}

export function traceCommand(): Command {
  return new Command('trace')
    .description('find the registry entry behind a mail of this organisation; takes two administrators and stands in the audit chain')
    .argument('<mail>', 'a file with the mail, or its contentDigest (64 hexadecimal digits)')
    .requiredOption('--reason <text>', 'why; it stands in the audit chain, and the second administrator reads it')
    .addOption(adminOption())
    .addOption(adminKeyOption())
    .addOption(passphraseOption())
    .action(async (mail: string, { reason, ...options }: TraceOptions) => {
      await requestApproval('trace', { ...named(mail), reason }, options);
    });
}

function named(mail: string): { contentDigest: string; signedAt?: Date } {
  if (/^[0-9a-f]{64}$/.test(mail) && !existsSync(mail)) return { contentDigest: mail };
  const carrier = findCarrier(parseMime(readInput(mail), 'outer'));
  if (carrier.kind === 'none') throw refused('report-not-sealed');
  const { leg, signingTime } = parseSignedData(carrier.cms).signer.attributes;
  if (leg === undefined) throw refused('leg-missing');
  return { contentDigest: hex(decodeLeg(leg).contentDigest), signedAt: signingTime };
}
