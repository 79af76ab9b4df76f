/** The other modes and forwarding, in one process: seal → leg 1 → leg 2 → leg 3 → open. */
import { beforeAll, describe, expect, it } from 'vitest';
import { readContent } from '../../src/mail/content.ts';
import {
  ATTACHMENT, attachment, CANARY, chainOf, forwardTo, readBy, sealMixedFor,
} from '../security/modes.ts';
import { createScene, HANAKO, holds, JIRO, KEN, mail, read, type Scene, submit, SUZU, TARO, YUKI } from '../security/scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

describe('attachments-only', () => {
  it('carries text in clear and files sealed, verified by the reader; nothing of the files in the clear on any leg', async () => {
    const legs = await chainOf(scene, await sealMixedFor(scene, 'attachments-only', [HANAKO], [attachment(), attachment('two.bin')]));
    for (const leg of Object.values(legs)) {
      expect(holds(leg, CANARY)).toBe(true);
      expect(holds(leg, ATTACHMENT)).toBe(false);
      expect(holds(leg, 'two.bin')).toBe(false);
    }
    const judgement = await readBy(scene, legs.leg3);
    expect(judgement).toMatchObject({ state: 'verified', mode: 'attachments-only', content: 'opened', message: { headers: { subject: 'Estimate', protection: 'clear' }, conflicts: [] } });
    if (judgement.message === undefined) throw new Error('not opened');
    const { text: body, attachments } = readContent(judgement.message.entity);
    expect(body).toContain(CANARY);
    expect(attachments.map(({ name, bytes }) => [name, text(bytes)])).toEqual([['plan.bin', ATTACHMENT], ['two.bin', ATTACHMENT]]);
    expect(await read(scene, mail(legs.leg1, [HANAKO]), scene.taro, TARO)).toMatchObject({ state: 'verified', code: 'own-copy', content: 'opened' });
  });
});

describe('sign-only', () => {
  it('carries a mail that anyone can read and nobody change', async () => {
    const legs = await chainOf(scene, await sealMixedFor(scene, 'sign-only', [HANAKO], [attachment()]));
    expect(holds(legs.leg2, ATTACHMENT)).toBe(true);
    const judgement = await readBy(scene, legs.leg3);
    expect(judgement).toMatchObject({ state: 'verified', code: 'verified', mode: 'sign-only', content: 'opened', deliveredTo: HANAKO });
    expect(await read(scene, mail(legs.leg3, [HANAKO]), scene.jiro, JIRO)).toMatchObject({ state: 'problem', code: 'not-addressed' });
    expect(await read(scene, mail(legs.leg3, [HANAKO]), undefined, HANAKO)).toMatchObject({ state: 'verified', content: 'opened' });
  });

  it('keeps Bcc apart, and reaches own members with both inspections', async () => {
    const leg1 = await sealMixedFor(scene, 'sign-only', [HANAKO, YUKI], [], [JIRO]);
    const { departures } = await submit(scene, leg1, [HANAKO, YUKI, JIRO], { visible: [HANAKO, YUKI] });
    expect(departures.map(({ recipients, hidden }) => [recipients, hidden])).toEqual([[[JIRO], true], [[HANAKO], false], [[YUKI], false]]);
    expect(holds(departures[1]?.cms ?? new Uint8Array(0), 'jiro')).toBe(false);
    const judgement = await read(scene, mail(departures[2]?.cms ?? new Uint8Array(0), [HANAKO, YUKI]), scene.yuki, YUKI);
    expect(judgement.organisations[0]?.inspections.map(({ direction }) => direction)).toEqual(['outbound', 'inbound']);
  });
});

describe('forward', () => {
  it('passes a whole sealed mail on, both names told, the plaintext nowhere on the way', async () => {
    const { leg3 } = await chainOf(scene, await sealMixedFor(scene, 'protect-all', [HANAKO], [attachment()]));
    const forwarded = await forwardTo(scene, { cms: leg3, to: [SUZU] });
    for (const leg of Object.values(forwarded)) expect(holds(leg, ATTACHMENT)).toBe(false);
    const judgement = await readBy(scene, forwarded.leg3, 'suzu', [SUZU]);
    expect(judgement).toMatchObject({
      state: 'verified', mode: 'forward', sender: { address: HANAKO },
      forwarded: [{ kind: 'mail', of: 1, forwarders: [], writer: { address: TARO, displayName: '山田 太郎', organisation: { names: { en: 'Hinode City Office' } } }, headers: { subject: 'Estimate', from: { address: TARO } } }],
    });
    const [part] = judgement.forwarded ?? [];
    expect(part?.organisations.map(({ names, leg }) => [names.en, leg])).toEqual([['Hinode City Office', 2], ['Tsukimi Works', 3]]);
    if (part?.entity === undefined || judgement.message === undefined) throw new Error('not opened');
    expect(text(readContent(part.entity).attachments[0]?.bytes)).toBe(ATTACHMENT);
    expect(readContent(judgement.message.entity).attachments).toEqual([]);
  });

  it('passes chosen attachments on, beside own ones', async () => {
    const { leg3 } = await chainOf(scene, await sealMixedFor(scene, 'attachments-only', [HANAKO], [attachment('a.bin'), attachment('b.bin'), attachment('c.bin')]));
    const forwarded = await forwardTo(scene, { cms: leg3, to: [SUZU], parts: [2, 0], own: [attachment('own.bin')] });
    const judgement = await readBy(scene, forwarded.leg3, 'suzu', [SUZU]);
    expect(judgement.forwarded?.map(({ kind, of, entity }) => [kind, of, entity?.filename])).toEqual([['attachment', 3, 'c.bin'], ['attachment', 3, 'a.bin']]);
    if (judgement.message === undefined) throw new Error('not opened');
    expect(readContent(judgement.message.entity).attachments.map(({ name }) => name)).toEqual(['own.bin']);
  });

  it('passes a forward on: every name stays', async () => {
    const { leg3 } = await chainOf(scene, await sealMixedFor(scene, 'protect-all', [HANAKO], []));
    const first = await forwardTo(scene, { cms: leg3, to: [SUZU] });
    const second = await forwardTo(scene, { cms: first.leg3, by: 'suzu', to: [JIRO] });
    const judgement = await readBy(scene, second.leg3, 'jiro', [JIRO]);
    expect(judgement).toMatchObject({
      state: 'verified', sender: { address: SUZU }, forwarded: [{ writer: { address: TARO }, forwarders: [{ address: HANAKO, organisation: { names: { en: 'Tsukimi Works' } } }] }],
    });
  });

  it('goes inside one organisation, and the forwarder reads his own copy', async () => {
    const { leg3 } = await chainOf(scene, await sealMixedFor(scene, 'protect-all', [HANAKO], []));
    const forwarded = await forwardTo(scene, { cms: leg3, to: [JIRO] });
    expect(await readBy(scene, forwarded.leg3, 'jiro', [JIRO])).toMatchObject({ state: 'verified', forwarded: [{ writer: { address: TARO } }] });
    expect(await readBy(scene, forwarded.leg1, 'hanako', [JIRO])).toMatchObject({ state: 'verified', code: 'own-copy', content: 'opened', forwarded: [{ writer: { address: TARO } }] });
  });
});

it('a mail to somebody else is not one for him', async () => {
  const { leg3 } = await chainOf(scene, await sealMixedFor(scene, 'protect-all', [HANAKO], []));
  await expect(forwardTo(scene, { cms: leg3, by: 'jiro', to: [KEN] })).rejects.toMatchObject({ code: 'not-forwardable', params: { what: 'not-addressed' } });
});
