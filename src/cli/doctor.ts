/** `ssmax doctor`: names each misconfiguration of this machine's servers and its remedy (docs/admin/doctor.md). */
import { Command } from 'commander';
import { SsmaxError } from '../core/error.ts';
import { checkClock } from './doctor/network.ts';
import type { Finding } from './doctor/finding.ts';
import { checkAuthority, checkGateway, checkInspectionServer, checkKeyServer } from './doctor/servers.ts';
import { explain } from './explain.ts';

interface DoctorOptions {
  readonly gateway?: string;
  readonly postfix?: string;
  readonly keyserver?: string;
  readonly inspection?: string;
  readonly clamd?: string;
  readonly authority?: string;
  readonly json?: true;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('name each misconfiguration and its remedy; exit 0 if there is none, 1 if there is an error (warnings aside)')
    .option('--gateway <file>', 'gateway.yaml')
    .option('--postfix <directory>', 'of Postfix behind that gateway, such as /etc/postfix')
    .option('--keyserver <file>', 'keyserver.yaml')
    .option('--inspection <file>', 'inspection.yaml')
    .option('--clamd <file>', 'clamd.conf behind that inspection server')
    .option('--authority <file>', 'authority.yaml')
    .option('--json', 'findings as JSON')
    .action(async (options: DoctorOptions, command: Command) => {
      const now = new Date();
      const { gateway, keyserver, inspection, authority } = options;
      const checks: Promise<Finding[]>[] = [];
      if (gateway !== undefined) checks.push(tolerant(() => checkGateway(gateway, now, options.postfix)));
      if (keyserver !== undefined) checks.push(tolerant(() => checkKeyServer(keyserver, now, process.env)));
      if (inspection !== undefined) checks.push(tolerant(() => checkInspectionServer(inspection, now, options.clamd)));
      if (authority !== undefined) checks.push(tolerant(() => checkAuthority(authority, now, process.env)));
      if (checks.length === 0) command.error('name one configuration at least, such as --gateway /etc/ssmax/gateway.yaml');
      const found = (await Promise.all([...checks, checkClock()])).flat();
      process.stdout.write(options.json === true ? `${JSON.stringify(found, null, 2)}\n` : text(found));
      if (found.some(({ level }) => level === 'error')) process.exitCode = 1;
    });
}

/** What makes a configuration unreadable is a finding like the others. */
async function tolerant(check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof SsmaxError)) throw error;
    const [sentence = '', ...remedy] = explain(error).replace(/ \([a-z0-9-]+\)$/, '').split(/: (?=[^:]*$)/);
    return [{ code: error.code, level: 'error', sentence, remedy: remedy.join(': ') }];
  }
}

function text(found: readonly Finding[]): string {
  if (found.length === 0) return 'ok: nothing found\n';
  return found.map(({ level, sentence, remedy, code }) => `${level}: ${sentence} (${code})\n  remedy: ${remedy}\n`).join('');
}
