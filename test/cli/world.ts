/** A directory as a member's scripts have it: keys, trust material, mails at every hop, and `ssmax` itself, built. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import { writePkcs12 } from '../../src/core/pki/pkcs12.ts';
import { relay } from '../../src/flow/relay.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { sealMail, sealMixed } from '../../src/flow/seal.ts';
import { buildInner, buildMixed } from '../../src/mail/build.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { clearSigned } from '../../src/mail/clear-signed.ts';
import { generatePrivateKey } from '../../src/platform/node-crypto.ts';
import { saveKey } from '../../src/server/shared/keystore.ts';
import { allowOutside } from '../security/outside.ts';
import { startMemberServer } from './member-server.ts';
import { writeSmime } from './smime.ts';
import { createWorld, native, type TestOrganisation, type TestWorld } from '../flow/world.ts';

const PASSPHRASE = 'correct horse';

export interface CliWorld {
  readonly directory: string;
  readonly world: TestWorld;
  readonly hinode: TestOrganisation;
  readonly tsukimi: TestOrganisation;
  /** For the commands: `ssmax` in PATH, the members' server in SERVER. */
  readonly environment: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

/** Builds the program into node_modules, from where it finds its packages. */
async function program(): Promise<string> {
  const bin = join(process.cwd(), 'node_modules', '.cache', `ssmax-cli-${process.pid}`);
  await build({ mode: 'server', logLevel: 'error', build: { outDir: bin } });
  const script = join(bin, 'ssmax');
  writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' '${join(bin, 'ssmax.mjs')}' "$@"\n`);
  chmodSync(script, 0o755);
  return bin;
}

