import { beforeAll, describe, expect, test } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { type Opener, openSubmission } from '../../src/flow/open-submission.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { type Deviations, makeOrganisation, native, type Organisation, submission } from './submissions.ts';

const content = utf8('Content-Type: text/plain\r\n\r\nhello\r\n');
let organisation: Organisation;
let server: Credential;
let opener: Opener;

beforeAll(async () => {
  organisation = await makeOrganisation();
  server = await organisation.server('inspection', 'inspection.hinode.example');
  opener = { credential: server, native, sealers: () => Promise.resolve([organisation.certificate.sha256]) };
});

const submit = (deviations: Deviations = {}): Promise<Bytes> =>
  submission(content, server.certificate, organisation.certificate, deviations);

async function failure(der: Bytes): Promise<string> {
  const error: unknown = await openSubmission(der, opener, 'sealed').then(() => undefined, (thrown: unknown) => thrown);
  if (!(error instanceof SsmaxError)) throw new Error('no refusal', { cause: error });
  return [error.kind, error.code, ...Object.values(error.params)].join(' ');
}

/** The DER with one bit of its byte `at` (from the end where negative) turned over. */
function turned(der: Bytes, at: number): Bytes {
  const copy = der.slice();
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

describe('what the gateway submits', () => {
  test('is opened when everything is as it should be', async () => {
    const der = await submit();
    const opened = await openSubmission(der, opener, 'sealed');
    expect(opened.contents).toEqual([content]);
    expect(opened.contentDigest).toHaveLength(32);
  });

  test('is refused without any recipient info, and with two', async () => {
    expect(await failure(await submit({ infos: () => [] }))).toBe('refused recipient-info-count');
    const other = (await submit({ infos: (info) => [info] }));
    const [second] = parseAuthEnvelopedData(other).recipientInfos;
    expect(await failure(await submit({ infos: (info) => [info, second!] }))).toBe('refused recipient-info-count');
  });

  test.each(['seal', 'self', 'transfer', 'deliver', 'recover', 'forward'] as const)('is refused with a label for %s', async (purpose) => {
    expect(await failure(await submit({ label: { purpose } }))).toBe('refused label-mismatch purpose');
  });

  test('is refused when its label names another key', async () => {
    expect(await failure(await submit({ label: { targetKey: organisation.certificate.spkiSha256 } }))).toBe('refused label-mismatch target');
  });

  test('is refused when sealed by another organisation', async () => {
    expect(await failure(await submit({ label: { sealer: server.certificate.sha256 } }))).toBe('unavailable organisation-changing');
  });

  test('is refused when the label is for other content', async () => {
    expect(await failure(await submit({ label: { contentDigest: new Uint8Array(32) } }))).toBe('refused content-digest-mismatch label');
  });

  test('is refused when the key derivation is for other content', async () => {
    expect(await failure(await submit({ info: { ukm: new Uint8Array(32) } }))).toBe('refused content-digest-mismatch ukm');
  });

  test('is not for this server when it names another key identifier', async () => {
    expect(await failure(await submit({ info: { subjectKeyIdentifier: organisation.certificate.subjectKeyIdentifier } }))).toBe('not-for-me recipient-info-target');
  });

  test('is refused when one bit of the ciphertext or of its tag changed: the digest no longer fits', async () => {
    const der = await submit();
    const { ciphertext } = parseAuthEnvelopedData(der).body;
    expect(await failure(turned(der, ciphertext.byteOffset + 3))).toBe('refused content-digest-mismatch ukm');
    expect(await failure(turned(der, -1))).toBe('refused content-digest-mismatch ukm');
  });

  test.each<[string, Deviations]>([
    ['label proof', { kemct: (kemct) => ({ ...kemct, f: turned(kemct.f, -1) }) }],
    ['label that the proof was not made for', { label: { recipients: ['jiro@tsukimi.example'] }, kemct: (kemct) => ({ ...kemct, u: kemct.w }) }],
    ['C1', { kemct: (kemct) => ({ ...kemct, c1: kemct.w }) }],
    ['C2', { kemct: (kemct) => ({ ...kemct, c2: kemct.c1 }) }],
    ['point off the curve', { kemct: (kemct) => ({ ...kemct, c2: turned(kemct.c2, -1) }) }],
    ['wrapped key', { info: { encryptedKey: new Uint8Array(40) } }],
    ['content key', { otherCek: new Uint8Array(32).fill(7) }],
    ['commitment to the content key, GCM being right', { otherCommitment: true }],
  ])('gives the one opaque error for a wrong %s', async (_, deviations) => {
    expect(await failure(await submit(deviations))).toBe('refused content-invalid');
  });

  test('is not refused when this server cannot calculate: that is its own fault', async () => {
    const broken = { ...native, publicArithmetic: { vanishes: () => Promise.reject(new TypeError('mcl.init is not a function')) } };
    await expect(openSubmission(await submit(), { ...opener, native: broken }, 'sealed')).rejects.toThrow('mcl.init is not a function');
  });

  test('is refused as DER when bytes are missing or follow', async () => {
    const der = await submit();
    expect(await failure(der.slice(0, -1))).toMatch(/^refused der-invalid/);
    expect(await failure(Uint8Array.from([...der, 0]))).toMatch(/^refused der-invalid/);
  });
});
