/**
 * Renewal gives a new certificate to the key that asks, for the same registry person, while its old one is neither revoked nor
 * suspended. Whoever has less than that key gets nothing by it, and nobody gets a second key.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { equal, fromHex } from '../../src/core/bytes.ts';
import { signObject } from '../../src/core/cms/signed-data.ts';
import { OID } from '../../src/core/oids.ts';
import type { Certificate } from '../../src/core/pki/certificate.ts';
import { encodeCertsOnly } from '../../src/core/pki/certs-only.ts';
import { issueUser } from '../../src/core/pki/issue.ts';
import type { Credential, Http } from '../../src/flow/ports.ts';
import { renewCertificate } from '../../src/flow/renew.ts';
import { generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { encodeJson, toBase64 } from '../../src/wire/json.ts';
import type { RenewalRequest } from '../../src/wire/life-requests.ts';
import { native } from '../flow/world.ts';
import { createLifeWorld, type LifeWorld } from '../server/keyserver/life-world.ts';
import { onBothDatabases } from '../server/shared/databases.ts';
import { createScene, refusal, type Scene } from './scene.ts';

const MEI = 'mei@tsukimi.example';
const DAY = 86_400_000;
let scene: Scene;
let life: LifeWorld;
let mei: Credential;
async function open(location: string): Promise<void> {
  scene = await createScene();
  life = await createLifeWorld(scene.world, scene.tsukimi, location);
  await life.register(MEI, 'E1');
  mei = await life.enrol(MEI, 'E1');
}

function later(days: number): void {
  scene.world.now = new Date(scene.world.now.getTime() + days * DAY);
}

const random = (length: number) => native.random(length);

async function renew(credential: Credential, http: Http = life.http): Promise<Certificate> {
  return renewCertificate({ http, url: 'https://keys.example', trust: await scene.world.trust(), now: scene.world.now, random, credential });
}

async function issued(): Promise<number> {
  return (await life.store.query.selectFrom('certificates').select('serial').execute()).length;
}

/** Asks as the key server is asked, with any request, key and certificate. */
async function ask(request: Partial<RenewalRequest>, { key, certificate }: Credential): Promise<string> {
  const value = encodeJson({ type: 'renewal', audience: scene.tsukimi.id, time: scene.world.now, nonce: random(32), ...request });
  const body = await signObject(
    { type: OID.userRequest, value, signingTime: scene.world.now }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
  return text(await life.http({ method: 'POST', url: 'https://keys.example/.well-known/est/simplereenroll', body }));
}

const text = ({ body }: { body: Uint8Array }): string => new TextDecoder().decode(body);

onBothDatabases('renewal', (fresh) => {
  beforeEach(async () => open(await fresh()));
  afterEach(() => life.close());

  describe('a certificate is renewed', () => {
    it('for the same key and person, once for as often as it is asked', async () => {
      later(200);
      const renewed = await renew(mei);
      expect(equal(renewed.publicKey, mei.certificate.publicKey)).toBe(true);
      expect(renewed.emails).toEqual([MEI]);
      expect(renewed.notBefore.getTime()).toBeGreaterThan(mei.certificate.notBefore.getTime() + 199 * DAY);
      expect((await renew(mei)).der).toEqual(renewed.der);
      expect(await issued()).toBe(2);
    });

    it('for a while after its end, and not for ever', async () => {
      later(365 + 89);
      expect(await ask({}, mei)).not.toContain('"renewal-too-late"');
      later(2);
      expect(await ask({}, mei)).toContain('"renewal-too-late"');
    });
  });

  describe('nothing is renewed', () => {
    afterEach(async () => {
      expect(await issued()).toBeLessThanOrEqual(2); // those that were enrolled
    });

    it('by another key with somebody’s certificate', async () => {
      await life.register('nao@tsukimi.example', 'E2');
      const nao = await life.enrol('nao@tsukimi.example', 'E2');
      later(300);
      expect(await ask({}, { key: nao.key, certificate: mei.certificate })).toContain('"signature-invalid"');
    });

    it('for a certificate that this organisation did not issue', async () => {
      later(300);
      expect(await ask({}, scene.hanako)).toContain('"request-invalid"');
      expect(await ask({}, scene.taro)).toContain('"request-invalid"');
      // Of another issuer, with her serial number.
      const key = loadPrivateKey(generatePrivateKey());
      const { serial, notBefore, notAfter } = mei.certificate;
      const certificate = await issueUser({
        publicKey: key.publicKey, issuer: scene.hinode.issuer, validity: { notBefore, notAfter }, random: () => fromHex(serial), email: 'x@hinode.example', commonName: 'x', pseudonymous: false,
      });
      expect(certificate.serial).toBe(serial);
      expect(await ask({}, { key, certificate })).toContain('"request-invalid"');
    });

    it('after revocation or suspension', async () => {
      later(300);
      await life.ca.revoke(mei.certificate.serial, 'certificateHold');
      await expect(renew(mei)).rejects.toMatchObject(refusal('certificate-suspended'));
      await life.revoke(MEI, 'E1');
      await expect(renew(mei)).rejects.toMatchObject(refusal('certificate-revoked'));
    });

    it('by a request for another organisation, of another kind, or of another time', async () => {
      later(300);
      expect(await ask({ audience: scene.hinode.id }, mei)).toContain('"request-invalid"');
      expect(await ask({ type: 'recovery' as 'renewal' }, mei)).toContain('"json-invalid"');
      expect(await ask({ time: new Date(scene.world.now.getTime() - 11 * 60_000) }, mei)).toContain('"clock-wrong"');
    });

    it('by an old request again', async () => {
      const http: Http = (request) => life.http(request);
      await renew(mei, http);
      const { last } = life.asked;
      if (last === undefined) throw new Error('nothing was asked');
      later(300);
      expect(text(await life.http(last))).toContain('"clock-wrong"');
    });
  });

  it('an answer with a certificate for another key is not taken', async () => {
    await life.register('nao@tsukimi.example', 'E2');
    const nao = await life.enrol('nao@tsukimi.example', 'E2');
    later(300);
    const bent: Http = async (request) => ({ ...(await life.http(request)), body: new TextEncoder().encode(toBase64(encodeCertsOnly([nao.certificate.der]))) });
    await expect(renew(mei, bent)).rejects.toMatchObject({ code: 'enrolment-answer-invalid' });
  });

  it('an answer with a certificate for another address is not taken', async () => {
    await life.register('nao@tsukimi.example', 'E2');
    const { member } = await life.store.query.selectFrom('certificates').select('member').where('address', '=', MEI).executeTakeFirstOrThrow();
    const other = await life.ca.issueUser({ id: member ?? '', address: 'nao@tsukimi.example', displayName: 'x', pseudonym: false }, mei.certificate.publicKey);
    const bent: Http = async (request) => ({ ...(await life.http(request)), body: new TextEncoder().encode(toBase64(encodeCertsOnly([other.der]))) });
    await expect(renew(mei, bent)).rejects.toMatchObject({ code: 'enrolment-answer-invalid' });
  });
});
