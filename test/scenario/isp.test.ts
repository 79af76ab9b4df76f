/** A provider beside an organisation: its members' mail is inspected only as they say themselves (design §2). */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addonId, Person } from '../../scripts/demo/person.ts';
import type { Place } from '../../scripts/world/chrome-side.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { HINODE, type LocalOrganisation, type LocalWorld, MALWARE_MARKER, NAGISA, PASSPHRASE, startLocalWorld } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { SmtpDialogue } from '../../scripts/world/smtp.ts';
import { runSsmax, ssmax } from '../../scripts/world/ssmax.ts';
import { parseSignedData, verifySignedObject } from '../../src/core/cms/signed-data.ts';
import { OID } from '../../src/core/oids.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import { generatePrivateKey } from '../../src/platform/node-crypto.ts';
import { migrations, type Tables } from '../../src/server/keyserver/tables.ts';
import { openDatabase } from '../../src/server/shared/database.ts';
import { saveKey } from '../../src/server/shared/keystore.ts';
import { consentStatementSchema } from '../../src/wire/consent.ts';
import { decodeJson } from '../../src/wire/json.ts';
import { PastAddOns } from '../e2e/past-add-ons.ts';
import { eventually } from '../eventually.ts';
import { Correspondent } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let local: LocalWorld;
let hinode: LocalOrganisation;
let nagisa: LocalOrganisation;
let taro: Correspondent;
let aoi: Correspondent;
let ren: Correspondent;
let keys: string;

const TARO = { address: 'taro@hinode.example', displayName: '' };
const AOI = { address: 'aoi@nagisa.example', displayName: '' };
const MIO = { address: 'mio@nagisa.example', displayName: '' };
const REN = { address: 'ren@nagisa.example', displayName: '' };

beforeAll(async () => {
  world = await World.open();
  local = await startLocalWorld(world, [HINODE, { ...NAGISA, members: [...NAGISA.members, { user: 'mio', name: '三好 澪' }] }]);
  [hinode, nagisa] = local.organisations as [LocalOrganisation, LocalOrganisation];
  const pkcs8 = generatePrivateKey();
  [taro, aoi, ren] = await Promise.all([
    Correspondent.enrol(local, hinode, 'taro'), Correspondent.enrol(local, nagisa, 'aoi', pkcs8), Correspondent.enrol(local, nagisa, 'ren'),
  ]);
  keys = world.directory('keys');
  await saveKey(join(keys, 'aoi.key'), pkcs8, PASSPHRASE);
  writeFileSync(join(keys, 'aoi.pem'), encodePem('CERTIFICATE', aoi.credential.certificate.der));
  writeFileSync(join(keys, 'web-ca.pem'), local.webCa);
});
afterAll(async () => {
  await world.stop();
});

function options(): string[] {
  return [
    '--server', nagisa.pluginUrl, '--tls-ca', join(keys, 'web-ca.pem'), '--root', join(local.authority.dir, 'root.pem'),
    '--key', join(keys, 'aoi.key'), '--certificate', join(keys, 'aoi.pem'),
  ];
}

/** aoi says something by the command line. */
function consent(...words: string[]): Promise<string> {
  return ssmax(['consent', ...words, ...options()], { passphrase: PASSPHRASE });
}

/** The next mail of a reader, judged: what the leg says of inspection. */
async function inspections(reader: Correspondent): Promise<string[]> {
  const [message] = await reader.receive(1);
  const judgement = await reader.judge(message?.raw ?? new Uint8Array());
  await reader.mailbox().delete();
  expect(judgement).toMatchObject({ state: 'verified', content: 'opened' });
  return judgement.organisations.flatMap((one) => one.inspections.map(({ direction, result }) => `${one.id} ${direction} ${result}`));
}

async function send(from: Correspondent, to: readonly { address: string; displayName: string }[], text = '本文'): Promise<string> {
  const { raw } = await from.seal({ to, subject: 'x', text });
  return (await from.submit(raw, to.map(({ address }) => address))).final.text;
}

