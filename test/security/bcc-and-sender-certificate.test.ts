/** Nothing of a Bcc recipient in anybody else's copy, and nothing of the sender's certificate beyond his organisation. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, fromHex } from '../../src/core/bytes.ts';
import { decodeSignerInfo, parseSignedData } from '../../src/core/cms/signed-data.ts';
import { decodeLeg } from '../../src/wire/leg.ts';
import { replaceCarrier } from '../../src/mail/carrier.ts';
import { arrive, createScene, departure, HANAKO, holds, JIRO, mail, refusal, type Scene, seal, submit, SUZU, YUKI } from './scene.ts';

let scene: Scene;
let leg1: Bytes;
/** By recipient: what reaches him, leg 2 first. */
const copies = new Map<string, Bytes[]>();
const OPEN = [HANAKO, YUKI];
const HIDDEN = [JIRO, SUZU];

beforeAll(async () => {
  scene = await createScene();
  leg1 = await seal(scene, OPEN, HIDDEN);
  const out = await submit(scene, leg1, [...OPEN, ...HIDDEN], { visible: OPEN });
  for (const address of [HANAKO, JIRO]) {
    const leg2 = departure(out, address);
    copies.set(address, [leg2, departure(await arrive(scene, leg2, [address], { visible: OPEN }), address)]);
  }
  copies.set(YUKI, [departure(out, YUKI)]);
  copies.set(SUZU, [departure(out, SUZU)]);
});

function legOf(cms: Bytes): ReturnType<typeof decodeLeg> {
  return decodeLeg(parseSignedData(cms).signer.attributes.leg ?? new Uint8Array(0));
}

describe('Bcc', () => {
  it.each([HANAKO, YUKI, JIRO, SUZU])('%s’s copies name no hidden recipient but himself', (address) => {
    for (const cms of copies.get(address) ?? []) {
      for (const hidden of HIDDEN.filter((one) => one !== address)) {
        expect(holds(cms, hidden)).toBe(false);
        expect(holds(cms, hidden.split('@')[0] ?? '')).toBe(false);
      }
    }
  });
  it('a hidden recipient’s copy is for him alone, and says that he is hidden', () => {
    for (const address of HIDDEN) for (const cms of copies.get(address) ?? []) expect(legOf(cms)).toMatchObject({ recipients: [address], hidden: [address] });
    for (const address of OPEN) for (const cms of copies.get(address) ?? []) expect(legOf(cms).hidden).toEqual([]);
  });
  it('the gateway refuses a leg 1 whose hidden recipients stand in To or Cc, or others do not', async () => {
    await expect(submit(scene, leg1, OPEN, { visible: [...OPEN, JIRO] })).rejects.toMatchObject(refusal('headers-differ'));
    await expect(submit(scene, leg1, OPEN, { visible: [HANAKO] })).rejects.toMatchObject(refusal('headers-differ'));
  });
  it('and a leg 2 that shows a hidden one', async () => {
    const [leg2] = copies.get(JIRO) ?? [];
    await expect(arrive(scene, leg2 ?? leg1, [JIRO], { visible: [JIRO] })).rejects.toMatchObject(refusal('headers-differ'));
  });
  it('no Bcc field goes on', () => {
    const raw = new TextEncoder().encode(`Bcc: ${JIRO}\r\nResent-Bcc: ${SUZU}\r\n`);
    const before = new Uint8Array([...raw, ...mail(leg1, OPEN)]);
    expect(holds(replaceCarrier(before, leg1).head, 'Bcc')).toBe(false);
  });
});

describe("the sender's certificate", () => {
  it('leg 1 carries it, so the search can find it', () => {
    expect(holds(leg1, scene.taro.certificate.der)).toBe(true);
  });
  it('no later leg holds it, its hash, serial, key or key identifier', () => {
    const { der, sha256, serial, publicKey, spkiSha256, subjectKeyIdentifier } = scene.taro.certificate;
    const signature = decodeSignerInfo(parseSignedData(leg1).signer.der).signature;
    const secrets = [der, sha256, fromHex(serial), publicKey.subarray(1, 33), spkiSha256, subjectKeyIdentifier, signature.subarray(0, 32)];
    for (const cms of [...copies.values()].flat()) for (const secret of secrets) expect(holds(cms, secret)).toBe(false);
  });
});
