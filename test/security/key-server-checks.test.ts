/**
 * Every check of docs/protocol.md §10, in its order. All are made through `inspect`, the call that needs the least: what
 * it refuses the others refuse too, for they begin alike. None may have multiplied with the organisation's key.
 */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import { unsafeEphemeral } from '../../src/platform/node-crypto.ts';
import { decodeKemHeader, encodeKemHeader, type KemHeader } from '../../src/wire/kemct.ts';
import { decodeJson, encodeJson } from '../../src/wire/json.ts';
import { type Evidence, inspectRequestSchema } from '../../src/wire/relay.ts';
import { native, signVerdict } from '../flow/world.ts';
import { craft, type Crafted, headerOf, type Tweak } from './craft.ts';
import { createScene, HANAKO, JIRO, KEN, refusal, type Scene, SUZU, YUKI } from './scene.ts';

let scene: Scene;
let impostors: Scene;

beforeAll(async () => {
  [scene, impostors] = await Promise.all([createScene(), createScene()]);
});
beforeEach(() => {
  scene.hinode.multiplied.count = 0;
  scene.tsukimi.multiplied.count = 0;
});

const other = (): Bytes => native.random(32);
const DAY = 86_400_000;

/** Leg 1 goes to hinode's key server, leg 2 to tsukimi's. */
async function inspect(leg: 1 | 2 | 3, tweak: Tweak = {}, change: (evidence: Evidence) => Evidence = (same) => same): Promise<unknown> {
  const { evidence } = await craft(scene, leg, tweak);
  return (leg === 1 ? scene.hinode : scene.tsukimi).service.inspect(change(evidence));
}

function withHeader(evidence: Evidence, change: Partial<KemHeader>): Evidence {
  return { ...evidence, headers: [encodeKemHeader({ ...decodeKemHeader(headerOf(evidence)), ...change })] };
}

async function refuses(answer: Promise<unknown>, code: string, params?: Record<string, string | number>): Promise<void> {
  await expect(answer).rejects.toMatchObject(refusal(code, params));
  expect(scene.hinode.multiplied.count + scene.tsukimi.multiplied.count).toBe(0);
}

type Case = [name: string, leg: 1 | 2 | 3, tweak: () => Tweak, code: string, params?: Record<string, string | number>];

describe('an honest leg', () => {
  it.each([1, 2] as const)('%i is re-encrypted for the inspection server', async (leg) => {
    const { inspection } = leg === 1 ? scene.hinode : scene.tsukimi;
    expect(await inspect(leg)).toMatchObject([{ certificate: inspection.certificate.der }]);
    expect((leg === 1 ? scene.hinode : scene.tsukimi).multiplied.count).toBeGreaterThan(0);
  });
});

describe('1 to 3: size, DER, structure, signature', () => {
  it('fields that are too long never reach the service', async () => {
    const { evidence } = await craft(scene, 1);
    const huge = encodeJson({ evidence: { ...evidence, headers: [new Uint8Array(200_000)] } });
    expect(() => decodeJson(inspectRequestSchema, huge)).toThrow(/json-invalid/);
    expect(() => decodeJson(inspectRequestSchema, encodeJson({ evidence, content: 'x' }))).toThrow(/json-invalid/);
  });

  it('bytes after header or signerInfo', async () => {
    const more = (bytes: Bytes): Bytes => concat(bytes, Uint8Array.of(0));
    await refuses(inspect(1, {}, (evidence) => ({ ...evidence, headers: [more(headerOf(evidence))] })), 'der-invalid');
    await refuses(inspect(1, {}, (evidence) => ({ ...evidence, signerInfo: more(evidence.signerInfo) })), 'der-invalid');
  });

  const cases: Case[] = [
    ['no leg attribute', 1, () => ({ attributes: ({ leg: _, ...rest }) => rest }), 'leg-missing'],
    ['an unknown mode', 1, () => ({ leg: (leg) => ({ ...leg, mode: 'sign-only' }) }), 'content-type-mismatch'],
    ['signature', 1, () => ({ signature: () => native.random(64) }), 'signature-invalid'],
    ['certificate hash', 1, () => ({ attributes: (all) => ({ ...all, certificateHash: other() }) }), 'signer-certificate-mismatch'],
    ['certificate', 1, () => ({ certificates: [scene.hanako.certificate.der] }), 'signer-certificate-missing'],
  ];
  it.each(cases)('%s (leg %i)', async (_, leg, tweak, code, params) => refuses(inspect(leg, tweak()), code, params));
});

