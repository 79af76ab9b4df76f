/** A verdict is good for one content, leg and direction, for an hour, from the organisation's own inspection server only. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { encodeSignedData, parseSignedData, signObject } from '../../src/core/cms/signed-data.ts';
import { OID } from '../../src/core/oids.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { encodeVerdict, recipientsHash, type Verdict } from '../../src/wire/verdict.ts';
import { native, signVerdict, type TestOrganisation } from '../flow/world.ts';
import { craft, type Crafted } from './craft.ts';
import { createScene, HANAKO, JIRO, refusal, type Scene, TARO, YUKI } from './scene.ts';

let scene: Scene;
let leg: Crafted;

beforeAll(async () => {
  scene = await createScene();
  leg = await craft(scene, 1, { recipients: [HANAKO, YUKI] });
});

const MINUTE = 60_000;
const at = (minutes: number): { time: Date } => ({ time: new Date(scene.world.now.getTime() + minutes * MINUTE) });

function verdict(fields: Partial<Verdict> = {}, organisation: TestOrganisation = scene.hinode, recipients: readonly string[] = [HANAKO, YUKI]): Promise<Bytes> {
  return signVerdict(organisation, { contentDigest: leg.digest, ...fields }, recipients);
}

/** Asks for all three calls that need a verdict; all must refuse alike. */
async function refuses(verdicts: readonly Bytes[], code: string, params?: Record<string, string | number>): Promise<void> {
  const { service, multiplied } = scene.hinode;
  multiplied.count = 0;
  const request = { evidence: leg.evidence, verdicts: [...verdicts], splits: [{ recipients: [HANAKO] }] };
  const signing = { ...request, purpose: 'transfer' as const, splits: [{ recipients: [HANAKO], messageDigest: native.random(32) }] };
  await expect(service.transfer(request)).rejects.toMatchObject(refusal(code, params));
  await expect(service.sign(signing)).rejects.toMatchObject(refusal(code, params));
  await expect(service.deliver({ ...request, splits: [{ recipients: [YUKI] }] })).rejects.toMatchObject(refusal(code, params));
  expect(multiplied.count).toBe(0);
}

/** Signed by somebody else, saying the same. */
async function signedBy({ key, certificate }: Credential, type: string = OID.verdict): Promise<Bytes> {
  const value = encodeVerdict({
    contentDigest: leg.digest, leg: 1, direction: 'outbound', organisation: scene.hinode.id, policy: 'p', result: 'pass', findings: [], time: scene.world.now, sender: TARO, recipients: await recipientsHash([HANAKO, YUKI]),
  });
  return signObject({ type, value, signingTime: scene.world.now }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier });
}

describe('without a verdict that is', () => {
  it('is there', () => refuses([], 'verdict-missing', { direction: 'outbound' }));
  it('for this content', async () => refuses([await verdict({ contentDigest: native.random(32) })], 'verdict-invalid', { what: 'content' }));
  it('for this leg', async () => refuses([await verdict({ leg: 2 })], 'verdict-invalid', { what: 'leg' }));
  it('for this sender\'s policy', async () => refuses([await verdict({ sender: YUKI })], 'verdict-invalid', { what: 'sender' }));
  it('for these recipients', async () => {
    for (const others of [[HANAKO], [HANAKO, YUKI, JIRO], [HANAKO, JIRO]]) await refuses([await verdict({}, scene.hinode, others)], 'verdict-invalid', { what: 'recipients' });
  });
  it('for this direction', async () => refuses([await verdict({ direction: 'inbound' })], 'verdict-missing', { direction: 'outbound' }));
  it('an hour old at most', async () => refuses([await verdict(at(-61))], 'verdict-stale'));
  it('not of the future', async () => refuses([await verdict(at(11))], 'verdict-stale'));
  it('pass or tag', async () => {
    await refuses([await verdict({ result: 'refuse' })], 'verdict-refused');
    await refuses([await verdict({ result: 'hold' })], 'verdict-refused');
  });
  it("of this organisation's inspection server", async () => refuses([await verdict({}, scene.tsukimi)], 'certificate-untrusted'));
  it('in the name of this organisation', async () => refuses([await verdict({ organisation: scene.tsukimi.id })], 'verdict-invalid', { what: 'organisation' }));
  it('signed by an inspection server', async () => {
    await refuses([await signedBy(scene.hinode.gateway)], 'certificate-role');
    await refuses([await signedBy(scene.taro)], 'certificate-role');
  });
  it('signed as a verdict', async () => refuses([await signedBy(scene.hinode.inspection, OID.userRequest)], 'content-type-mismatch'));
  it('declared as a verdict', async () => {
    const { signer, ...rest } = parseSignedData(await verdict());
    await refuses([encodeSignedData({ ...rest, eContentType: OID.userRequest, signerInfo: signer.der })], 'content-type-mismatch');
  });
  it('signed by a server that the Authority lists', async () => {
    const listed = scene.hinode.entry.inspections.splice(0);
    await refuses([await verdict()], 'verdict-invalid', { what: 'signer' });
    scene.hinode.entry.inspections.push(...listed);
  });
  it('signed by a server in force', async () => {
    const { serial } = scene.hinode.inspection.certificate;
    scene.hinode.revoked.push({ serial, date: new Date(scene.world.now.getTime() - 1000), reason: 'keyCompromise' });
    await refuses([await verdict()], 'certificate-revoked');
    scene.hinode.revoked.pop();
  });
  it('unaltered', async () => {
    const der = await verdict();
    der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
    await refuses([der], 'signature-invalid');
  });

  it('one for each direction: mail inside the organisation needs both', async () => {
    const request = { evidence: leg.evidence, verdicts: [await verdict()], splits: [{ recipients: [YUKI] }] };
    await expect(scene.hinode.service.deliver(request)).rejects.toMatchObject(refusal('verdict-missing', { direction: 'inbound' }));
  });

  it('an outbound one of leg 1 does not do for leg 2', async () => {
    const arriving = await craft(scene, 2);
    const request = {
      evidence: arriving.evidence, splits: [{ recipients: [HANAKO] }],
      verdicts: [await signVerdict(scene.tsukimi, { contentDigest: arriving.digest, leg: 2, direction: 'outbound' })],
    };
    await expect(scene.tsukimi.service.deliver(request)).rejects.toMatchObject(refusal('verdict-missing', { direction: 'inbound' }));
  });
});

describe('with a good verdict', () => {
  it('the mail goes on, and what was found stands in the attestation', async () => {
    const { service } = scene.hinode;
    const verdicts = [await verdict({ result: 'tag', findings: [{ code: 'keyword', part: 2 }] })];
    await service.transfer({ evidence: leg.evidence, verdicts, splits: [{ recipients: [HANAKO] }] });
    const [answer] = await service.sign({
      evidence: leg.evidence, verdicts, purpose: 'transfer', splits: [{ recipients: [HANAKO], messageDigest: native.random(32) }],
    });
    expect(Buffer.from(answer?.signedAttrs ?? []).includes('keyword')).toBe(true);
  });
});
