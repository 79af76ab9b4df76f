/** What the key server's listener for plugins refuses before it looks anything up (docs/protocol.md §9.2, §9.3). */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Hono } from 'hono';
import { encodeSignedAttributes, encodeSignedData, encodeSignerInfo } from '../../../src/core/cms/signed-data.ts';
import { sha256 } from '../../../src/core/digest.ts';
import { refused, SsmaxError } from '../../../src/core/error.ts';
import { OID } from '../../../src/core/oids.ts';
import { readSendingPolicy } from '../../../src/flow/sending-policy.ts';
import { pluginRoutes } from '../../../src/server/keyserver/plugin-routes.ts';
import { encodeJson } from '../../../src/wire/json.ts';
import { encodeProblem } from '../../../src/wire/problem.ts';
import { createScene, type Scene } from '../../security/scene.ts';

let scene: Scene;
let app: Hono;
/** A file of the directory that the key server has, and those that it was asked for. */
const KEPT = `files/${'a'.repeat(64)}`;
const handed: string[] = [];

const never = (): never => { throw new Error('not to be called'); };

beforeAll(async () => {
  scene = await createScene();
  const { hinode, taro, world } = scene;
  app = pluginRoutes({
    registry: { enrol: never, certificateByKey: async () => taro.certificate },
    ca: { certificate: hinode.issuer.certificate, issueUser: never, issueServer: never, issueMailSigner: never, revoke: never, crl: never, publishCrl: never },
    records: { refuse: never, refusal: async () => undefined, evidence: never, alert: never, record: never, erase: never },
    consents: { given: never, state: never, keep: never }, organisationType: async () => 'organisation',
    requireInForce: async () => { throw refused('certificate-revoked'); }, desk: { file: never, due: never, sent: never, take: never }, policy: { modes: ['protect-all', 'sign-only'], signedOnly: [] },
    id: hinode.id, keys: { inUse: hinode.issuer }, roots: [world.root.der], published: { copy: () => new Uint8Array([1]), file: async (name) => { handed.push(name); return new Uint8Array([2]); }, hasFile: (name) => name === KEPT }, clock: { now: () => world.now },
  });
  app.onError((error) => {
    if (!(error instanceof SsmaxError)) throw error;
    const { status, body } = encodeProblem(error);
    return new Response(body, { status });
  });
});

describe('the directory', () => {
  const get = async (name: string, from: string): Promise<Response> =>
    app.request(`/ssmax/v1/directory/${name}`, {}, { incoming: { socket: { remoteAddress: from } } });

  it('is handed out file by file; what is not at hand is asked for elsewhere so often only', async () => {
    expect((await get('index.cms', '192.0.2.1')).headers.get('cache-control')).toBe('no-cache');
    // Some come back while this is asked; more than twice as many never.
    const statuses: number[] = [];
    for (let i = 0; i < 1500 && statuses.at(-1) !== 429; i++) statuses.push((await get(`files/${i.toString(16).padStart(64, '0')}`, '192.0.2.1')).status);
    expect(statuses.at(-1)).toBe(429);
    expect(handed.length).toBeGreaterThanOrEqual(600);
    expect((await get(`files/${'b'.repeat(64)}`, '192.0.2.2')).status).toBe(200);
    for (let i = 0; i < 100; i++) expect((await get(KEPT, '192.0.2.1')).headers.get('cache-control')).toContain('immutable');
    for (const name of ['files/x', 'files/../x', 'root.pem']) expect((await get(name, '192.0.2.2')).status).toBe(404);
  });
});

describe('simpleenroll', () => {
  it.each([
    ['no credentials', undefined], ['another scheme', 'Bearer x'], ['base64 that is not canonical', 'Basic YQ='], ['bytes that are no text', 'Basic //79'],
    ['no colon', `Basic ${btoa('taro@hinode.example')}`],
  ])('refuses %s as it refuses a wrong code', async (_, authorization) => {
    const answer = await app.request('/.well-known/est/simpleenroll', { method: 'POST', body: '', ...(authorization !== undefined && { headers: { authorization } }) });
    expect([answer.status, await answer.json()]).toEqual([401, { kind: 'refused', code: 'enrolment-refused', params: {} }]);
  });

  it('may be called from any origin, without cookies', async () => {
    const answer = await app.request('/.well-known/est/simpleenroll', {
      method: 'OPTIONS', headers: { origin: 'moz-extension://x', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

/** Signed by taro over the type he names, carried under another. */
async function request(signedType: string, carriedType: string, asked: object = { type: 'refusal' }): Promise<[number, unknown]> {
  const { taro, hinode, world } = scene;
  const eContent = encodeJson({ ...asked, contentDigest: new Uint8Array(32), audience: hinode.id, time: world.now, nonce: new Uint8Array(32) });
  const signedAttrs = encodeSignedAttributes({ contentType: signedType, messageDigest: await sha256(eContent), signingTime: world.now, certificateHash: taro.certificate.sha256 });
  const body = encodeSignedData({
    eContentType: carriedType, eContent, certificates: [taro.certificate.der],
    signerInfo: encodeSignerInfo(taro.certificate.subjectKeyIdentifier, signedAttrs, await taro.key.sign(signedAttrs)),
  });
  const answer = await app.request('/ssmax/v1/requests', { method: 'POST', body });
  return [answer.status, answer.headers.get('content-type') === 'application/cms' ? 'signed' : await answer.json()];
}

describe('requests', () => {
  it('answers a member', async () => {
    expect(await request(OID.userRequest, OID.userRequest)).toEqual([200, 'signed']);
  });

  it('takes no report of one whose certificate is not in force, before the desk looks at it', async () => {
    const evidence = { signerInfo: new Uint8Array(8), certificates: [new Uint8Array(8)] };
    const complaint = { category: 'abuse', disclose: { reporter: false, comment: false } };
    expect(await request(OID.userRequest, OID.userRequest, { type: 'report', evidence, complaint })).toMatchObject([422, { code: 'certificate-revoked' }]);
  });

  it.each([[OID.userRequest, OID.verdict], [OID.verdict, OID.userRequest]])('refuses a signature over %s around %s', async (signed, carried) => {
    expect(await request(signed, carried)).toMatchObject([422, { code: 'content-type-mismatch' }]);
  });
});

describe('what a member may send', () => {
  it('is told under the organisation’s signature', async () => {
    const { taro, world } = scene;
    const policy = await readSendingPolicy({
      credential: taro, trust: await world.trust(), clock: { now: () => world.now }, random: (length) => crypto.getRandomValues(new Uint8Array(length)), url: '',
      http: async ({ method, url, body }) => {
        const answer = await app.request(url, { method, ...(body !== undefined && { body }) });
        return { status: answer.status, header: () => undefined, body: new Uint8Array(await answer.arrayBuffer()) };
      },
    });
    expect(policy).toEqual({ modes: ['protect-all', 'sign-only'], signedOnly: [] });
  });
});