describe('4: path, role, directory, revocation, sender, gateway', () => {
  const cases: Case[] = [
    ['path', 1, () => ({ signer: impostors.taro }), 'certificate-untrusted'],
    ['role', 1, () => ({ signer: scene.hinode.gateway }), 'certificate-role'],
    ['directory', 2, () => ({ signer: impostors.hinode.issuer }), 'organisation-unknown'],
    ['sender', 1, () => ({ signer: scene.ken }), 'sender-mismatch'],
    ['sending organisation', 2, () => ({ leg: (leg) => ({ ...leg, sender: { ...leg.sender, address: SUZU } }) }), 'sender-not-of-organisation'],
    ["gateway's signature missing", 2, () => ({ gateway: null }), 'gateway-signature-missing'],
    ["gateway's key unknown", 2, () => ({ gateway: scene.kasumi.gateway }), 'gateway-unknown'],
    ["gateway's signature wrong", 2, () => ({ countersigned: other() }), 'gateway-signature-invalid'],
  ];
  it.each(cases)('%s (leg %i)', async (_, leg, tweak, code, params) => refuses(inspect(leg, tweak()), code, params));

  it('revocation', async () => {
    scene.hinode.revoked.push({ serial: scene.taro.certificate.serial, date: new Date(scene.world.now.getTime() - 1000), reason: 'keyCompromise' });
    await refuses(inspect(1), 'certificate-revoked');
    scene.hinode.revoked.pop();
  });
});

describe('5 and 6: the label, and whether the leg is for us', () => {
  const cases: Case[] = [
    ['sealer', 1, () => ({ label: (label) => ({ ...label, sealer: other() }) }), 'label-mismatch', { what: 'sealer' }],
    ['content digest', 1, () => ({ label: (label) => ({ ...label, contentDigest: other() }) }), 'content-digest-mismatch', { where: 'label' }],
    ['recipients', 1, () => ({ label: (label) => ({ ...label, recipients: [JIRO] }) }), 'label-mismatch', { what: 'recipients' }],
    ['target', 1, () => ({ targets: [{ purpose: 'seal', certificate: scene.tsukimi.issuer.certificate }] }), 'label-mismatch', { what: 'target' }],
    ["the sender's own copy", 1, () => ({ targets: [{ purpose: 'self', certificate: scene.taro.certificate }] }), 'leg-not-for-us'],
    ['leg 3', 3, () => ({}), 'leg-not-for-us'],
  ];
  it.each(cases)('%s (leg %i)', async (_, leg, tweak, code, params) => refuses(inspect(leg, tweak()), code, params));

  it('label hash: a header that the leg does not name', async () => {
    const { evidence } = await craft(scene, 1, { recipients: [JIRO] });
    await refuses(inspect(1, {}, (mine) => ({ ...mine, headers: evidence.headers })), 'label-mismatch', { what: 'label hash' });
  });

  it("leg 1 of another organisation's member", async () => {
    const { evidence } = await craft(scene, 1);
    await refuses(scene.tsukimi.service.inspect(evidence), 'leg-not-for-us');
  });

  it('leg 2 of the own organisation', async () => {
    const { evidence } = await craft(scene, 2);
    await refuses(scene.hinode.service.inspect(evidence), 'leg-not-for-us');
  });

  it('leg 3 of another organisation', async () => {
    const { evidence } = await craft(scene, 3);
    await refuses(scene.hinode.service.inspect(evidence), 'leg-not-for-us');
  });

  it('leg 2 for another organisation', async () => {
    const { evidence } = await craft(scene, 2);
    await refuses(scene.kasumi.service.inspect(evidence), 'label-mismatch', { what: 'target' });
    expect(scene.kasumi.multiplied.count).toBe(0);
  });
});

describe('7: freshness', () => {
  const at = (milliseconds: number): Tweak => ({ signingTime: new Date(scene.world.now.getTime() + milliseconds) });
  it('five days and no more', async () => {
    await refuses(inspect(1, at(-5 * DAY - 1000)), 'sealed-too-long-ago');
    await inspect(1, at(-5 * DAY + 1000));
  });
  it('ten minutes ahead and no more', async () => {
    await refuses(inspect(1, at(11 * 60_000)), 'clock-wrong');
    await inspect(1, at(9 * 60_000));
  });
});

describe('8: points and label proof', () => {
  it.each(['c1', 'u', 'w', 'v', 'f'] as const)('another %s', async (field) => {
    const { evidence } = await craft(scene, 1);
    const foreign = decodeKemHeader(headerOf(evidence))[field];
    await refuses(inspect(1, {}, (mine) => withHeader(mine, { [field]: foreign })), 'kem-invalid');
  });
});

describe('9: the same C1 under another label', () => {
  it('is refused and alerted, although the sealer knows r and proves it', async () => {
    const known = { ...native, ephemeral: () => Promise.resolve(unsafeEphemeral(0x5eedn)) };
    await inspect(1, { native: known });
    scene.hinode.multiplied.count = 0;
    await refuses(inspect(1, { native: known, recipients: [HANAKO, KEN] }), 'ciphertext-reused');
    expect(scene.hinode.alerts).toContain('ciphertext-reused');
  });

  it('but under the same label it is answered anew, with another r′', async () => {
    const { evidence } = await craft(scene, 1);
    const [[first], [second]] = [await scene.hinode.service.inspect(evidence), await scene.hinode.service.inspect(evidence)];
    expect(first?.c1).not.toEqual(second?.c1);
    expect(first?.label).toEqual(second?.label);
  });
});