export async function createCliWorld(): Promise<CliWorld> {
  const world = await createWorld(new Date());
  const hinode = await world.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  const tsukimi = await world.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'ssmax-cli-')));
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(directory, name), content);
  write('pass', `${PASSPHRASE}\n`);
  write('wrong-pass', 'wrong\n');
  for (const [organisation, name, commonName] of [[hinode, 'taro', '山田 太郎'], [hinode, 'ken', '高橋 健'], [tsukimi, 'hanako', '佐藤 花子'], [tsukimi, 'jiro', '佐藤 次郎']] as const) {
    await member(organisation, name, commonName);
  }
  const serial = hinode.users.get('ken@hinode.example')?.certificate.serial ?? '';
  hinode.revoked.push({ serial, date: new Date(world.now.getTime() - 60_000), reason: 'cessationOfOperation' });
  await writeTrust('trust');
  writeFileSync(join(directory, 'trust', 'README'), 'not ours\n');
  mkdirSync(join(directory, 'trust-without-crl'));
  await writeTrust('trust-without-crl', []);
  mkdirSync(join(directory, 'trust-forged'));
  await writeTrust('trust-forged');
  write('trust-forged/root.pem', encodePem('CERTIFICATE', (await createWorld(new Date())).root.der));
  await writeHops();
  writeSmime(directory);
  write('wrong-code', 'AAAA-BBBB-CCCC\n');
  const server = await startMemberServer(world, hinode, directory);
  const bin = await program();
  return {
    directory, world, hinode, tsukimi,
    environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, LANG: 'C.UTF-8', HOME: directory, SERVER: server.url },
    async end() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
      rmSync(bin, { recursive: true, force: true });
    },
  };

  async function member(organisation: TestOrganisation, name: string, commonName: string): Promise<void> {
    const pkcs8 = generatePrivateKey();
    const [domain = ''] = organisation.entry.domains;
    const { certificate } = await world.addUser(organisation, `${name}@${domain}`, commonName, false, pkcs8);
    await saveKey(join(directory, `${name}.key`), pkcs8, PASSPHRASE);
    write(`${name}.pem`, encodePem('CERTIFICATE', certificate.der));
    if (name === 'hanako') {
      write(`${name}.p12`, await writePkcs12({
        wrap: async (key, iv) => crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, pkcs8),
        certificate: certificate.der, chain: [organisation.issuer.certificate.der], friendlyName: commonName, password: PASSPHRASE, random: (length) => native.random(length),
      }));
    }
  }

  async function writeTrust(name: string, crls?: readonly Bytes[]): Promise<void> {
    const material = await world.material();
    mkdirSync(join(directory, name), { recursive: true });
    write(`${name}/root.pem`, encodePem('CERTIFICATE', material.root));
    mkdirSync(join(directory, name, 'files'), { recursive: true });
    for (const [file, bytes] of await world.publish()) write(`${name}/${file}`, bytes);
    for (const [i, crl] of (crls ?? material.crls).entries()) write(`${name}/${i}.crl`, crl);
  }

  async function writeHops(): Promise<void> {
    const taro = hinode.users.get('taro@hinode.example');
    if (taro === undefined) throw new Error('no taro');
    const to = ['hanako@tsukimi.example'];
    const entity = buildInner({
      from: { address: 'taro@hinode.example', displayName: '山田 太郎' }, to: [{ address: 'hanako@tsukimi.example', displayName: '' }], subject: '見積書の件', date: world.now,
      text: 'こんにちは\n', attachments: [{ name: '見積書.bin', type: 'application/octet-stream', bytes: native.random(3000) }],
    }, (length) => native.random(length));
    const { cms } = await sealMail(native, {
      entity, recipients: to, hidden: [], sender: taro, organisation: hinode.issuer.certificate, signingTime: world.now,
    });
    const leg1 = carrier(cms);
    write('leg1.eml', leg1);
    const arrival = { recipients: to, from: 'taro@hinode.example', visible: to };
    const leg2 = only(await relay(hinode.parts, 'submission', { ...arrival, cms }));
    write('leg2.eml', carrier(leg2));
    const leg3 = only(await relay(tsukimi.parts, 'arriving', { ...arrival, cms: leg2 }));
    write('leg3.eml', carrier(leg3));
    write('other-subject.eml', carrier(leg3, 'Urgent'));
    const altered = leg3.slice();
    altered[altered.length >> 1]! ^= 1;
    write('altered.eml', carrier(altered));
    write('outside.eml', 'From: someone@outside.example\r\nTo: hanako@tsukimi.example\r\nSubject: hi\r\n\r\nhello\r\n');
    const { clear, cms: signature } = await noticeOutside(taro);
    const fields = utf8('From: taro@hinode.example\r\nTo: mika@outside.example\r\nSubject: Notice\r\n\r\n');
    const notice = mailBytes(clearSigned(fields, clear, signature, '=_0123456789abcdef0123456789abcdef'));
    write('notice.eml', notice);
    write('notice-altered.eml', new TextDecoder().decode(notice).replace('hall A', 'hall B'));
    write('forged.eml', 'From: taro@hinode.example\r\nTo: hanako@tsukimi.example\r\nSubject: hi\r\n\r\nhello\r\n');
  }

  /** A mail to somebody outside SSMAX, signed only. */
  async function noticeOutside(taro: Credential): Promise<{ clear: Bytes; cms: Bytes }> {
    allowOutside(hinode, ['outside.example'], world.now);
    const to = ['mika@outside.example'];
    const mail = buildMixed('sign-only', {
      from: { address: 'taro@hinode.example', displayName: '' }, to: [{ address: 'mika@outside.example', displayName: '' }], subject: 'Notice', date: world.now, text: 'We meet in hall A.\n', transport: '7bit',
    }, (length) => native.random(length));
    const { cms } = await sealMixed(native, { mode: 'sign-only', mail, recipients: to, hidden: [], sender: taro, organisation: hinode.issuer.certificate, signingTime: world.now });
    const { departures: [departure] } = await relay(hinode.parts, 'submission', { cms, recipients: to, from: 'taro@hinode.example', visible: to });
    if (departure?.clear === undefined) throw new Error('it does not go outside');
    return { clear: departure.clear, cms: departure.cms };
  }

  function carrier(cms: Bytes, subject = '=?utf-8?B?6KaL56mN5pu444Gu5Lu2?='): Bytes {
    return mailBytes(buildCarrier([['From', 'taro@hinode.example'], ['To', 'hanako@tsukimi.example'], ['Subject', subject]], cms));
  }
}

export function only(relayed: { departures: readonly { cms: Bytes }[] }): Bytes {
  const [departure, ...others] = relayed.departures;
  if (departure === undefined || others.length > 0) throw new Error('not exactly one departure');
  return departure.cms;
}
