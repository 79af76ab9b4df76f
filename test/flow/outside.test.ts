/** Mail to readers outside SSMAX: leg 1, sign-only, becomes an S/MIME mail that OpenSSL verifies. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, concat, fromHex, hex } from '../../src/core/bytes.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { sha256 } from '../../src/core/digest.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import type { SignEvidence } from '../../src/flow/ports.ts';
import type { Departure } from '../../src/flow/relay.ts';
import { mailBytes } from '../../src/mail/carrier.ts';
import { clearSigned, isSevenBitSafe } from '../../src/mail/clear-signed.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { parseMixed } from '../../src/mail/mixed.ts';
import { verifySmime } from '../../src/server/shared/smime.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import { allowOutside, MIKA, NORI, sealOutside } from '../security/outside.ts';
import { createScene, flip, HANAKO, holds, mail, refusal, type Scene, seal, submit, TARO } from '../security/scene.ts';

let scene: Scene;
let directory: string;
let root: string;
const kept: SignEvidence[] = [];

beforeAll(async () => {
  scene = await createScene();
  const outside = allowOutside(scene.hinode, ['*.example']);
  const { serviceParts } = scene.hinode;
  const keyServer = createKeyService({ ...serviceParts, modes: ['protect-all'], outside, records: { ...serviceParts.records, evidence: (evidence) => Promise.resolve(void kept.push(evidence)) } });
  scene.hinode.parts = { ...scene.hinode.parts, keyServer };
  directory = mkdtempSync(join(tmpdir(), 'outside-'));
  root = join(directory, 'root.pem');
  writeFileSync(root, encodePem('CERTIFICATE', scene.world.root.der));
});
afterAll(() => rmSync(directory, { recursive: true }));

function asMail(leg1: Bytes, { clear, cms }: Departure, to: readonly string[]): Bytes {
  return mailBytes(clearSigned(mail(leg1, to), clear ?? new Uint8Array(0), cms, '=_0123456789abcdef0123456789abcdef'));
}

/** OpenSSL as a reader with the Authority's root would run it. Gives what was signed, or why not. */
function openssl(raw: Bytes, ...options: string[]): string {
  const file = join(directory, 'mail.eml');
  writeFileSync(file, raw);
  try {
    const output = ['-CAfile', root, '-no-CApath', '-no-CAstore', '-purpose', 'smimesign', '-x509_strict', '-attime', String(scene.world.now.getTime() / 1000)];
    return execFileSync('openssl', ['cms', '-verify', '-inform', 'SMIME', '-in', file, ...output, ...options], { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
  } catch (error) {
    return `failed: ${String((error as { stderr?: Buffer }).stderr)}`;
  }
}

describe('a mail to readers outside', () => {
  it('that waited for approval is signed at the time at which its sender signed: Thunderbird compares that with Date', async () => {
    const leg1 = await sealOutside(scene, [MIKA]);
    const sealed = scene.world.now;
    scene.world.now = new Date(sealed.getTime() + 3 * 3_600_000);
    try {
      const { departures: [only] } = await submit(scene, leg1, [MIKA]);
      if (only === undefined) throw new Error('nothing left');
      const file = join(directory, 'signature.der');
      writeFileSync(file, only.cms);
      const text = execFileSync('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER', '-in', file]).toString();
      expect(Date.parse(/signingTime[\s\S]*?UTCTIME:(.*)/.exec(text)?.[1] ?? '')).toBe(sealed.getTime());
    } finally {
      scene.world.now = sealed;
    }
  });

  it('is what the sender signed, byte for byte, under the organisation’s signature for this address', async () => {
    const leg1 = await sealOutside(scene, [MIKA]);
    const { departures: [only, ...others] } = await submit(scene, leg1, [MIKA]);
    expect(others).toEqual([]);
    if (only?.clear === undefined) throw new Error('not outside');
    expect(only).toMatchObject({ purpose: 'outside', recipients: [MIKA], hidden: false, clear: parseMixed(parseSignedData(leg1).eContent).clear });
    expect(isSevenBitSafe(only.clear)).toBe(true);
    const raw = asMail(leg1, only, [MIKA]);
    expect(openssl(raw)).toContain('Subject: Estimate');
    const subject = Buffer.from(raw).lastIndexOf('Subject: Estimate') + 9;
    expect(openssl(flip(raw, subject))).toMatch(/^failed: [\s\S]*verif/);
  });

  it('names no user: neither certificate nor serial number nor hash leaves the organisation', async () => {
    const leg1 = await sealOutside(scene, [MIKA]);
    const { departures: [only] } = await submit(scene, leg1, [MIKA]);
    const raw = concat(asMail(leg1, only as Departure, [MIKA]), only?.cms ?? new Uint8Array(0));
    const { certificate } = scene.taro;
    for (const secret of [certificate.der, certificate.sha256, certificate.spkiSha256, certificate.publicKey, certificate.subjectKeyIdentifier, fromHex(certificate.serial)]) {
      expect(holds(raw, secret)).toBe(false);
      expect(Buffer.from(raw).toString('latin1').toLowerCase()).not.toContain(hex(secret));
    }
    expect(holds(raw, '山田')).toBe(false);
  });

  it('leaves the evidence that every leg leaves', async () => {
    kept.length = 0;
    const leg1 = await sealOutside(scene, [MIKA]);
    const { contentDigest } = await submit(scene, leg1, [MIKA]);
    expect(kept).toEqual([{ contentDigest, leg: 1, signerInfo: parseSignedData(leg1).signer.der, certificateHash: await sha256(scene.taro.certificate.der) }]);
  });

  it('goes to hidden recipients alone, each, and names none', async () => {
    const leg1 = await sealOutside(scene, [MIKA], [NORI, 'ai@outside.example']);
    const { departures } = await submit(scene, leg1, [MIKA, NORI, 'ai@outside.example'], { visible: [MIKA] });
    expect(departures.map(({ recipients, hidden }) => [recipients, hidden])).toEqual([[['ai@outside.example'], true], [[NORI], true], [[MIKA], false]]);
    for (const one of departures) expect(Buffer.from(asMail(leg1, one, [MIKA])).toString()).not.toMatch(/nori|ai@/);
  });

  it('is inspected like all other mail', async () => {
    scene.hinode.verdict = { result: 'refuse', findings: [{ code: 'keyword', part: 0 }] };
    await expect(submit(scene, await sealOutside(scene, [MIKA]), [MIKA])).rejects.toMatchObject(refusal('keyword'));
    scene.hinode.verdict = { result: 'pass', findings: [] };
  });

  it('is what plain S/MIME verification of ours calls valid', async () => {
    const leg1 = await sealOutside(scene, [MIKA]);
    const { departures: [only] } = await submit(scene, leg1, [MIKA]);
    const found = await verifySmime(parseMime(asMail(leg1, only as Departure, [MIKA]), 'outer'), TARO, root);
    expect(found).toMatchObject({ fromMatches: true, signer: { name: '日之出市役所', addresses: [TARO] } });
    expect(['valid', 'untrusted']).toContain(found?.result); // by the clock of today
  });
});

describe('what does not go outside', () => {
  it('is what the policy does not allow for the domain', async () => {
    await expect(submit(scene, await sealOutside(scene, ['x@outside.test']), ['x@outside.test'])).rejects.toMatchObject(refusal('recipients-outside', { addresses: 'x@outside.test' }));
  });

  it('is a mix: nobody’s mail is downgraded', async () => {
    const mixed = await sealOutside(scene, [MIKA, HANAKO]);
    for (const recipients of [[MIKA], [MIKA, HANAKO]]) {
      await expect(submit(scene, mixed, recipients, { visible: [MIKA, HANAKO] })).rejects.toMatchObject(refusal('recipients-mixed'));
    }
    await expect(submit(scene, mixed, [HANAKO], { visible: [MIKA, HANAKO] })).rejects.toMatchObject(refusal('recipients-mixed'));
  });

  it('is what is encrypted', async () => {
    await expect(submit(scene, await seal(scene, [MIKA]), [MIKA])).rejects.toMatchObject(refusal('recipient-outside'));
  });

  it('is what a mail server would change on the way', async () => {
    await expect(submit(scene, await sealOutside(scene, [MIKA], [], { transport: 'binary' }), [MIKA])).rejects.toMatchObject(refusal('outside-not-7bit'));
  });

  it('sign-only inside stays a mode of its own', async () => {
    await expect(submit(scene, await sealOutside(scene, [HANAKO]), [HANAKO])).rejects.toMatchObject(refusal('mode-not-allowed'));
  });
});
