/**
 * A private clamd with a signature database of one line, for tests and the demo: no freshclam, no network. What it
 * unpacks lies in memory only (tmpfs), in a directory that nobody else may enter.
 */
import { existsSync, readFileSync, copyFileSync, chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { utf8, hex } from '../../src/core/bytes.ts';
import { makeDirectory, pathsBelow, writeFile } from './files.ts';
import { isRoot } from './packages.ts';
import type { Running, World } from './process.ts';
import { accepts } from './wait.ts';

export interface ClamdOptions {
  /** Text that is found as `Demo.Malware.Test-1.UNOFFICIAL` wherever clamd looks into; at least 8 characters. */
  readonly marker: string;
}

export interface Clamd extends Running {
  /** Unix socket that speaks clamd's protocol (INSTREAM), clamd(8). Only this user may connect. */
  readonly socket: string;
  readonly temporaryDirectory: string;
  /** Paths, relative to the temporary directory, of all that is in it: nothing, unless a scan is going on. */
  leftovers(): string[];
}

/** Starts it and waits until it takes connections; what a killed one left in memory goes first. Throws what `World.start` throws. */
export async function startClamd(world: World, { marker }: ClamdOptions): Promise<Clamd> {
  const dir = world.directory('clamd');
  const database = join(dir, 'database');
  rmSync(world.memoryDirectory('clamd'), { recursive: true });
  const temporaryDirectory = world.memoryDirectory('clamd');
  const socket = join(dir, 'clamd.socket');
  const file = join(dir, 'clamd.conf');
  makeDirectory(database, 0o755);
  writeFile(join(database, 'demo.ndb'), `Demo.Malware.Test-1:0:*:${hex(utf8(marker))}\n`, 0o644);
  writeFile(file, `
Foreground yes
DatabaseDirectory ${database}
TemporaryDirectory ${temporaryDirectory}
LocalSocket ${socket}
LocalSocketMode 600
StreamMaxLength 64M
MaxScanSize 200M
MaxFileSize 100M
SelfCheck 0
AlertEncryptedArchive yes
AlertExceedsMax yes
${isRoot() ? 'User clamav\n' : ''}`.trimStart(), 0o644);
  const running = await world.start({
    name: 'clamd',
    command: '/bin/sh',
    args: ['-c', `${isRoot() ? 'chown clamav "$1" "$2" && ' : ''}exec "$3" -c "$4"`, 'clamd', dir, temporaryDirectory, clamdProgram(dir), file],
    cwd: dir,
    ready: () => accepts(socket),
  });
  return {
    ...running,
    socket,
    temporaryDirectory,
    leftovers: () => pathsBelow(temporaryDirectory),
  };
}

/**
 * Debian's AppArmor profile goes by the program's path and allows the system's own directories only. Where AppArmor
 * is on, a copy runs.
 */
function clamdProgram(dir: string): string {
  const installed = '/usr/sbin/clamd';
  const enabled = '/sys/module/apparmor/parameters/enabled';
  if (!existsSync(enabled) || !readFileSync(enabled, 'latin1').startsWith('Y')) return installed;
  const copy = join(dir, 'clamd');
  copyFileSync(installed, copy);
  chmodSync(copy, 0o755);
  return copy;
}
