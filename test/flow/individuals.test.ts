/** Mail of an ISP's members: inspected only where they consented, and the leg says which (design §2). */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { judgeMail } from '../../src/flow/open.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { relay, type Relayed } from '../../src/flow/relay.ts';
import { sealMail } from '../../src/flow/seal.ts';
import type { Direction } from '../../src/wire/leg.ts';
import { departure, inner, mail } from '../security/scene.ts';
import { consent } from './isp.ts';
import { createWorld, native, type TestOrganisation, type TestWorld } from './world.ts';

const AOI = 'aoi@nagisa.example';
const REN = 'ren@nagisa.example';
const HANAKO = 'hanako@tsukimi.example';

let world: TestWorld;
let nagisa: TestOrganisation;
let tsukimi: TestOrganisation;
let aoi: Credential;
let ren: Credential;
let hanako: Credential;
/** What each organisation's inspection server was asked. */
const inspected: string[] = [];

beforeEach(async () => {
  world = await createWorld();
  nagisa = await world.addOrganisation('nagisa.example', { ja: '渚ネット', en: 'Nagisa Net' }, 'isp');
  tsukimi = await world.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  aoi = await world.addUser(nagisa, AOI, '青井 葵');
  ren = await world.addUser(nagisa, REN, '蓮', true);
  hanako = await world.addUser(tsukimi, HANAKO, '佐藤 花子');
  inspected.length = 0;
  for (const [name, organisation] of [['nagisa', nagisa], ['tsukimi', tsukimi]] as const) {
    const { inspect } = organisation.parts.inspection;
    organisation.parts = { ...organisation.parts, inspection: { inspect: (...asked) => { inspected.push(`${name} ${asked[2]}`); return inspect(...asked); } } };
  }
});

async function send(from: Credential, organisation: TestOrganisation, to: readonly string[]): Promise<Relayed> {
  const [address = ''] = from.certificate.emails;
  const { cms } = await sealMail(native, {
    entity: inner(to, address), recipients: to, hidden: [], sender: from, organisation: organisation.issuer.certificate, signingTime: world.now,
  });
  return relay(organisation.parts, 'submission', { cms, recipients: to, from: address, visible: to });
}

const arrive = (organisation: TestOrganisation, cms: Bytes, to: readonly string[], from: string): Promise<Relayed> =>
  relay(organisation.parts, 'arriving', { cms, recipients: to, from, visible: to });

async function inspections(cms: Bytes, reader: Credential, from: string): Promise<[Direction, string][]> {
  const [address = ''] = reader.certificate.emails;
  const judgement = await judgeMail(mail(cms, [address], from), { native, credentials: [reader], addresses: [address], trust: await world.trust(), now: world.now });
  expect(judgement).toMatchObject({ state: 'verified', content: 'opened' });
  return judgement.organisations.flatMap((one) => one.inspections.map(({ direction, result }): [Direction, string] => [direction, result]));
}

describe('a member of an ISP', () => {
  it('writes uninspected by the ISP; the organisation that receives inspects all the same', async () => {
    const leg2 = departure(await send(aoi, nagisa, [HANAKO]), HANAKO);
    const leg3 = departure(await arrive(tsukimi, leg2, [HANAKO], AOI), HANAKO);
    expect(await inspections(leg3, hanako, AOI)).toEqual([['outbound', 'not-inspected'], ['inbound', 'passed']]);
    expect(inspected).toEqual(['tsukimi inbound']);
    expect(nagisa.multiplied.count).toBeGreaterThan(0); // for tsukimi alone
  });

  it('who consented to outbound inspection is inspected in that direction only', async () => {
    await consent(nagisa, aoi, { outbound: true });
    const both = await send(aoi, nagisa, [HANAKO, AOI]);
    expect(await inspections(departure(both, AOI), aoi, AOI)).toEqual([['outbound', 'passed'], ['inbound', 'not-inspected']]);
    const leg3 = departure(await arrive(tsukimi, departure(both, HANAKO), [HANAKO], AOI), HANAKO);
    expect(await inspections(leg3, hanako, AOI)).toEqual([['outbound', 'passed'], ['inbound', 'passed']]);
    expect(inspected).toEqual(['nagisa outbound', 'tsukimi inbound']);
  });

  it('receives uninspected, or inspected by consent', async () => {
    const leg2 = departure(await send(hanako, tsukimi, [AOI]), AOI);
    expect(await inspections(departure(await arrive(nagisa, leg2, [AOI], HANAKO), AOI), aoi, HANAKO)).toEqual([['outbound', 'passed'], ['inbound', 'not-inspected']]);
    await consent(nagisa, aoi, { inbound: true });
    expect(await inspections(departure(await arrive(nagisa, leg2, [AOI], HANAKO), AOI), aoi, HANAKO)).toEqual([['outbound', 'passed'], ['inbound', 'passed']]);
    await consent(nagisa, aoi, { inbound: false });
    expect(await inspections(departure(await arrive(nagisa, leg2, [AOI], HANAKO), AOI), aoi, HANAKO)).toEqual([['outbound', 'passed'], ['inbound', 'not-inspected']]);
    expect(inspected).toEqual(['tsukimi outbound', 'nagisa inbound']);
  });

  it('of two members within the ISP each gets his own copy by his own consent', async () => {
    await consent(nagisa, ren, { inbound: true });
    const out = await send(aoi, nagisa, [AOI, REN]);
    expect(await inspections(departure(out, REN), ren, AOI)).toEqual([['outbound', 'not-inspected'], ['inbound', 'passed']]);
    expect(await inspections(departure(out, AOI), aoi, AOI)).toEqual([['outbound', 'not-inspected'], ['inbound', 'not-inspected']]);
  });

  it('who consented and others do not share a transaction from elsewhere', async () => {
    await consent(nagisa, ren, { inbound: true });
    const leg2 = (await send(hanako, tsukimi, [AOI, REN])).departures[0]?.cms ?? new Uint8Array();
    await expect(arrive(nagisa, leg2, [AOI, REN], HANAKO)).rejects.toMatchObject({ kind: 'unavailable', code: 'consent-mixed' });
    expect(inspected).toEqual(['tsukimi outbound']);
  });

  it('who withdraws while a mail is on its way has it come again', async () => {
    await consent(nagisa, aoi, { inbound: true });
    const leg2 = departure(await send(hanako, tsukimi, [AOI]), AOI);
    const { inspection } = nagisa.parts;
    nagisa.parts = { ...nagisa.parts, inspection: { inspect: async (...asked) => {
      const verdict = await inspection.inspect(...asked);
      await consent(nagisa, aoi, { inbound: false });
      return verdict;
    } } };
    await expect(arrive(nagisa, leg2, [AOI], HANAKO)).rejects.toMatchObject({ kind: 'unavailable', code: 'consent-changed' });
    expect(await inspections(departure(await arrive(nagisa, leg2, [AOI], HANAKO), AOI), aoi, HANAKO)).toContainEqual(['inbound', 'not-inspected']);
  });
});
