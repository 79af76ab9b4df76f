/**
 * `npm run rehearsal`: goes docs/admin/installation.md through, block by block, on machines that were empty before: two of
 * Debian 12 become hinode.example, two of Debian 13 tsukimi.example, each pair with its own systemd, Postfix, Dovecot and
 * clamd; a fifth is the Authority. A sealed mail then goes each way and must be verified. Needs root, debootstrap and
 * systemd-container (systemd-nspawn); the base systems are kept in /var/cache/ssmax-rehearsal. Exit code 0 only if all held.
 *
 * What the page leaves to people is done here: passphrases are typed, files carried, hashes read out, names resolved.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import { Machine, Network, baseSystem } from './rehearsal/machine.ts';
import { type Block, type Release, blocksOf } from './rehearsal/page.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/admin/installation.md'), 'utf8');
const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const NET = '10.87.0';
const AUTHORITY = `${NET}.20`;

interface Organisation {
  readonly name: string;
  readonly legalName: string;
  readonly english: string;
  readonly id: string;
  readonly release: Release;
  readonly net: number;
  readonly user: string;
}
const organisations: readonly Organisation[] = [
  { name: 'hinode', legalName: '日之出市役所', english: 'Hinode City Office', id: 'NTRJP-1000020123456', release: '12', net: 0, user: 'taro' },
  { name: 'tsukimi', legalName: '月見製作所', english: 'Tsukimi Works', id: 'NTRJP-1000020654321', release: '13', net: 10, user: 'hanako' },
];
const PASSPHRASE = 'a rehearsal only';

const network = new Network('ssmaxreh', `${NET}.1/24`);
const machines: Machine[] = [];
const hosts = ['127.0.0.1 localhost', `${AUTHORITY} authority.example`, ...organisations.flatMap(({ name, net }) => [
  `${NET}.${net + 2} keyserver.${name}.example`,
  `${NET}.${net + 3} gateway.${name}.example inspection.${name}.example mail.${name}.example ${name}.example`,
])].join('\n');

function machine(name: string, release: Release, address: string): Machine {
  const made = new Machine(name, release, `${address}/24`, network, `${hosts}\n${address} ${name}\n`);
  machines.push(made);
  return made;
}

/** A certificate for HTTPS of an authority that this rehearsal makes, as a public one would give. */
function webCertificates(directory: string): void {
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' }); };
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'web-ca.pem', '-subj', '/CN=Rehearsal web CA', '-days', '30');
  for (const { name } of organisations) {
    const host = `keyserver.${name}.example`;
    writeFileSync(join(directory, 'ext'), `subjectAltName=DNS:${host}\n`);
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${host}`);
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'web-ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.pem`, '-days', '30', '-extfile', 'ext');
  }
}

const spki = (output: string): string => /spki ([0-9a-f]{64})/.exec(output)?.[1] ?? '';

/** One organisation's way through the page. */
class Walk {
  readonly keys: Machine;
  readonly mail: Machine;
  readonly values = new Map<string, string>();
  readonly #blocks: Block[];

  constructor(readonly organisation: Organisation) {
    const { name, release, net } = organisation;
    this.keys = machine(`${name}-keys`, release, `${NET}.${net + 2}`);
    this.mail = machine(`${name}-mail`, release, `${NET}.${net + 3}`);
    this.#blocks = blocksOf(page).filter((block) => block.release === undefined || block.release === release);
  }

  /** The page speaks of hinode.example, 10.0.0.x and of hashes that it cannot know. */
  #ours(text: string): string {
    const { name, legalName, net, user } = this.organisation;
    let out = text.replaceAll('hinode', name).replaceAll('日之出市役所', legalName).replaceAll('taro', user)
      .replace(/10\.0\.0\.(\d+)/g, (_, last: string) => `${NET}.${net + Number(last)}`);
    for (const [from, to] of this.values) out = out.replaceAll(from, to);
    return out;
  }

  /** Goes on through the blocks until one holds `until` (which is run too), and gives what they printed. */
  async go(until: string): Promise<string> {
    const printed: string[] = [];
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      const { keys, mail } = this;
      for (const at of block.machine === 'both' ? [keys, mail] : [block.machine === 'keys' ? keys : mail]) {
        say(`${at.name}: ${block.file ?? block.text.split('\n')[0] ?? ''}`);
        if (block.file !== undefined) this.#write(at, block.file, this.#ours(block.text));
        else printed.push(await at.run(this.#ours(block.text).replace(/^(ssmax (keyserver|gateway|inspection) init .*)$/gm, '$1 --passphrase-fd 3 3</etc/ssmax/$2.passphrase')));
      }
      const units = (/^systemctl enable --now (.*)$/m.exec(block.text)?.[1] ?? '').split(' ').filter((unit) => unit !== '');
      for (const unit of units) await (block.machine === 'keys' ? this.keys : this.mail).ready(unit);
      if (block.text.includes(until)) return printed.join('\n');
    }
    throw new Error(`the page has no block with ${until}`);
  }

  #write(at: Machine, file: string, text: string): void {
    if (file.endsWith('/main.cf')) {
      const names = new Set<string | undefined>([...text.matchAll(/^(\w+) =/gm)].map(([, name]) => name));
      const rest = at.read(file).split('\n').filter((line) => !names.has(/^(\w+) ?=/.exec(line)?.[1] ?? ''));
      // No name server here: the addresses of domains are those of /etc/hosts.
      at.write(file, [...rest, text, 'smtp_dns_support_level = disabled', 'smtp_host_lookup = native'].join('\n'));
    } else if (file.endsWith('/master.cf')) {
      at.write(file, at.read(file).replace(/^smtp +inet .*$/m, () => text.trimEnd()));
    } else at.write(file, text);
  }
}

