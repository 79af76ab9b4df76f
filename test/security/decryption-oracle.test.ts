/**
 * No oracle: whatever is wrong with the encrypted part, who sent it learns nothing of which check failed. The inspection
 * server says one code; a reader shows one sentence; the key server, which has no ciphertext, cannot be asked.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { openSubmission } from '../../src/flow/open-submission.ts';
import { encodeProblem } from '../../src/wire/problem.ts';
import { type Deviations, makeOrganisation, native, type Organisation, type ServerIdentity, submission } from '../flow/submissions.ts';
import { craft, type Tweak } from './craft.ts';
import { createScene, flip, HANAKO, mail, read, type Scene } from './scene.ts';

let organisation: Organisation;
let credential: ServerIdentity;
let scene: Scene;
beforeAll(async () => {
  organisation = await makeOrganisation();
  credential = await organisation.server('inspection', 'inspection.hinode.example');
  scene = await createScene();
});

async function foreign(): Promise<Bytes> {
  return (await native.ephemeral(new Uint8Array(0))).publicKey;
}

const deviations: [string, () => Promise<Deviations>][] = [
  ['C1', async () => { const c1 = await foreign(); return { kemct: (kemct) => ({ ...kemct, c1 }) }; }],
  ['C2', async () => { const c2 = await foreign(); return { kemct: (kemct) => ({ ...kemct, c2 }) }; }],
  ['C2 off the curve', async () => ({ kemct: (kemct) => ({ ...kemct, c2: flip(kemct.c2, 64) }) })],
  ['the label proof', async () => ({ kemct: (kemct) => ({ ...kemct, f: flip(kemct.f, 31) }) })],
  ['the wrapped key', async () => ({ info: { encryptedKey: native.random(40) } })],
  ['the key inside', async () => ({ otherCek: native.random(32) })],
];

describe('the inspection server', () => {
  it('gives one and the same answer, to the byte', async () => {
    const answers = await Promise.all(deviations.map(async ([, deviation]) => {
      const der = await submission(utf8('hello'), credential.certificate, organisation.certificate, await deviation());
      const error: unknown = await openSubmission(der, { native, credential, sealers: () => Promise.resolve([organisation.certificate.sha256]) }, 'sealed').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SsmaxError);
      const { status, body } = encodeProblem(error);
      return `${status} ${Buffer.from(body).toString()}`;
    }));
    expect(new Set(answers)).toEqual(new Set(['422 {"kind":"refused","code":"content-invalid","params":{}}']));
  });
});

describe('the reader', () => {
  const tweaks: [string, () => Promise<Tweak>][] = [
    ['C2', async () => { const c2 = await foreign(); return { kemct: (kemct) => ({ ...kemct, c2 }) }; }],
    ['the label proof', async () => ({ kemct: (kemct) => ({ ...kemct, f: flip(kemct.f, 31) }) })],
    ['the wrapped key', async () => ({ info: (info) => ({ ...info, encryptedKey: native.random(40) }) })],
    ['the commitment', async () => ({ body: (body) => ({ ...body, authAttrs: flip(body.authAttrs, body.authAttrs.length - 1) }) })],
    ['the tag', async () => ({ body: (body) => ({ ...body, mac: flip(body.mac, 3) }) })],
  ];
  it.each(tweaks)('says "altered", whether %s is wrong or anything else', async (_, tweak) => {
    const { cms } = await craft(scene, 3, await tweak());
    expect(await read(scene, mail(cms, [HANAKO]), scene.hanako, HANAKO)).toMatchObject({ state: 'problem', code: 'altered', content: 'not-opened' });
  });
});
