/**
 * An inspection server taken over (design §1): it reads what is submitted to it. It cannot redirect, forge, or open anything
 * else, and a verdict tells the gateway nothing but codes.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { contentDigest, encodeAuthEnvelopedData, parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { openSubmission, type Opener } from '../../src/flow/open-submission.ts';
import { type Inspection, relay } from '../../src/flow/relay.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import { decodeVerdict, encodeVerdict, type Verdict } from '../../src/wire/verdict.ts';
import { native, NOW, signVerdict } from '../flow/world.ts';
import { submission } from '../flow/submissions.ts';
import { craft } from './craft.ts';
import { CANARY, chain, createScene, HANAKO, holds, mail, read, refusal, type Scene, seal, TARO } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

async function submitWith(inspect: Inspection['inspect']): Promise<unknown> {
  const { keyServer } = scene.hinode.parts;
  const asked = (): Promise<never> => Promise.reject(new Error('the key server was asked to go on'));
  return relay({ ...scene.hinode.parts, inspection: { inspect }, keyServer: { ...keyServer, transfer: asked, deliver: asked, sign: asked } }, 'submission', {
    cms: await seal(scene, [HANAKO]), recipients: [HANAKO], from: TARO, visible: [HANAKO],
  });
}

describe('it cannot open anything but what is submitted to it', () => {
  function opener(): Opener {
    return { native, credential: scene.hinode.inspection, sealers: () => Promise.resolve([scene.hinode.issuer.certificate.sha256]) };
  }
  it('what is submitted opens', async () => {
    const der = await submission(new TextEncoder().encode(CANARY), scene.hinode.inspection.certificate, scene.hinode.issuer.certificate);
    expect(holds((await openSubmission(der, opener(), 'sealed')).contents[0] ?? new Uint8Array(0), CANARY)).toBe(true);
  });
  it.each(['leg1', 'leg2', 'leg3'] as const)('%s does not', async (which) => {
    const { eContent } = parseSignedData((await chain(scene))[which]);
    const { recipientInfos, body } = parseAuthEnvelopedData(eContent);
    for (const info of recipientInfos) {
      await expect(openSubmission(encodeAuthEnvelopedData([info], body), opener(), 'sealed')).rejects.toMatchObject({ kind: 'not-for-me', code: 'recipient-info-target' });
    }
  });
  it('a label for another purpose, even under its own key', async () => {
    const der = await submission(new Uint8Array(10), scene.hinode.inspection.certificate, scene.hinode.issuer.certificate, { label: { purpose: 'deliver' } });
    await expect(openSubmission(der, opener(), 'sealed')).rejects.toMatchObject(refusal('label-mismatch', { what: 'purpose' }));
  });
  it("another organisation's submission", async () => {
    const der = await submission(new Uint8Array(10), scene.hinode.inspection.certificate, scene.tsukimi.issuer.certificate);
    await expect(openSubmission(der, opener(), 'sealed')).rejects.toMatchObject({ kind: 'unavailable', code: 'organisation-changing' });
  });
});

describe('it cannot forge or redirect', () => {
  it('its key signs no leg: not as user, not as organisation', async () => {
    const trust = await scene.world.trust();
    for (const number of [1, 2] as const) {
      const { cms } = await craft(scene, number, { signer: scene.hinode.inspection });
      await expect(verifyLeg(cms, trust, scene.world.now, 'now')).rejects.toMatchObject(refusal(number === 1 ? 'certificate-role' : 'organisation-unknown'));
    }
  });
  it('nor does it stand for a gateway', async () => {
    const { cms } = await craft(scene, 3, { gateway: scene.tsukimi.inspection });
    expect(await read(scene, mail(cms, [HANAKO]), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'impersonation' });
  });
  it('its verdict changes nobody: it holds no address but the sender\'s, and no content', async () => {
    const der = await signVerdict(scene.hinode, { contentDigest: native.random(32) });
    expect(Object.keys(decodeVerdict(parseSignedData(der).eContent)).sort())
      .toEqual(['contentDigest', 'direction', 'findings', 'leg', 'organisation', 'policy', 'recipients', 'result', 'sender', 'time']);
  });
});

describe('the gateway takes no verdict', () => {
  it('for other content', async () => {
    await expect(submitWith((_, leg, direction) => signVerdict(scene.hinode, { contentDigest: native.random(32), leg, direction })))
      .rejects.toMatchObject(refusal('verdict-invalid'));
  });
  it('for another direction or leg', async () => {

    await expect(submitWith(async (envelope) => signVerdict(scene.hinode, { contentDigest: await contentDigestOf(envelope), leg: 1, direction: 'inbound' })))
      .rejects.toMatchObject(refusal('verdict-invalid'));
    await expect(submitWith(async (envelope, _, direction) => signVerdict(scene.hinode, { contentDigest: await contentDigestOf(envelope), leg: 2, direction })))
      .rejects.toMatchObject(refusal('verdict-invalid'));
  });
  it('for others than the recipients', async () => {
    await expect(submitWith(async (envelope, leg, direction) => signVerdict(scene.hinode, { contentDigest: await contentDigestOf(envelope), leg, direction }, [HANAKO, TARO])))
      .rejects.toMatchObject(refusal('verdict-invalid', { what: 'recipients' }));
  });
  it("of another organisation's server", async () => {
    await expect(submitWith(async (envelope, leg, direction) => signVerdict(scene.tsukimi, { contentDigest: await contentDigestOf(envelope), leg, direction })))
      .rejects.toMatchObject(refusal('certificate-untrusted'));
  });
});

describe('a verdict tells the gateway codes only', () => {
  const verdict: Verdict = {
    contentDigest: native.random(32), leg: 1, direction: 'outbound', organisation: 'x', policy: 'p', result: 'refuse', findings: [], time: NOW, sender: TARO, recipients: native.random(32),
  };
  it.each(['The salary is 5,000,000', '機密', 'UPPER', '', 'two--hyphens', 'line\u2028break'])('"%s" is no code', (code) => {
    expect(() => decodeVerdict(encodeVerdict({ ...verdict, findings: [{ code, part: 1 }] }))).toThrow(/text-invalid|der-invalid/);
  });
  it('nor more than 32 of them', () => {
    const findings = Array.from({ length: 40 }, (_, part) => ({ code: 'keyword', part }));
    expect(decodeVerdict(encodeVerdict({ ...verdict, findings })).findings).toHaveLength(32);
  });
});

async function contentDigestOf(envelope: Parameters<Inspection['inspect']>[0]): ReturnType<typeof contentDigest> {
  return contentDigest(parseAuthEnvelopedData(envelope).body);
}
