/** Whole legs of the mixed modes (docs/protocol.md §5.3, §5.4): attachments-only, sign-only, and a mail forwarded unopened. */
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { forwardMail } from '../../src/flow/forward.ts';
import { relay } from '../../src/flow/relay.ts';
import { sealMixed } from '../../src/flow/seal.ts';
import { buildMixed, type MixedMail } from '../../src/mail/build.ts';
import { departure, HANAKO, JIRO, mail, type Scene, TARO } from '../../test/security/scene.ts';
import { testNative } from './source.ts';

type NamedLeg = readonly [name: string, cms: Bytes];

export async function mixedLegs(scene: Scene, protectAll: Bytes): Promise<NamedLeg[]> {
  const { world, hinode, tsukimi } = scene;
  const through = async (mode: string, leg1: Bytes): Promise<NamedLeg[]> => {
    const arrival = { recipients: [HANAKO], from: TARO, visible: [HANAKO] };
    const leg2 = departure(await relay(hinode.parts, 'submission', { ...arrival, cms: leg1 }), HANAKO);
    const leg3 = departure(await relay(tsukimi.parts, 'arriving', { ...arrival, cms: leg2 }), HANAKO);
    return [[`leg 1, ${mode}`, leg1], [`leg 2, ${mode}`, leg2], [`leg 3, ${mode}`, leg3]];
  };
  const sealed = async (mode: 'attachments-only' | 'sign-only'): Promise<Bytes> => (await sealMixed(testNative(mode), {
    mode, mail: written(mode, TARO, HANAKO, mode === 'sign-only' ? [] : ['plan.txt', 'map.txt']), recipients: [HANAKO], hidden: [], sender: scene.taro,
    organisation: hinode.issuer.certificate, signingTime: world.now,
  })).cms;
  const attachments = await through('attachments-only', await sealed('attachments-only'));
  const forwards: NamedLeg[] = [];
  // One after the other: all draw from one stream of random bytes.
  for (const [what, original, parts] of [['a whole mail', protectAll, undefined], ['an attachment', attachments[2]?.[1] ?? new Uint8Array(0), [1]]] as const) {
    const { cms } = await forwardMail({ native: testNative(`forward ${what}`), credentials: [scene.hanako], trust: await world.trust(), now: world.now }, {
      original: mail(original, [HANAKO]), mail: written('forward', HANAKO, JIRO, []), recipients: [JIRO], hidden: [], sender: scene.hanako,
      organisation: tsukimi.issuer.certificate, signingTime: world.now, ...(parts !== undefined && { parts }),
    });
    const relayed = await relay(tsukimi.parts, 'submission', { cms, recipients: [JIRO], from: HANAKO, visible: [JIRO] });
    forwards.push([`leg 1, forwarding ${what}`, cms], [`leg 3, forwarding ${what}`, departure(relayed, JIRO)]);
  }
  return [...attachments, ...await through('sign-only', await sealed('sign-only')), ...forwards];
}

function written(mode: 'attachments-only' | 'sign-only' | 'forward', from: string, to: string, files: readonly string[]): MixedMail {
  return buildMixed(mode, {
    from: { address: from, displayName: '' }, to: [{ address: to, displayName: '' }], subject: 'Estimate', date: new Date('2026-11-22T03:00:00Z'), text: 'Konnichiwa',
    attachments: files.map((name) => ({ name, type: 'text/plain', bytes: utf8(`This is ${name}.\r\n`) })),
  }, (length) => testNative(`entity ${mode}`).random(length));
}
