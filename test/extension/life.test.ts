/** A member's key in the course of time, against the key server's own code: renewal unseen, old mail after a lost key, reading without a connection. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enrol, type FreshKeys } from '../../extension/member/enrol.ts';
import { readMail } from '../../extension/member/read.ts';
import { renewCertificates } from '../../extension/member/renewal.ts';
import { sealDraft } from '../../extension/member/seal.ts';
import { viewOf } from '../../extension/ui/verdict.ts';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { encodeCertsOnly } from '../../src/core/pki/certs-only.ts';
import { parseCsr } from '../../src/core/pki/csr.ts';
import { lockWebKey } from '../../src/platform/web.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import { relay } from '../../src/flow/relay.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { fromBase64, toBase64 } from '../../src/wire/json.ts';
import { createWorld, type TestOrganisation, type TestWorld } from '../flow/world.ts';
import { createLifeWorld, type LifeWorld } from '../server/keyserver/life-world.ts';
import { createTestMember, type TestMember } from './member-world.ts';
import { wordsOf } from './words.ts';

const TARO = 'taro@hinode.example';
const HANAKO = 'hanako@tsukimi.example';
const DAY = 86_400_000;
const PASSPHRASE = '月夜に 三羽の 兎 はねた';

let chain: TestWorld;
let hinode: TestOrganisation;
let tsukimi: TestOrganisation;
let life: LifeWorld;

beforeEach(async () => {
  chain = await createWorld();
  hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  tsukimi = await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  life = await createLifeWorld(chain, tsukimi);
  tsukimi.parts = { ...tsukimi.parts, recovery: true, keyServer: createKeyService({ ...tsukimi.serviceParts, recovery: true }) };
  await life.register(HANAKO, 'E1');
});
afterEach(() => life.close());

/** hanako's plugin on a new computer, enrolled at the key server itself. */
async function computer(fresh: FreshKeys = new Map()): Promise<TestMember> {
  const member = createTestMember(chain, tsukimi);
  const { http } = member.ports;
  Object.assign(member.ports, {
    async http(request: Parameters<typeof http>[0]) {
      const path = new URL(request.url).pathname;
      const bent = member.server.bend(path);
      if (bent instanceof SsmaxError) throw bent;
      if (/simplereenroll|recoveries/.test(path)) return life.http(request);
      if (!path.endsWith('simpleenroll')) return http(request);
      const { publicKey } = await parseCsr(fromBase64(new TextDecoder().decode(request.body)));
      const certificate = await life.registry.enrol(HANAKO, code, publicKey);
      const [known] = await life.registry.expand(HANAKO);
      if (known !== undefined) tsukimi.members.set(HANAKO, known);
      return { status: 200, header: () => undefined, body: utf8(toBase64(encodeCertsOnly([certificate.der]))) };
    },
  });
  const { code } = await life.registry.newCode(HANAKO, 'E1');
  await enrol(member, { address: HANAKO, code }, fresh);
  return member;
}

async function mailFromTaro(): Promise<Bytes> {
  const taro = createTestMember(chain, hinode);
  await enrol(taro, { address: TARO, code: 'ABCD-1234' });
  const sealed = await sealDraft(taro, { from: TARO, to: [HANAKO], cc: [], bcc: [], replyTo: [], subject: 'x', text: '古いメール', images: [], attachments: [] });
  if (sealed.kind !== 'sealed') throw new Error('not sealed');
  const arrival = { recipients: [HANAKO], from: TARO, visible: [HANAKO] };
  const first = await relay(hinode.parts, 'submission', { cms: sealed.cms, ...arrival });
  const second = await relay(tsukimi.parts, 'arriving', { cms: first.departures[0]!.cms, ...arrival });
  return mailBytes(buildCarrier([['From', TARO], ['To', HANAKO], ['Subject', 'x']], second.departures[0]!.cms));
}

function later(milliseconds: number): void {
  chain.now = new Date(chain.now.getTime() + milliseconds);
}

const end = async (member: TestMember): Promise<Date> => parseCertificate((await member.identities.all())[0]!.certificate).notAfter;