async function main(work: string): Promise<void> {
  say('packing');
  const bundle = (args: readonly string[]): string => join(root, execFileSync('npm', ['run', '--silent', 'package:server', '--', ...args], { cwd: root, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '');
  const packages: Record<Release, string> = { 12: bundle(['--with-node']), 13: bundle([]) };
  webCertificates(work);
  for (const release of ['12', '13'] as const) baseSystem(release, blocksOf(page), say);
  const authority = machine('authority', '13', AUTHORITY);
  const walks = organisations.map((organisation) => new Walk(organisation));
  const carry = (from: Machine, file: string, to: readonly Machine[], as = file): void => { for (const one of to) one.write(as, from.read(file)); };
  for (const one of machines) {
    await one.start(join(work, one.name));
    cpSync(packages[one.release], join(one.root, 'root', packages[one.release].split('/').at(-1) ?? ''));
    one.write('/etc/ssmax/web-ca.pem', readFileSync(join(work, 'web-ca.pem'), 'utf8'));
    for (const name of ['authority', 'keyserver', 'gateway', 'inspection']) one.write(`/etc/ssmax/${name}.passphrase`, `${PASSPHRASE}\n`, 0o600);
  }

  // The Authority, as in docs/running.md.
  await authority.run('apt-get install -y --no-install-recommends nodejs ca-certificates adduser');
  await authority.run('mkdir -p /opt/ssmax && tar -C /opt/ssmax --strip-components=1 -xzf /root/ssmax-server-*.tar.gz && ln -s /opt/ssmax/bin/ssmax /usr/local/bin/ssmax && cp /opt/ssmax/deploy/systemd/ssmax-authority.service /etc/systemd/system/ && adduser --system --group --no-create-home ssmax-authority && systemctl daemon-reload');
  const authoritySpki = spki(await authority.run('ssmax authority init --dir /etc/ssmax --name "SSMAX管理組織" --passphrase-fd 3 3</etc/ssmax/authority.passphrase && chown ssmax-authority: /etc/ssmax/delegate.key'));
  authority.write('/etc/ssmax/authority.yaml', `state: /var/lib/ssmax-authority\ndatabase: /var/lib/ssmax-authority/authority.sqlite\nroot: root.pem\ndelegateKey: delegate.key\ndelegateCertificate: delegate.pem\nlisten: 0.0.0.0:8440\n`);
  await authority.run('systemctl enable --now ssmax-authority');
  await authority.ready('ssmax-authority');

  for (const walk of walks) {
    const { organisation: { name, legalName, english, id }, keys, mail, values } = walk;
    values.set('AUTHORITY-SPKI', authoritySpki);
    values.set('KEYSERVER-SPKI', spki(await walk.go('ssmax keyserver init')));
    const printed = await walk.go('ssmax inspection init');
    values.set('GATEWAY-SPKI', spki(printed));
    values.set('INSPECTION-SPKI', spki(printed.slice(printed.indexOf('spki') + 70)));
    carry(keys, '/etc/ssmax/organisation.csr', [authority], `/etc/ssmax/${name}.csr`);
    const hash = (which: string): string => values.get(`${which}-SPKI`) ?? '';
    await authority.run(`cd /etc/ssmax && ssmax authority certify --state /var/lib/ssmax-authority --root root.pem --root-key root.key --csr ${name}.csr --id ${id} --name-ja ${legalName} --name-en "${english}" --domain ${name}.example --host-name ${name}.example --always-signed ${name}.example --vetted 2026-10-01 --gateway-spki ${hash('GATEWAY')} --inspection-spki ${hash('INSPECTION')} --key-server-spki ${hash('KEYSERVER')} --out ${name}.pem --passphrase-fd 3 3<authority.passphrase`);
    carry(authority, `/etc/ssmax/${name}.pem`, [keys, mail], '/etc/ssmax/organisation.pem');
    carry(authority, '/etc/ssmax/root.pem', [keys, mail]);
    for (const [end, mode] of [['pem', 0o644], ['key', 0o600]] as const) keys.write(`/etc/ssmax/web.${end}`, readFileSync(join(work, `${name}.${end}`), 'utf8'), mode);
    carry(mail, '/etc/ssmax/gateway.csr', [keys]);
    carry(mail, '/etc/ssmax/inspection.csr', [keys]);
    await walk.go('ssmax keyserver certify');
    for (const which of ['gateway', 'inspection']) carry(keys, `/etc/ssmax/${which}.pem`, [mail]);
    // Signatures come from the net otherwise; clamd's unit waits for those of its makers.
    mail.write('/etc/systemd/system/clamav-daemon.service.d/rehearsal.conf', '[Unit]\nConditionPathExistsGlob=\n');
    mail.write('/var/lib/clamav/rehearsal.ndb', 'Rehearsal.Test:0:*:72656865617273616c2d76697275732d74657374\n');
    await walk.go('ssmax-inspection ssmax-gateway');
    await walk.go('install -d -o vmail');
    mail.write('/etc/dovecot/users', `${walk.organisation.user}@${name}.example:${(await mail.run(`doveadm pw -s BLF-CRYPT -p '${PASSPHRASE}'`)).trim()}\n`);
    await walk.go('systemctl restart dovecot');
  }
  for (const walk of walks) {
    say(await walk.go('ssmax doctor --inspection'));
    const code = (await walk.go('ssmax member code')).match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b/g)?.at(-1) ?? '';
    const { organisation: { name, user }, keys } = walk;
    keys.write('/root/code', `${code}\n`, 0o600);
    await keys.run(`cd /root && ssmax enrol --server https://keyserver.${name}.example --tls-ca /etc/ssmax/web-ca.pem --address ${user}@${name}.example --root /etc/ssmax/root.pem --key me.key --certificate me.pem --code-fd 4 --passphrase-fd 3 3</etc/ssmax/keyserver.passphrase 4<code`);
    // The other organisation joined a moment ago.
    await keys.run('ssmax keyserver refresh --state /var/lib/ssmax-keyserver');
    await keys.run(`cd /root && ssmax trust fetch --server https://keyserver.${name}.example --tls-ca /etc/ssmax/web-ca.pem --root /etc/ssmax/root.pem --out trust`);
  }
  const [first, second] = walks;
  if (first === undefined || second === undefined) throw new Error('two organisations are needed');
  await send(first, second);
  await send(second, first);
}

/** Writes, seals, submits with password over TLS, waits for the mail in the other's mailbox, and opens it there. */
async function send(from: Walk, to: Walk): Promise<void> {
  const address = (walk: Walk): string => `${walk.organisation.user}@${walk.organisation.name}.example`;
  const subject = `リハーサル ${from.organisation.name}`;
  from.keys.write('/root/mail', `From: ${address(from)}\nTo: ${address(to)}\nSubject: =?utf-8?B?${Buffer.from(subject).toString('base64')}?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n最初のメールです。\n`);
  await from.keys.run('cd /root && ssmax seal --key me.key --certificate me.pem --trust trust --passphrase-fd 3 <mail >sealed 3</etc/ssmax/keyserver.passphrase');
  const transport = nodemailer.createTransport({
    host: `${NET}.${from.organisation.net + 3}`, port: 587, requireTLS: true, tls: { rejectUnauthorized: false }, auth: { user: address(from), pass: PASSPHRASE },
  });
  await transport.sendMail({ envelope: { from: address(from), to: [address(to)] }, raw: from.keys.read('/root/sealed') });
  transport.close();
  const inbox = join(to.mail.root, 'var/mail', `${to.organisation.name}.example`, to.organisation.user, 'Maildir/new');
  const deadline = Date.now() + 120_000;
  while (!existsSync(inbox) || readdirSync(inbox).length === 0) {
    if (Date.now() > deadline) throw new Error(`no mail arrived at ${to.organisation.name}: ${await from.mail.run('postqueue -p; journalctl -u postfix@- -u postfix -n 30 -o cat')}`);
    await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
  to.keys.write('/root/received', readFileSync(join(inbox, readdirSync(inbox)[0] ?? ''), 'utf8'));
  say(await to.keys.run('cd /root && ssmax verify --trust trust --key me.key --certificate me.pem --passphrase-fd 3 received 3</etc/ssmax/keyserver.passphrase && ssmax open --key me.key --certificate me.pem --trust trust --passphrase-fd 3 <received 3</etc/ssmax/keyserver.passphrase'));
}

const work = '/var/tmp/ssmax-rehearsal';
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true, mode: 0o700 });
let held = false;
try {
  network.up();
  await main(work);
  held = true;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
} finally {
  for (const one of machines) await one.stop();
  network.down();
}
if (held) rmSync(work, { recursive: true, force: true });
say(held ? 'the page holds: a verified mail each way' : `the page does not hold; the machines' files are in ${work}`);
process.exit(held ? 0 : 1);