describe('10: authorisation', () => {
  async function verdicts({ digest }: Crafted, recipients: readonly string[]): Promise<Bytes[]> {
    return Promise.all((['outbound', 'inbound'] as const).map((direction) => signVerdict(scene.hinode, { contentDigest: digest, direction }, recipients)));
  }

  async function transfer(recipients: readonly string[], asked: readonly string[], hidden: readonly string[] = []): Promise<unknown> {
    const crafted = await craft(scene, 1, { recipients, hidden });
    return scene.hinode.service.transfer({ evidence: crafted.evidence, verdicts: await verdicts(crafted, recipients), splits: [{ recipients: [...asked] }] });
  }

  async function deliver(recipients: readonly string[], asked: readonly string[]): Promise<unknown> {
    const crafted = await craft(scene, 1, { recipients });
    return scene.hinode.service.deliver({ evidence: crafted.evidence, verdicts: await verdicts(crafted, recipients), splits: [{ recipients: [...asked] }] });
  }

  it('recipients of the label only', async () => {
    await refuses(transfer([HANAKO], [JIRO]), 'recipient-not-in-label');
    await refuses(deliver([YUKI], [KEN]), 'recipient-not-in-label');
  });
  it('a hidden recipient stands alone', async () => {
    await refuses(transfer([HANAKO, JIRO], [HANAKO, JIRO], [JIRO]), 'split-bcc');
    await transfer([HANAKO, JIRO], [JIRO], [JIRO]);
  });
  it('one organisation a leg', () => refuses(transfer([HANAKO, SUZU], [HANAKO, SUZU]), 'split-mixed'));
  it('certified organisations only', () => refuses(transfer(['x@outside.example'], ['x@outside.example']), 'recipient-outside'));
  it('no leg 2 to ourselves', () => refuses(transfer([YUKI], [YUKI]), 'split-own-organisation'));
  it('no leg 2 out of a leg 2', async () => {
    const { evidence, digest } = await craft(scene, 2, { recipients: [SUZU] });
    const verdict = await signVerdict(scene.tsukimi, { contentDigest: digest, leg: 2, direction: 'inbound' });
    await refuses(scene.tsukimi.service.transfer({ evidence, verdicts: [verdict], splits: [{ recipients: [SUZU] }] }), 'leg-not-for-us');
  });
  it('no leg 3 for others', () => refuses(deliver([HANAKO], [HANAKO]), 'recipient-not-ours'));
  it('one recipient a leg 3', () => refuses(deliver([YUKI, KEN], [YUKI, KEN]), 'split-mixed'));
  it('members only', () => refuses(deliver(['nobody@hinode.example'], ['nobody@hinode.example']), 'recipient-unknown'));
  it('enrolled members only', async () => {
    scene.hinode.members.set('new@hinode.example', { mailbox: 'new@hinode.example', certificates: [] });
    await refuses(deliver(['new@hinode.example'], ['new@hinode.example']), 'recipient-not-enrolled');
  });
  it('a group becomes its mailboxes, by the key server alone', async () => {
    scene.hinode.aliases.set('all@hinode.example', [KEN, YUKI]);
    expect(await deliver(['all@hinode.example'], ['all@hinode.example'])).toMatchObject([{ mailbox: KEN }, { mailbox: YUKI }]);
  });
  it('no organisation that is revoked', async () => {
    scene.world.revoked.push({ serial: scene.tsukimi.issuer.certificate.serial, date: new Date(scene.world.now.getTime() - 1000), reason: 'keyCompromise' });
    await refuses(transfer([HANAKO], [HANAKO]), 'certificate-revoked');
    scene.world.revoked.pop();
  });
  it('no domain that the root did not certify', async () => {
    scene.tsukimi.entry.domains.push('bank.example');
    await refuses(transfer(['x@bank.example'], ['x@bank.example']), 'certificate-name-constraint');
    scene.tsukimi.entry.domains.pop();
  });
  it('no organisation that the root did not certify', async () => {
    const mine = scene.tsukimi.entry.certificate;
    scene.tsukimi.entry.certificate = impostors.tsukimi.issuer.certificate.der;
    await refuses(transfer([HANAKO], [HANAKO]), 'certificate-untrusted');
    scene.tsukimi.entry.certificate = mine;
  });

  it('no inspection server but the one that the directory lists', async () => {
    const service = createKeyService({ ...scene.hinode.serviceParts, inspection: () => Promise.resolve(scene.kasumi.inspection.certificate) });
    const { evidence } = await craft(scene, 1);
    await expect(service.inspect(evidence)).rejects.toMatchObject({ kind: 'fault', code: 'inspection-unknown' });
    expect(scene.hinode.multiplied.count).toBe(0);
  });
  it("no inspection of an ISP's members", async () => {
    scene.hinode.entry.type = 'isp';
    await refuses(inspect(1), 'inspection-not-consented');
    scene.hinode.entry.type = 'organisation';
  });
});
