/**
 * `npm run package:server`: dist/ssmax-server-VERSION.tar.gz, all that a Debian machine needs to run the servers and the command
 * line: the built program, the packages that it imports (with theirs, from node_modules, as the lock file has them), units and
 * pages for administrators. `--with-node` puts the Node.js that runs this into it, for systems whose own is older (Debian 12).
 * The same files give the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import manifest from '../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '..');
const lockSchema = z.object({
  packages: z.record(z.string(), z.object({
    dependencies: z.record(z.string(), z.string()).optional(), optionalDependencies: z.record(z.string(), z.string()).optional(),
    peerDependencies: z.record(z.string(), z.string()).optional(),
  })),
});

/** Every program and part of one that was built, as paths below `dist`. */
function programs(dist: string): string[] {
  return ['', 'verbs'].flatMap((directory) => readdirSync(join(dist, directory)).filter((name) => name.endsWith('.mjs')).map((name) => join(directory, name)));
}

/** Packages that the built programs import. */
function imported(dist: string): string[] {
  const files = programs(dist).map((name) => join(dist, name));
  const found = new Set<string>();
  for (const file of files) {
    for (const match of readFileSync(file, 'utf8').matchAll(/(?:^|[;\s])(?:import|export)\b[^'";]*?["']([^"'.][^"']*)["']|\bimport\(\s*["']([^"'.][^"']*)["']/gm)) {
      const name = match[1] ?? match[2] ?? '';
      const parts = name.split('/');
      const wanted = name.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0] ?? '';
      if (!name.startsWith('node:') && !builtinModules.includes(wanted) && existsSync(join(root, 'node_modules', wanted))) found.add(wanted);
    }
  }
  return [...found];
}

/** These and all that they need, as paths below the root, where they are installed. */
function closure(names: readonly string[]): string[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const seen = new Set<string>();
  const visit = (name: string, from: string): void => {
    // As Node looks: beside who asks, then upwards.
    for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      const path = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
      const entry = packages[path];
      if (entry !== undefined && existsSync(join(root, path))) {
        if (seen.has(path)) return;
        seen.add(path);
        for (const next of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies })) visit(next, path);
        return;
      }
      if (at === '') return; // optional, and for another system
    }
  };
  for (const name of names) visit(name, '');
  return [...seen].sort();
}

const withNode = process.argv.includes('--with-node');
const dist = join(root, 'dist');
if (!existsSync(join(dist, 'ssmax.mjs'))) throw new Error('build first: npm run build');
const name = `ssmax-server-${manifest.version}`;
const stage = mkdtempSync(join(tmpdir(), 'ssmax-package-'));
const top = join(stage, 'ssmax');
mkdirSync(join(top, 'bin'), { recursive: true });
for (const path of programs(dist)) cpSync(join(dist, path), join(top, 'dist', path));
for (const data of ['status', 'cmaps']) cpSync(join(dist, data), join(top, 'dist', data), { recursive: true });
for (const path of closure(imported(dist))) {
  cpSync(join(root, path), join(top, path), { recursive: true, dereference: true, filter: (file) => !/\.(?:map|ts|mts|cts)$/.test(file) && !file.slice(join(root, path).length).includes('/node_modules') });
}
for (const kept of ['LICENSE', 'deploy', 'docs']) if (existsSync(join(root, kept))) cpSync(join(root, kept), join(top, kept), { recursive: true, filter: (file) => !file.includes('/docs/images') });
writeFileSync(join(top, 'package.json'), `${JSON.stringify({ name: 'ssmax-server', version: manifest.version, license: manifest.license, type: 'module', engines: manifest.engines }, null, 2)}\n`);
writeFileSync(join(top, 'bin/ssmax'), `#!/bin/sh
# Beside it the Node.js that came along, else the system's.
here=$(dirname "$(readlink -f "$0")")
node=$here/node
[ -x "$node" ] || node=$(command -v node) || { echo "ssmax: Node.js ${manifest.engines.node.replace('>=', '')} or later is needed" >&2; exit 4; }
exec "$node" "$here/../dist/ssmax.mjs" "$@"
`);
chmodSync(join(top, 'bin/ssmax'), 0o755);
if (withNode) {
  cpSync(process.execPath, join(top, 'bin/node'), { dereference: true });
  chmodSync(join(top, 'bin/node'), 0o755);
}
const file = join(dist, `${name}${withNode ? `-${process.platform}-${process.arch}` : ''}.tar.gz`);
const tar = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@1700000000', '--mode=u=rwX,go=rX', '-C', stage, '-cf', '-', 'ssmax'];
const archive = execFileSync('tar', tar, { maxBuffer: 2 ** 30 });
writeFileSync(file, execFileSync('gzip', ['-n', '-6'], { input: archive, maxBuffer: 2 ** 30 }));
rmSync(stage, { recursive: true });
console.log(file.slice(root.length + 1));