describe('a member of a provider', () => {
  it('writes without inspection there; the organisation that receives inspects', async () => {
    expect(await consent('show')).toBe('outbound: not inspected\ninbound: not inspected\n');
    expect(await send(aoi, [TARO], 'これは社外秘です')).toMatch(/^250 /);
    expect(await inspections(taro)).toEqual([`${NAGISA.id} outbound not-inspected`, `${HINODE.id} inbound passed`]);
  });

  it('is inspected when sending, once she consented by her own key', async () => {
    expect(await consent('give', '--direction', 'outbound')).toBe('outbound: inspected\ninbound: not inspected\n');
    expect(await send(aoi, [TARO], 'これは社外秘です')).toMatch(/^550 5\.7\.1 SSMAX-keyword /);
    expect(await send(aoi, [TARO])).toMatch(/^250 /);
    expect(await inspections(taro)).toEqual([`${NAGISA.id} outbound passed`, `${HINODE.id} inbound passed`]);
  });

  it('gets what she likes to get: malware reaches her until she consents to inspection', async () => {
    const marked = { to: [AOI], subject: 'x', attachments: [{ name: 'x.bin', type: 'application/octet-stream', bytes: new TextEncoder().encode(MALWARE_MARKER) }] };
    expect((await taro.submit((await taro.seal(marked)).raw, [AOI.address])).final.text).toMatch(/^250 /);
    expect(await inspections(aoi)).toEqual([`${HINODE.id} outbound passed`, `${NAGISA.id} inbound not-inspected`]);
    await consent('give', '--direction', 'inbound');
    expect((await taro.submit((await taro.seal(marked)).raw, [AOI.address])).final.text).toMatch(/^250 /);
    const [report] = await taro.receive(1);
    expect(Buffer.from(report?.raw ?? []).toString()).toContain('SSMAX-malware');
    await taro.mailbox().delete();
  });

  it('shares no transaction with a member of the other kind: the second is asked to come again', async () => {
    const { dialogue } = await SmtpDialogue.open(nagisa.ports.postfix.arriving);
    await dialogue.command('EHLO outside.example');
    await dialogue.command('MAIL FROM:<x@outside.example>');
    expect((await dialogue.command(`RCPT TO:<${AOI.address}>`)).text).toMatch(/^250 /);
    expect((await dialogue.command(`RCPT TO:<${REN.address}>`)).text).toMatch(/^452 4\.5\.3 SSMAX-consent-mixed /);
    dialogue.close();
    // A real sender's Postfix comes again by itself.
    expect(await send(taro, [AOI, REN])).toMatch(/^250 /);
    expect(await inspections(aoi)).toContain(`${NAGISA.id} inbound passed`);
    expect(await inspections(ren)).toContain(`${NAGISA.id} inbound not-inspected`);
  });

  it('takes it back at any time; the audit chain is whole', async () => {
    expect(await consent('withdraw', '--direction', 'both')).toBe('outbound: not inspected\ninbound: not inspected\n');
    expect(await send(aoi, [TARO], 'これは社外秘です')).toMatch(/^250 /);
    expect(await inspections(taro)).toContain(`${NAGISA.id} outbound not-inspected`);
    expect(await ssmax(['audit', 'verify', '--state', nagisa.state])).toMatch(/^good: /);
  });

  it('has nothing to say at an organisation', async () => {
    const { code, stderr } = await runSsmax(['consent', 'show', ...options().map((word) => (word === nagisa.pluginUrl ? hinode.pluginUrl : word))], { passphrase: PASSPHRASE });
    expect(code).toBe(1);
    expect(stderr).toContain('(request-invalid)');
  });
});

