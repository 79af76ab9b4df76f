#!/usr/bin/env node
/** `ssmax`: the four server programs and what administrators, scripts and auditors do. One file per verb. */
import { Command } from 'commander';
import { SsmaxError } from '../core/error.ts';
import { auditCommand } from './audit.ts';
import { authorityCommand } from './authority.ts';
import { gatewayCommand } from './gateway.ts';
import { inspectionCommand } from './inspection.ts';
import { keyServerCommand } from './keyserver.ts';
import { memberCommand } from './member.ts';

const program = new Command('ssmax').description('SSMAX: mail whose sender is authenticated, traceable and inspected');
for (const command of [authorityCommand, keyServerCommand, gatewayCommand, inspectionCommand, memberCommand, auditCommand]) {
  program.addCommand(command());
}

try {
  await program.parseAsync();
} catch (error) {
  const text = error instanceof SsmaxError ? error.message : String(error);
  process.stderr.write(`ssmax: ${text}\n`);
  process.exitCode = 1;
}
