#!/usr/bin/env node
/**
 * `ssmax`: one verb, one file. Exit codes: 0 done (and for verdicts: all good), 1 refused, 2 wrong usage, 3 something needed is
 * not available now, 4 a fault here or in the configuration; verdicts have two of their own (verify.ts).
 */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { SsmaxError } from '../core/error.ts';
import { explain } from './explain.ts';

/** Each with what it needs, loaded when it is called: a verdict needs no database. @internal for scripts/verbs.ts */
export const verbs: Readonly<Record<string, () => Promise<Command>>> = {
  authority: async () => (await import('./authority.ts')).authorityCommand(),
  keyserver: async () => (await import('./keyserver.ts')).keyServerCommand(),
  gateway: async () => (await import('./gateway.ts')).gatewayCommand(),
  inspection: async () => (await import('./inspection.ts')).inspectionCommand(),
  policy: async () => (await import('./policy.ts')).policyCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  member: async () => (await import('./member.ts')).memberCommand(),
  admin: async () => (await import('./administrator.ts')).administratorCommand(),
  approve: async () => (await import('./approve.ts')).approveCommand(),
  list: async () => (await import('./list.ts')).listCommand(),
  recovery: async () => (await import('./recovery.ts')).recoveryCommand(),
  renew: async () => (await import('./renew.ts')).renewCommand(),
  recover: async () => (await import('./recover.ts')).recoverCommand(),
  report: async () => (await import('./report.ts')).reportCommand(),
  abuse: async () => (await import('./abuse.ts')).abuseCommand(),
  trace: async () => (await import('./trace.ts')).traceCommand(),
  audit: async () => (await import('./audit.ts')).auditCommand(),
  backup: async () => (await import('./backup.ts')).backupCommand(),
  doctor: async () => (await import('./doctor.ts')).doctorCommand(),
  stage: async () => (await import('./stage.ts')).stageCommand(),
  enrol: async () => (await import('./enrol.ts')).enrolCommand(),
  consent: async () => (await import('./consent.ts')).consentCommand(),
  trust: async () => (await import('./trust.ts')).trustCommand(),
  verify: async () => (await import('./verify.ts')).verifyCommand(),
  seal: async () => (await import('./seal.ts')).sealCommand(),
  forward: async () => (await import('./forward.ts')).forwardCommand(),
  open: async () => (await import('./open.ts')).openCommand(),
};

const exitCodes = { refused: 1, 'not-for-me': 1, unavailable: 3, fault: 4 } as const;

/** Runs one command line; gives the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const program = new Command('ssmax')
    .description('Mail whose sender is authenticated and traceable, and whose content only those concerned can read')
    .version(manifest.version)
    .showHelpAfterError('(ssmax … --help shows what is possible)')
    .exitOverride();
  const [first = ''] = words;
  // Help, and what is said about a word that is no verb, take them all.
  const called = Object.hasOwn(verbs, first) ? [verbs[first]] : Object.values(verbs);
  for (const verb of called) if (verb !== undefined) program.addCommand(inheriting(await verb()));
  try {
    await program.parseAsync([...words], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`ssmax: ${explain(error)}\n`);
    return error instanceof SsmaxError ? exitCodes[error.kind] : exitCodes.fault;
  }
}

/** Commander's sub-commands would end the process by themselves. */
function inheriting(command: Command): Command {
  command.exitOverride().showHelpAfterError('(--help shows what is possible)');
  command.commands.forEach(inheriting);
  return command;
}

/** True when started as the program, by its own name or through a link in a bin directory. */
function isProgram(): boolean {
  const [, script] = process.argv;
  return script !== undefined && pathToFileURL(realpathSync(script)).href === import.meta.url;
}

if (isProgram()) {
  const code = await main(process.argv.slice(2));
  // Parts of a server that had started must not keep the process alive. With 0, servers go on running, and a verb may have set
  // a code of its own, as `verify` does.
  if (code !== 0) process.exit(code);
}
