/** Empty Debian machines with their own systemd, in containers on one bridge (systemd-nspawn(1)). */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Block, Release } from './page.ts';

const SUITE: Readonly<Record<Release, string>> = { 12: 'bookworm', 13: 'trixie' };
const unified = existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
const CACHE = '/var/cache/ssmax-rehearsal';
const run = promisify(execFile);

/** Makes the base system of a release, once, with the packages downloaded (not installed) that the page installs. */
export function baseSystem(release: Release, blocks: readonly Block[], say: (line: string) => void): void {
  const place = join(CACHE, SUITE[release]);
  if (existsSync(place)) return;
  say(`making an empty Debian ${release}`);
  mkdirSync(CACHE, { recursive: true, mode: 0o700 });
  const draft = `${place}.draft`;
  execFileSync('debootstrap', ['--variant=minbase', '--include=systemd,systemd-sysv,dbus,iproute2', SUITE[release], draft], { stdio: 'ignore' });
  const wanted = blocks.filter((block) => block.release === undefined || block.release === release)
    .flatMap(({ text }) => [...text.matchAll(/^apt-get install -y --no-install-recommends (.*)$/gm)].flatMap(([, names = '']) => names.split(' ')));
  execFileSync('chroot', [draft, 'apt-get', 'update'], { stdio: 'ignore' });
  execFileSync('chroot', [draft, 'apt-get', 'install', '-d', '-y', '--no-install-recommends', ...new Set(wanted)], { stdio: 'ignore' });
  renameSync(draft, place);
}

export class Network {
  constructor(readonly bridge: string, private readonly address: string) {}

  up(): void {
    this.down();
    for (const args of [['link', 'add', this.bridge, 'type', 'bridge'], ['addr', 'add', this.address, 'dev', this.bridge], ['link', 'set', this.bridge, 'up']]) execFileSync('ip', args);
  }

  down(): void {
    if (existsSync(`/sys/class/net/${this.bridge}`)) execFileSync('ip', ['link', 'del', this.bridge]);
  }
}

export class Machine {
  root = '';
  #nspawn: ChildProcess | undefined;

  constructor(readonly name: string, readonly release: Release, private readonly address: string, private readonly network: Network, private readonly hosts: string) {}

  /** Copies the base system to `root` and boots it. */
  async start(root: string): Promise<void> {
    this.root = root;
    execFileSync('cp', ['-a', '--reflink=auto', join(CACHE, SUITE[this.release]), root]);
    this.write('/etc/hosts', this.hosts);
    this.write('/etc/hostname', `${this.name}\n`);
    const log = openSync(`${root}.log`, 'w', 0o600);
    // A control group for each, else their systemds would share one; Debian 13's takes the unified hierarchy only.
    const group = join(unified, `ssmax-rehearsal-${this.name}`);
    mkdirSync(group, { recursive: true });
    this.#nspawn = spawn('/bin/sh', ['-c', 'echo $$ >"$0/cgroup.procs" && exec systemd-nspawn "$@"', group,
      '-D', root, '--boot', '--register=no', '--keep-unit', '--resolv-conf=off', '--machine', this.name, `--network-bridge=${this.network.bridge}`,
    ], { stdio: ['ignore', log, log], env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' } });
    closeSync(log);
    await this.#until(async () => this.#leader() > 0 && (await this.run('systemctl is-system-running || true').catch(() => '')).match(/running|degraded/) !== null);
    await this.run(`ip addr add ${this.address} dev host0 && ip link set host0 up`);
  }

  /** The machine's first process; 0 before there is one. It is not the first child that systemd-nspawn has. */
  #leader(): number {
    const pid = this.#nspawn?.pid ?? 0;
    const children = `/proc/${pid}/task/${pid}/children`;
    return existsSync(children) ? Number(readFileSync(children, 'utf8').trim().split(' ').at(-1) ?? 0) : 0;
  }

  async #until(done: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 120_000;
    while (!(await done())) {
      if (Date.now() > deadline || this.#nspawn?.exitCode !== null) throw new Error(`${this.name} does not get ready: ${readFileSync(`${this.root}.log`, 'utf8').slice(-500)}`);
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    }
  }

  /** Runs a script as root, ending at the first command that fails; gives what it printed. */
  async run(script: string): Promise<string> {
    const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
    try {
      const { stdout } = await run('nsenter', ['-t', String(this.#leader()), '-m', '-u', '-i', '-n', '-p', '-r', '-w', '--', '/bin/bash', '--norc', '-euc', `cd /root\n${script}`], { env: environment, maxBuffer: 2 ** 26 });
      return stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${this.name}: ${script}\n${stdout.slice(-2000)}${stderr.slice(-3000)}`, { cause: error });
    }
  }

  /** Waits until a unit's server says in the journal that it serves. */
  async ready(unit: string): Promise<void> {
    await this.#until(async () => (await this.run(`journalctl -u ${unit} -o cat`)).includes('"event":"ready"'));
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), 'utf8');
  }

  write(file: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.root, file)), { recursive: true });
    writeFileSync(join(this.root, file), text);
    chmodSync(join(this.root, file), mode);
  }

  /** As if its plug were pulled: systemd-nspawn then puts away what it made. */
  async stop(): Promise<void> {
    const nspawn = this.#nspawn;
    if (nspawn === undefined || nspawn.exitCode !== null) return;
    const ended = new Promise((resolve) => nspawn.once('exit', resolve));
    const leader = this.#leader();
    if (leader > 0) process.kill(leader, 'SIGKILL');
    else nspawn.kill('SIGTERM');
    await ended;
  }
}