describe('a member of a provider with a real Thunderbird', () => {
  let mio: Person;
  const onPage = (selector: string): Place => ({ page: pages.addon, selector });
  const inspected = (direction: string): Promise<boolean> => mio.desktop.thunderbird.see(onPage(`input[name=${direction}]`)).then(({ checked }) => checked);

  beforeAll(async () => {
    mio = await Person.open(local, nagisa, 'mio', { locale: 'ja', dark: false });
    await mio.enrol(() => Promise.resolve());
  });
  afterAll(() => mio.quit());

  async function settings(): Promise<void> {
    await mio.desktop.thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'options.html'), addonId);
    await mio.desktop.thunderbird.see({ ...onPage('fieldset:not(:disabled) legend'), text: 'mio@nagisa.example' }, 60_000);
  }

  /** By a click; what is shown afterwards is what the provider answered. */
  async function turn(direction: 'outbound' | 'inbound', on: boolean): Promise<void> {
    expect(await inspected(direction)).toBe(!on);
    await mio.desktop.click(onPage(`input[name=${direction}]`));
    await mio.desktop.thunderbird.see({ ...onPage('fieldset [role=status]'), text: '変更しました。次のメールから変わります。' }, 60_000);
    expect(await inspected(direction)).toBe(on);
  }

  it('agrees to the inspection of what she sends by a click, and her next mail is inspected', async () => {
    await mio.write({ to: [TARO.address], subject: '一通目', body: ['これは社外秘です。'] });
    expect(await mio.send(120_000)).toBeUndefined();
    expect(await inspections(taro)).toContain(`${NAGISA.id} outbound not-inspected`);
    await settings();
    expect([await inspected('outbound'), await inspected('inbound')]).toEqual([false, false]);
    await turn('outbound', true);
    await mio.closeTab();
    await mio.write({ to: [TARO.address], subject: '二通目', body: ['これも社外秘です。'] });
    expect((await mio.sendRefused(() => Promise.resolve())).reason).toContain('組織の外に出してはならない言葉');
    await mio.discard();
  });

  it('sees in each mail whether it was inspected when it came, and decides on that too', async () => {
    const passed = async (subject: string, expected: string): Promise<void> => {
      expect((await taro.submit((await taro.seal({ to: [MIO], subject })).raw, [MIO.address])).final.text).toMatch(/^250 /);
      expect((await mio.readMail(subject, 'verified')).banner).toContain(expected);
    };
    await passed('検査前', '受信側：検査なし');
    await settings();
    // As the provider has it, not as this window was left.
    expect(await inspected('outbound')).toBe(true);
    await turn('inbound', true);
    await mio.closeTab();
    await passed('検査後', '受信側：ウイルス検査ずみ');
  });

  it.each([
    ['a read receipt', 'confirm'], ['an answer to an invitation', 'accept'], ['what a filter forwards', 'filterForwards'], ['what a filter answers', 'filterReplies'],
  ] as const)('cannot send %s past the add-on: the gateway refuses it, and nothing of it is kept', async (_, send) => {
    const refusals = (): number => readFileSync(nagisa.servers.gateway.log, 'utf8').split('"not-protected"').length;
    const before = refusals();
    const past = new PastAddOns(mio, mio.mailbox, { from: TARO.address, to: MIO.address });
    const alert = await past[send]();
    // Of a receipt Thunderbird says only that it did not go.
    expect(alert).toContain(send === 'confirm' ? '送信できませんでした' : 'SSMAX-not-protected');
    await eventually('the line in the gateway’s log', () => expect(refusals()).toBe(before + 1));
    expect(await past.nothingKept()).toBe(true);
    expect(await taro.mailbox().list()).toEqual([]);
  });

  it('takes it back by a click; each time the provider has her signed statement', async () => {
    await settings();
    await turn('outbound', false);
    await mio.closeTab();
    await mio.write({ to: [TARO.address], subject: '三通目', body: ['これは社外秘です。'] });
    expect(await mio.send(120_000)).toBeUndefined();
    expect(await inspections(taro)).toContain(`${NAGISA.id} outbound not-inspected`);
    await nagisa.servers.keyServer.stop();
    const store = await openDatabase<Tables>(join(nagisa.state, 'keyserver.sqlite'), migrations);
    const kept = await store.query.selectFrom('consents').select('statement').where('address', '=', MIO.address).orderBy('number').execute();
    const [certificate] = await store.query.selectFrom('certificates').select('der').where('address', '=', MIO.address).execute();
    await store.close();
    const { publicKey } = parseCertificate(certificate?.der ?? new Uint8Array());
    const statements = await Promise.all(kept.map(async ({ statement }) => {
      const signed = parseSignedData(statement);
      await verifySignedObject(signed, { contentType: OID.userRequest, certificate: certificate?.der ?? new Uint8Array(), publicKey });
      return decodeJson(consentStatementSchema, signed.eContent);
    }));
    expect(statements.map(({ outbound, inbound }) => [outbound, inbound])).toEqual([[true, false], [true, true], [false, true]]);
  });
});
