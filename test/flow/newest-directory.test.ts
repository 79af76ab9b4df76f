/** Mail of and for an organisation that joined since a server fetched the directory. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Arrival, type GatewayParts, relay, type Relayed } from '../../src/flow/relay.ts';
import type { Trust } from '../../src/flow/trust.ts';
import { createRotatingKeyService } from '../../src/server/keyserver/rotating-key-service.ts';
import { createScene, departure, flip, HANAKO, refusal, seal, type Scene, SUZU, TARO } from '../security/scene.ts';
import type { TestOrganisation } from './world.ts';

let scene: Scene;
let old: Trust;
let asked: number;

beforeEach(async () => {
  scene = await createScene();
  const { world, kasumi } = scene;
  // As if it joined only now.
  world.organisations.delete('kasumi.example');
  old = await world.trust();
  world.organisations.set('kasumi.example', kasumi);
  world.now = new Date(world.now.getTime() + 5000);
  asked = 0;
});

/** A server of this organisation fetched the directory before; the newer one can be had where `there`. */
function behind<P extends Pick<GatewayParts, 'trust'>>(parts: P, there = true): P {
  let trust = old;
  return { ...parts, trust: () => Promise.resolve(trust), newerThan: async () => {
    asked++;
    if (there) trust = await scene.world.trust();
    return there;
  } };
}

const keyServerBehind = ({ serviceParts }: TestOrganisation): GatewayParts['keyServer'] => {
  const { key, certificate, ...parts } = serviceParts;
  const own = { key, certificate };
  return createRotatingKeyService(behind(parts), { inUse: own, all: [own], follow: () => Promise.resolve(false) } as never);
};

const submit = (parts: GatewayParts, cms: Relayed['departures'][number]['cms'], more: Partial<Arrival> = {}): Promise<Relayed> =>
  relay(parts, 'submission', { cms, recipients: [SUZU], from: TARO, visible: [SUZU], ...more });

describe('an organisation that joined a moment ago', () => {
  it('is written to, by gateway and key server that had not heard of it', async () => {
    const cms = await seal(scene, [SUZU]);
    const { hinode, kasumi } = scene;
    await expect(submit({ ...hinode.parts, trust: () => Promise.resolve(old) }, cms)).rejects.toMatchObject(refusal('recipient-outside'));
    const out = await submit({ ...behind(hinode.parts), keyServer: keyServerBehind(hinode) }, cms);
    expect(asked).toBe(2);
    expect((await relay(kasumi.parts, 'arriving', { cms: departure(out, SUZU), recipients: [SUZU], from: TARO, visible: [SUZU] })).departures).toHaveLength(1);
  });

  it('is believed', async () => {
    const { world, hinode, tsukimi } = scene;
    world.organisations.delete('hinode.example');
    old = await world.trust();
    world.organisations.set('hinode.example', hinode);
    world.now = new Date(world.now.getTime() + 5000);
    const arrival = { recipients: [HANAKO], from: TARO, visible: [HANAKO] };
    const out = await relay(hinode.parts, 'submission', { cms: await seal(scene, [HANAKO]), ...arrival });
    const leg2 = { cms: departure(out, HANAKO), ...arrival };
    await expect(relay({ ...tsukimi.parts, trust: () => Promise.resolve(old) }, 'arriving', leg2)).rejects.toMatchObject(refusal('organisation-unknown'));
    expect((await relay({ ...behind(tsukimi.parts), keyServer: keyServerBehind(tsukimi) }, 'arriving', leg2)).departures).toHaveLength(1);
  });

  it('is asked about once for a mail; what no directory can mend, not at all', async () => {
    const cms = await seal(scene, [SUZU]);
    await expect(submit(behind(scene.hinode.parts, false), cms)).rejects.toMatchObject(refusal('recipient-outside'));
    expect(asked).toBe(1);
    await expect(submit(behind(scene.hinode.parts), flip(cms, cms.length - 1))).rejects.toMatchObject({ kind: 'refused' });
    await expect(submit(behind(scene.hinode.parts), cms, { from: 'yuki@hinode.example' })).rejects.toMatchObject(refusal('from-mismatch'));
    expect(asked).toBe(1);
  });
});
