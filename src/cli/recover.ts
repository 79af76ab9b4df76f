/** `ssmax recover FILE.eml`: an old mail, readable again with a new key, while the organisation has a recovery open. */
import { Command } from 'commander';
import { judgeMail } from '../flow/open.ts';
import { requestRecovery } from '../flow/request-recovery.ts';
import { exportMail } from '../mail/export.ts';
import { addKeyOptions, type KeyOptions } from './credential.ts';
import { readInput } from './files.ts';
import { addServerOptions, httpFor, type ServerOptions } from './member-server.ts';
import { languageOf, sentenceOf } from './sentences.ts';
import { writeStdout } from './streams.ts';
import { trustOption } from './trust-directory.ts';
import { readerFor, verdictExitCode } from './verify.ts';

interface RecoverOptions extends KeyOptions, ServerOptions {
  readonly trust: string;
}

export function recoverCommand(): Command {
  const command = new Command('recover')
    .description('have an old sealed mail re-encrypted to the present key; its content goes to standard output')
    .argument('<file>', 'the mail as it stands in the mailbox')
    .addOption(trustOption().makeOptionMandatory());
  addServerOptions(command);
  return addKeyOptions(command, true).action(async (file: string, options: RecoverOptions) => {
    const reader = await readerFor(options);
    const http = httpFor(options);
    const judgement = await judgeMail(readInput(file), {
      ...reader,
      async recover(leg, part) {
        const [credential] = reader.credentials;
        if (credential === undefined) return undefined;
        const kemct = await requestRecovery({ native: reader.native, http, url: options.server, now: reader.now, credential }, leg, part);
        return { credential, kemct };
      },
    });
    const { state, code, params, message } = judgement;
    if (state === 'verified' && message !== undefined) {
      await writeStdout(exportMail(message.entity));
      return;
    }
    process.stderr.write(`ssmax: ${sentenceOf(judgement, languageOf(process.env))} (${params?.['recovery'] ?? code})\n`);
    process.exitCode = verdictExitCode([judgement]);
  });
}
