/**
 * The Authority's delegate taken over: it signs any directory and any CRL. It can keep mail from going and hide a
 * revocation; it cannot make an organisation, nor give one organisation another's domain: those are certified by the root,
 * whose key is not in the running server.
 */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { issueOrganisation, issueRoot } from '../../src/core/pki/issue.ts';
import { formFor, organisationOfSender } from '../../src/flow/recipients.ts';
import { generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import type { Organisation } from '../../src/wire/directory.ts';
import { native, NOW } from '../flow/world.ts';
import { chain, createScene, HANAKO, mail, read, refusal, type Scene, seal, submit, TARO } from './scene.ts';

let scene: Scene;
let honest: Map<string, Partial<Organisation>>;

beforeAll(async () => {
  scene = await createScene();
  honest = new Map([...scene.world.organisations].map(([name, { entry: { certificate, domains, alwaysSigned, gateways } }]) =>
    [name, { certificate, domains: [...domains], alwaysSigned, gateways }]));
});
afterEach(() => {
  for (const [name, { entry }] of scene.world.organisations) Object.assign(entry, honest.get(name));
});

/** The directory gives `domain` to this organisation instead of its own. */
function reassign(domain: string, to: Organisation): void {
  for (const { entry } of scene.world.organisations.values()) entry.domains = entry.domains.map((one) => (one === domain ? 'elsewhere.example' : one));
  to.domains = [...to.domains, domain];
}

/** An organisation's certificate for hinode.example by the delegate's key, under the root's name. */
async function madeByDelegate(): Promise<Bytes> {
  const { root, delegate: { key } } = scene.world;
  const random = (length: number): Bytes => native.random(length);
  const validity = { notBefore: new Date(NOW.getTime() - 60_000), notAfter: new Date(NOW.getTime() + 86_400_000) };
  const { commonName = '', organisation = '' } = root.subject;
  const own = await issueRoot({ key, subject: { commonName, organisation }, validity, random });
  const certificate = await issueOrganisation({
    publicKey: loadPrivateKey(generatePrivateKey()).publicKey, issuer: { certificate: own, key }, validity, random, name: '日之出市役所',
    organisationId: scene.hinode.id, country: 'JP', mailDomains: ['hinode.example'], hostNames: ['hinode.example'],
  });
  return certificate.der;
}

describe('it cannot', () => {
  it('make an organisation: a sender does not seal to it', async () => {
    scene.hinode.entry.certificate = await madeByDelegate();
    await expect(organisationOfSender(TARO, await scene.world.trust(), NOW)).rejects.toMatchObject(refusal('certificate-untrusted'));
  });

  it("have a sender seal to another organisation, by giving it the sender's domain", async () => {
    reassign('hinode.example', scene.kasumi.entry);
    await expect(organisationOfSender(TARO, await scene.world.trust(), NOW)).rejects.toMatchObject(refusal('certificate-name-constraint'));
  });

  it("have a gateway transfer to another organisation, by giving it the recipient's domain", async () => {
    const cms = await seal(scene, [HANAKO]);
    reassign('tsukimi.example', scene.kasumi.entry);
    await expect(submit(scene, cms, [HANAKO])).rejects.toMatchObject(refusal('certificate-name-constraint'));
  });

  it('forge a mail by listing a gateway of its own: the organisation’s signature is missing', async () => {
    const { leg3 } = await chain(scene);
    scene.tsukimi.entry.gateways = [native.random(32)];
    expect(await read(scene, mail(leg3, [HANAKO]), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'impersonation', detail: 'gateway-unknown' });
  });
});

describe('what it can do', () => {
  it('leave an organisation out: nothing goes there, and nothing goes in clear instead', async () => {
    scene.world.organisations.delete('tsukimi.example');
    await expect(formFor([HANAKO], await scene.world.trust())).rejects.toMatchObject(refusal('recipients-outside'));
  });

  it('take alwaysSigned away: a forgery is "outside SSMAX" then, never verified', async () => {
    const forged = Uint8Array.from(new TextEncoder().encode(`From: ${TARO}\r\nTo: ${HANAKO}\r\nSubject: x\r\n\r\nhello\r\n`));
    expect(await read(scene, forged, scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'impersonation' });
    scene.hinode.entry.alwaysSigned = [];
    expect(await read(scene, forged, scene.hanako, HANAKO)).toMatchObject({ state: 'outside' });
  });
});