describe('renewal', () => {
  it('happens at two thirds of the certificate’s life, with the same key, and is not looked for all the time', async () => {
    const hanako = await computer();
    const certificate = async (): Promise<Bytes> => (await hanako.identities.all())[0]!.certificate;
    const first = await certificate();
    expect(await renewCertificates(hanako)).toEqual([]);
    expect(await certificate()).toEqual(first);
    later(((await end(hanako)).getTime() - chain.now.getTime()) * 0.7);
    expect(await renewCertificates(hanako)).toEqual([]);
    expect(await certificate()).not.toEqual(first);
    expect(parseCertificate(await certificate()).spki).toEqual(parseCertificate(first).spki);
    expect(await hanako.identities.all()).toHaveLength(1);
    hanako.server.asked.length = 0;
    await renewCertificates(hanako);
    expect(hanako.server.asked).toEqual([]);
    expect((await readMail(hanako, await mailFromTaro(), chain.now)).judgement.state).toBe('verified');
  });

  it('says something only when the member must act: while there is time, an unreachable server is nothing', async () => {
    const hanako = await computer();
    const until = await end(hanako);
    hanako.server.bend = () => new SsmaxError('unavailable', 'network-unreachable');
    chain.now = new Date(until.getTime() - 20 * DAY);
    expect(await renewCertificates(hanako)).toEqual([]);
    chain.now = new Date(until.getTime() - 5 * DAY);
    expect(await renewCertificates(hanako)).toEqual([{ address: HANAKO, until, code: 'network-unreachable' }]);
    hanako.server.bend = () => undefined;
    chain.now = new Date(until.getTime() - 20 * DAY);
    await life.revoke(HANAKO, 'E1');
    expect(await renewCertificates(hanako)).toEqual([{ address: HANAKO, until, code: 'certificate-revoked' }]);
  });

  it('of a key under a passphrase waits for it, is asked for twice a day at most, and happens when it is given', async () => {
    const fresh: FreshKeys = new Map();
    const hanako = await computer(fresh);
    const [identity] = await hanako.identities.all();
    const { exportable, pair } = fresh.get(HANAKO)!;
    await hanako.identities.add({ ...identity!, pair: await lockWebKey(exportable, pair.publicKey, PASSPHRASE) });
    const until = await end(hanako);
    chain.now = new Date(until.getTime() - 5 * DAY);
    expect(await renewCertificates(hanako)).toEqual([{ address: HANAKO, until, code: 'key-locked' }]);
    expect(await renewCertificates(hanako)).toEqual([]);
    await hanako.identities.unlock(PASSPHRASE, 15);
    expect(await renewCertificates(hanako)).toEqual([]);
    const [renewed] = await hanako.identities.all();
    expect(renewed?.certificate).not.toEqual(identity?.certificate);
    expect(await renewCertificates(hanako)).toEqual([]);
  });
});

describe('a lost key', () => {
  it('says why an old mail stays closed, opens it once recovery is allowed, and keeps it open', async () => {
    await computer();
    const old = await mailFromTaro();
    later(3_600_000);
    await life.revoke(HANAKO, 'E1');
    const hanako = await computer();
    const sentence = async (): Promise<string> => viewOf(wordsOf('ja'), await readMail(hanako, old, chain.now)).sentence.map(({ text }) => text).join('');
    expect(await sentence()).toContain('組織の担当者が復元を許可すると');
    expect(viewOf(wordsOf('ja'), await readMail(hanako, old, chain.now)).remedy).toBeUndefined();
    await life.open(HANAKO, 'E1');
    later(120_000);
    const opened = await readMail(hanako, old, chain.now);
    expect(opened).toMatchObject({ judgement: { state: 'verified', message: { recovered: true } }, content: { text: '古いメール' } });
    expect(viewOf(wordsOf('ja'), opened).notes.join()).toContain('いまの鍵で読めるようにしました');
    hanako.server.bend = (path) => (path.includes('recoveries') ? new SsmaxError('fault', 'asked again') : undefined);
    expect((await readMail(hanako, old, chain.now)).content?.text).toBe('古いメール');
  });
});

describe('reading without a connection', () => {
  it('judges nothing, however new the last lists were: who cuts the connection hides revocations', async () => {
    const hanako = await computer();
    const mail = await mailFromTaro();
    expect((await readMail(hanako, mail, chain.now)).judgement.state).toBe('verified');
    later(120_000);
    for (const gone of [(path: string) => path.includes('crl'), () => true]) {
      hanako.server.bend = (path) => (gone(path) ? new SsmaxError('unavailable', 'network-unreachable') : undefined);
      expect((await readMail(hanako, mail, chain.now)).judgement).toMatchObject({ state: 'cannot-check', code: 'network-unreachable' });
    }
  });
});
