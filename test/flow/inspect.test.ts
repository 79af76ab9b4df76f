import { beforeAll, describe, expect, test } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { contentDigest, parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseSignedData, verifySignerInfo } from '../../src/core/cms/signed-data.ts';
import { sha256 } from '../../src/core/digest.ts';
import { OID } from '../../src/core/oids.ts';
import { inspect, type InspectionParts } from '../../src/flow/inspect.ts';
import { decodeVerdict } from '../../src/wire/verdict.ts';
import { NO_DIRECTORY, policyOf, readingHere } from './policies.ts';
import { makeOrganisation, native, type Organisation, submission } from './submissions.ts';

const SENDER = 'taro@hinode.example';
const time = new Date('2026-11-22T03:00:00Z');
let organisation: Organisation;
let parts: InspectionParts;

beforeAll(async () => {
  organisation = await makeOrganisation();
  parts = {
    credential: await organisation.server('inspection', 'inspection.hinode.example'),
    native,
    sealer: organisation.certificate.sha256,
    organisation: 'NTRJP-2000012345678',
    policy: policyOf({ version: '2026-11-22', outbound: [{ check: 'keywords', name: 'words', words: ['秘'], result: 'refuse' }] }),
    reader: readingHere(),
    directory: NO_DIRECTORY,
    held: { decision: () => Promise.reject(new Error('not to be called')) },
    scanner: { scan: () => Promise.reject(new Error('not to be called')) },
    clock: { now: () => time },
  };
});

const submit = (text: string): Promise<Bytes> =>
  submission(utf8(`Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text}`), parts.credential.certificate, organisation.certificate);

describe('a verdict', () => {
  test.each([['よい', 'pass', []], ['秘密', 'refuse', [{ code: 'keyword', part: 1 }]]] as const)('over %s says %s', async (text, result, findings) => {
    const envelope = await submit(text);
    const { der } = await inspect(parts, { submission: envelope, form: 'sealed', leg: 1, direction: 'outbound', sender: SENDER });
    expect(decodeVerdict(parseSignedData(der).eContent)).toEqual({
      contentDigest: await contentDigest(parseAuthEnvelopedData(envelope).body),
      leg: 1, direction: 'outbound', organisation: 'NTRJP-2000012345678', policy: '2026-11-22', result, findings, time, sender: SENDER,
    });
  });

  test('is signed by the inspection server and carries its certificate', async () => {
    const signed = parseSignedData((await inspect(parts, { form: 'sealed', submission: await submit('x'), leg: 2, direction: 'inbound', sender: SENDER })).der);
    const { certificate } = parts.credential;
    expect(signed.certificates).toEqual([certificate.der]);
    await verifySignerInfo(signed.signer, {
      contentType: OID.verdict, eContentDigest: await sha256(signed.eContent), certificate: certificate.der, publicKey: certificate.publicKey,
    });
  });

  test('is not given for a mail that arrived from outside and would go out', async () => {
    await expect(inspect(parts, { form: 'sealed', submission: await submit('x'), leg: 2, direction: 'outbound', sender: SENDER })).rejects.toMatchObject({ code: 'direction-invalid' });
  });
});
