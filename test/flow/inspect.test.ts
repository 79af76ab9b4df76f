import { beforeAll, describe, expect, test } from 'vitest';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { contentDigest, parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseSignedData, verifySignerInfo } from '../../src/core/cms/signed-data.ts';
import { sha256 } from '../../src/core/digest.ts';
import { OID } from '../../src/core/oids.ts';
import { inspect, type InspectionParts } from '../../src/flow/inspect.ts';
import { openView } from '../../src/flow/held-view.ts';
import type { Policy } from '../../src/flow/policy/rules.ts';
import { decodeVerdict, recipientsHash } from '../../src/wire/verdict.ts';
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
    sealers: () => Promise.resolve([organisation.certificate.sha256]),
    organisation: 'NTRJP-2000012345678',
    policy: policyOf({ version: '2026-11-22', outbound: [{ check: 'keywords', name: 'words', words: ['秘'], result: 'refuse' }] }),
    reader: readingHere(),
    directory: NO_DIRECTORY,
    held: {
      decision: () => Promise.reject(new Error('not to be called')), refusal: () => Promise.resolve(undefined),
      viewers: () => Promise.resolve([]), show: () => Promise.reject(new Error('not to be called')),
    },
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
      leg: 1, direction: 'outbound', organisation: 'NTRJP-2000012345678', policy: '2026-11-22', result, findings, time, sender: SENDER, recipients: await recipientsHash(['hanako@tsukimi.example']),
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

describe('a mail that the policy holds', () => {
  const held = (decision: 'waiting' | 'approved' | 'rejected' | 'expired', refusal?: 'rejected' | 'expired'): InspectionParts => ({
    ...parts,
    policy: { ...policyOf({ version: '1', outbound: [{ check: 'keywords', name: 'a', words: ['秘'], result: 'hold' }, { check: 'keywords', name: 'b', words: ['密'], result: 'tag' }] }), organisation: {
      outbound: [{ check: 'keywords', name: 'a', words: ['秘'], result: 'hold' }, { check: 'keywords', name: 'b', words: ['密'], result: 'tag' }], inbound: [], approvers: ['yuki@hinode.example', SENDER],
    } },
    held: {
      decision: (mail) => {
        expect(mail.approvers).toEqual(['yuki@hinode.example']);
        expect(mail.until.getTime() - mail.since.getTime()).toBe(72 * 3_600_000);
        return Promise.resolve(decision);
      },
      refusal: () => Promise.resolve(refusal),
      viewers: () => Promise.resolve([]),
      show: () => Promise.reject(new Error('not to be called')),
    },
  });
  const verdictOf = async (by: InspectionParts, text: string) => {
    const { verdict: { result, findings } } = await inspect(by, { submission: await submit(text), form: 'sealed', leg: 1, direction: 'outbound', sender: SENDER });
    return { result, codes: findings.map(({ code }) => code) };
  };

  test.each([
    ['waiting', '秘', 'hold', ['keyword']], ['approved', '秘', 'pass', []], ['approved', '秘密', 'tag', ['keyword']], ['rejected', '秘', 'refuse', ['hold-rejected']], ['expired', '秘', 'refuse', ['hold-expired']],
  ] as const)('and that is %s', async (decision, text, result, codes) => {
    expect(await verdictOf(held(decision), text)).toEqual({ result, codes });
  });

  test('and that was sent back stays back, although what held it is not found again', async () => {
    expect(await verdictOf(held('waiting', 'rejected'), 'よい')).toEqual({ result: 'refuse', codes: ['hold-rejected'] });
    expect(await verdictOf(held('waiting', 'expired'), 'よい')).toEqual({ result: 'refuse', codes: ['hold-expired'] });
  });

  test('and for which there is no other person is refused', async () => {
    const alone = held('waiting');
    expect(await verdictOf({ ...alone, policy: { ...alone.policy, organisation: { ...alone.policy.organisation, approvers: [SENDER] } } }, '秘')).toEqual({ result: 'refuse', codes: ['hold-no-approver'] });
  });
});

describe('an approver who asked to see a held mail', () => {
  const rules = [{ check: 'keywords', name: 'a', words: ['秘'], result: 'hold' }] as const;
  const viewing = async (text: string, { policy = {}, asks = true, reader = parts.reader }: { policy?: Partial<Policy>; asks?: boolean; reader?: InspectionParts['reader'] } = {}) => {
    const { credential } = parts; // any key will do as the approver's
    const sealed: Bytes[] = [];
    const by: InspectionParts = {
      ...parts, reader, policy: { ...policyOf({ organisation: { outbound: rules, inbound: [], approvers: ['yuki@hinode.example'] } }), ...policy },
      held: {
        decision: () => Promise.resolve('waiting'), refusal: () => Promise.resolve(undefined),
        viewers: () => Promise.resolve(asks ? [{ address: 'yuki@hinode.example', certificate: credential.certificate }] : []),
        show: async (_mail, _viewer, seal) => void sealed.push(await seal(ID)),
      },
    };
    await inspect(by, { submission: await submit(text), form: 'sealed', leg: 1, direction: 'outbound', sender: SENDER });
    const [one] = sealed;
    return one && { sealed: one, view: await openView(native, one, credential, ID, credential.certificate.sha256) };
  };
  const ID = `${'0'.repeat(32)}-1-outbound`;

  test('gets the text and the places found, sealed to his key', async () => {
    const seen = await viewing('これは秘密です');
    expect(seen?.view).toMatchObject({ id: ID, views: [{ places: [{ rule: 'a', code: 'keyword', part: 1, text: 'これは秘密です' }], pieces: [{ part: 0 }, { part: 1, text: 'これは秘密です', cut: false }] }] });
    expect(Buffer.from(seen?.sealed ?? []).includes('秘密')).toBe(false);
    await expect(openView(native, seen?.sealed ?? new Uint8Array(0), parts.credential, ID.replace('0', '1'), parts.credential.certificate.sha256)).rejects.toMatchObject({ code: 'answer-mismatch' });
    const other = await organisation.server('inspection', 'other.hinode.example');
    await expect(openView(native, seen?.sealed ?? new Uint8Array(0), other, ID, parts.credential.certificate.sha256)).rejects.toMatchObject({ kind: 'not-for-me' });
  });

  test('gets nothing of a mail that is not held, where nobody asked, or where the policy says codes only', async () => {
    expect([await viewing('よい'), await viewing('秘密', { asks: false }), await viewing('秘密', { policy: { approversSee: 'codes' } })]).toEqual([undefined, undefined, undefined]);
  });

  test('is told that a mail could not be read', async () => {
    const seen = await viewing('秘密', { policy: { unreadable: { outbound: 'hold', inbound: 'hold' } }, reader: { read: () => Promise.resolve(undefined) } });
    expect(seen?.view.views).toEqual([]);
  });
});
