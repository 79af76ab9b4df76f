/** Three organisations with their people, and what everybody does in these tests: seal, relay, read. */
import type { Bytes } from '../../src/core/bytes.ts';
import { type Judgement, judgeMail } from '../../src/flow/open.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { type Arrival, relay, type Relayed } from '../../src/flow/relay.ts';
import { sealMail } from '../../src/flow/seal.ts';
import { buildInner } from '../../src/mail/build.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { createWorld, native, NOW, type Source, type TestOrganisation, type TestWorld } from '../flow/world.ts';

export const TARO = 'taro@hinode.example';
export const YUKI = 'yuki@hinode.example';
export const KEN = 'ken@hinode.example';
export const HANAKO = 'hanako@tsukimi.example';
export const JIRO = 'jiro@tsukimi.example';
export const SUZU = 'suzu@kasumi.example';

export interface Scene {
  readonly world: TestWorld;
  readonly hinode: TestOrganisation;
  readonly tsukimi: TestOrganisation;
  readonly kasumi: TestOrganisation;
  readonly taro: Credential;
  readonly yuki: Credential;
  readonly ken: Credential;
  readonly hanako: Credential;
  readonly jiro: Credential;
  readonly suzu: Credential;
}

export async function createScene(source?: Source): Promise<Scene> {
  const world = await createWorld(NOW, source);
  const hinode = await world.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  const tsukimi = await world.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  const kasumi = await world.addOrganisation('kasumi.example', { ja: '霞商会', en: 'Kasumi Trading' });
  return {
    world, hinode, tsukimi, kasumi,
    taro: await world.addUser(hinode, TARO, '山田 太郎'),
    yuki: await world.addUser(hinode, YUKI, '鈴木 雪'),
    ken: await world.addUser(hinode, KEN, '高橋 健'),
    hanako: await world.addUser(tsukimi, HANAKO, '佐藤 花子'),
    jiro: await world.addUser(tsukimi, JIRO, '佐藤 次郎'),
    suzu: await world.addUser(kasumi, SUZU, '森 鈴'),
  };
}

/** Stands in every inner mail, so that a byte search can look for it. */
export const CANARY = 'canary-3f9d1c';

export function inner(to: readonly string[], from = TARO, subject = 'Estimate'): Bytes {
  return buildInner({
    from: { address: from, displayName: '' }, to: to.map((address) => ({ address, displayName: '' })), subject, date: NOW, text: CANARY, attachments: [],
  }, (length) => native.random(length));
}

export async function seal(scene: Scene, to: readonly string[], hidden: readonly string[] = []): Promise<Bytes> {
  const { cms } = await sealMail(native, {
    entity: inner(to), recipients: [...to, ...hidden], hidden, sender: scene.taro, organisation: scene.hinode.issuer.certificate,
    signingTime: scene.world.now,
  });
  return cms;
}

/** A carrier as it would lie in a mailbox. */
export function mail(cms: Bytes, to: readonly string[], from = TARO, subject = 'Estimate'): Bytes {
  return mailBytes(buildCarrier([['From', from], ['To', to.join(', ')], ['Subject', subject]], cms));
}

export function submit(scene: Scene, cms: Bytes, to: readonly string[], arrival: Partial<Arrival> = {}): Promise<Relayed> {
  return relay(scene.hinode.parts, 'submission', { cms, recipients: to, from: TARO, visible: to, ...arrival });
}

export function arrive(scene: Scene, cms: Bytes, to: readonly string[], arrival: Partial<Arrival> = {}): Promise<Relayed> {
  return relay(scene.tsukimi.parts, 'arriving', { cms, recipients: to, from: TARO, visible: to, ...arrival });
}

/** The one departure for an address. */
export function departure({ departures }: Relayed, address: string): Bytes {
  const [only, ...others] = departures.filter(({ recipients }) => recipients.includes(address));
  if (only === undefined || others.length > 0) throw new Error(`not one departure for ${address}`);
  return only.cms;
}

/** Leg 2 and leg 3 of a mail from taro to hanako. */
export async function chain(scene: Scene): Promise<{ leg1: Bytes; leg2: Bytes; leg3: Bytes }> {
  const leg1 = await seal(scene, [HANAKO]);
  const leg2 = departure(await submit(scene, leg1, [HANAKO]), HANAKO);
  return { leg1, leg2, leg3: departure(await arrive(scene, leg2, [HANAKO]), HANAKO) };
}

export async function read(scene: Scene, raw: Bytes, credential: Credential | undefined, address: string): Promise<Judgement> {
  return judgeMail(raw, {
    native, credentials: credential === undefined ? [] : [credential], addresses: [address], trust: await scene.world.trust(), now: scene.world.now,
  });
}

export function holds(haystack: Bytes, needle: Bytes | string): boolean {
  return Buffer.from(haystack).includes(typeof needle === 'string' ? needle : Buffer.from(needle));
}

export function flip(bytes: Bytes, at: number): Bytes {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** What an expected refusal looks like. */
export function refusal(code: string, params?: Record<string, string | number>): object {
  return { name: 'SsmaxError', kind: 'refused', code, ...(params !== undefined && { params }) };
}
