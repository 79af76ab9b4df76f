/** `ssmax open`: a sealed mail in, its content out, if and only if it is verified. */
import { Command } from 'commander';
import { judgeMail } from '../flow/open.ts';
import { exportForward } from '../mail/export.ts';
import { addKeyOptions, type KeyOptions } from './credential.ts';
import { printable } from '../mail/shown-text.ts';
import { forwardedLines, languageOf, sentenceOf } from './sentences.ts';
import { readStdin, writeStdout } from './streams.ts';
import { trustOption } from './trust-directory.ts';
import { parseTime, readerFor, verdictExitCode } from './verify.ts';

interface OpenOptions extends KeyOptions {
  readonly trust: string;
  readonly at?: Date;
}

export function openCommand(): Command {
  const command = new Command('open')
    .description('open a sealed mail from standard input; its content goes to standard output only if it is verified')
    .addOption(trustOption().makeOptionMandatory())
    .option('--at <time>', 'judge as at this time, ISO 8601', parseTime);
  return addKeyOptions(command, true).action(async (options: OpenOptions) => {
    const reader = await readerFor(options);
    const judgement = await judgeMail(await readStdin(), reader);
    const { state, code, message, forwarded = [], contentDigest = '' } = judgement;
    if (state === 'verified' && message !== undefined) {
      // Who reads the outer mail as well must know where it differs.
      for (const { field, inner, outer } of message.conflicts) {
        process.stderr.write(`ssmax: note: the outer ${field} says "${printable(outer)}", the sender wrote "${printable(inner)}"\n`);
      }
      for (const line of forwardedLines(judgement, languageOf(process.env))) process.stderr.write(`ssmax: note: ${line}\n`);
      const parts = forwarded.flatMap(({ kind, entity }) => (entity === undefined ? [] : [{ entity, whole: kind === 'mail' }]));
      await writeStdout(exportForward(message.entity, parts, contentDigest));
      return;
    }
    process.stderr.write(`ssmax: ${sentenceOf(judgement, languageOf(process.env))} (${code})\n`);
    process.exitCode = verdictExitCode([judgement]);
  });
}
