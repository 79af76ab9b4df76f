/** What everybody does in the tests of the other modes: seal, relay, forward, read. */
import type { Bytes } from '../../src/core/bytes.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { forwardMail, type ForwardInput } from '../../src/flow/forward.ts';
import type { Judgement } from '../../src/flow/open.ts';
import { relay } from '../../src/flow/relay.ts';
import { sealMail, sealMixed } from '../../src/flow/seal.ts';
import { domainOf } from '../../src/mail/address.ts';
import { type Attachment, buildInner, buildMixed, type InnerMail, type MixedMail } from '../../src/mail/build.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { decodeLeg, type Mode } from '../../src/wire/leg.ts';
import { native, NOW, type TestOrganisation } from '../flow/world.ts';
import { CANARY, departure, HANAKO, mail, read, type Scene, TARO } from './scene.ts';

export { CANARY } from './scene.ts';
/** Stands in every attachment. */
export const ATTACHMENT = 'sealed-canary-77b1d0';

export type Name = 'taro' | 'yuki' | 'ken' | 'hanako' | 'jiro' | 'suzu';
const random = (length: number): Bytes => native.random(length);

export function attachment(name = 'plan.bin', content = ATTACHMENT): Attachment {
  return { name, type: 'application/octet-stream', bytes: utf8(content) };
}

function written(to: readonly string[], from = TARO, attachments: readonly Attachment[] = []): InnerMail {
  return {
    from: { address: from, displayName: '' }, to: to.map((address) => ({ address, displayName: '' })), subject: 'Estimate', date: NOW, text: CANARY, attachments,
  };
}

export function mixedMail(mode: 'sign-only' | 'attachments-only' | 'forward', to: readonly string[], attachments: readonly Attachment[] = [], from = TARO): MixedMail {
  return buildMixed(mode, written(to, from, attachments), random);
}

/** Leg 1 of taro. */
export async function sealMixedFor(
  scene: Scene, mode: Exclude<Mode, 'forward'>, to: readonly string[], attachments: readonly Attachment[], hidden: readonly string[] = [],
): Promise<Bytes> {
  const addressing = { recipients: [...to, ...hidden], hidden, sender: scene.taro, organisation: scene.hinode.issuer.certificate, signingTime: scene.world.now };
  if (mode === 'protect-all') return (await sealMail(native, { ...addressing, entity: buildInner(written(to, TARO, attachments), random) })).cms;
  return (await sealMixed(native, { ...addressing, mode, mail: mixedMail(mode, to, attachments) })).cms;
}

export type ThreeLegs = Readonly<Record<'leg1' | 'leg2' | 'leg3', Bytes>>;

export function organisationOf(scene: Scene, address: string): TestOrganisation {
  const found = scene.world.organisations.get(domainOf(address));
  if (found === undefined) throw new Error(`whose is ${address}?`);
  return found;
}

/** Through both organisations, or inside one, to the one recipient. */
export async function chainOf(scene: Scene, leg1: Bytes, from = TARO, to = HANAKO): Promise<ThreeLegs> {
  const arrival = { recipients: [to], from, visible: [to] };
  const [sending, receiving] = [organisationOf(scene, from), organisationOf(scene, to)];
  const leg2 = departure(await relay(sending.parts, 'submission', { ...arrival, cms: leg1 }), to);
  if (sending === receiving) return { leg1, leg2, leg3: leg2 };
  return { leg1, leg2, leg3: departure(await relay(receiving.parts, 'arriving', { ...arrival, cms: leg2 }), to) };
}

interface Forward {
  /** Leg 3 as it lies in the forwarder's mailbox. */
  readonly cms: Bytes;
  readonly by?: Name;
  readonly to: readonly string[];
  readonly parts?: readonly number[];
  readonly own?: readonly Attachment[];
}

/** Leg 1 of a forward, by hanako unless somebody else is named. */
export async function forwardLeg(scene: Scene, { cms, by = 'hanako', to, parts, own = [] }: Forward): Promise<Bytes> {
  const sender = scene[by];
  const [address = ''] = sender.certificate.emails;
  const input: ForwardInput = {
    original: mail(cms, [address]), mail: mixedMail('forward', to, own, address), recipients: to, hidden: [], sender,
    organisation: organisationOf(scene, address).issuer.certificate, signingTime: scene.world.now, ...(parts !== undefined && { parts }),
  };
  return (await forwardMail({ native, credentials: [sender], trust: await scene.world.trust(), now: scene.world.now }, input)).cms;
}

export async function forwardTo(scene: Scene, forward: Forward): Promise<ThreeLegs> {
  const [address = ''] = scene[forward.by ?? 'hanako'].certificate.emails;
  return chainOf(scene, await forwardLeg(scene, forward), address, forward.to[0]);
}

/** Judges a leg by a reader. `to` is in the outer header; the outer From is the one who sent it. */
export async function readBy(scene: Scene, cms: Bytes, name: Name = 'hanako', to: readonly string[] = [HANAKO], from?: string): Promise<Judgement> {
  const [address = ''] = scene[name].certificate.emails;
  return read(scene, mail(cms, to, from ?? senderOf(cms)), scene[name], address);
}

function senderOf(cms: Bytes): string {
  return decodeLeg(parseSignedData(cms).signer.attributes.leg ?? new Uint8Array(0)).sender.address;
}
