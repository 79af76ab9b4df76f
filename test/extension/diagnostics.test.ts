import { describe, expect, it } from 'vitest';
import { diagnose } from '../../extension/member/diagnostics.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { SearchIndex } from '../../extension/member/search-index.ts';
import { sealDraft } from '../../extension/member/seal.ts';
import { diagnosticLabel } from '../../extension/ui/diagnostics.tsx';
import { hex } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { toBase64 } from '../../src/wire/json.ts';
import { createWorld } from '../flow/world.ts';
import { createTestMember } from './member-world.ts';
import { wordsOf } from './words.ts';

const TARO = 'taro@hinode.example';
const HERE = { version: '0.1.0', client: 'Thunderbird 153.0', system: 'win x86-64', language: 'ja' };

describe('the report for the administrator', () => {
  it('says what works, and holds nothing secret', async () => {
    const chain = await createWorld();
    const hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
    const member = createTestMember(chain, hinode);
    const identity = await enrol(member, { address: TARO, code: 'ABCD-1234' });
    await enrol(createTestMember(chain, hinode), { address: 'yuki@hinode.example', code: 'ABCD-1234' });
    const sealed = await sealDraft(member, {
      from: `山田 太郎 <${TARO}>`, to: ['鈴木 雪 <yuki@hinode.example>'], cc: [], bcc: [], replyTo: [], subject: '秘密の件', text: '秘密の本文', images: [], attachments: [],
    });
    if (sealed.kind !== 'sealed') throw new Error();
    await member.ports.tables.correspondents.put('mei@elsewhere.example', { address: 'mei@elsewhere.example', names: ['芽衣'], lastAt: chain.now });
    await new SearchIndex(member.ports.tables).add({ contentDigest: 'd', messageId: 'm@x', subject: '秘密の件', from: 'f', date: 0, text: '秘密の本文' });

    const report = await diagnose(member, HERE, diagnosticLabel(wordsOf('ja')));
    expect(report).toContain(`${TARO} の鍵 [key]: works, no passphrase; certificate until `);
    expect(report).toContain('組織の一覧と失効の一覧 [trust]: in force; directory of ');
    expect(report).toContain('保護して送ったメールの記録 [sealed]: 1');
    const certificate = identity.certificate;
    for (const secret of [
      '秘密', 'yuki', '鈴木', 'mei@', '芽衣', '山田', sealed.contentDigest, hex(identity.pair.publicKey), toBase64(identity.pair.publicKey),
      hex(certificate).slice(20, 60), toBase64(certificate).slice(20, 60), 'm@x', 'ABCD-1234',
    ]) expect(report, secret).not.toContain(secret);
  });

  it('has the same values in both languages, and names that are the same in both', async () => {
    const chain = await createWorld();
    const member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
    await enrol(member, { address: TARO, code: 'ABCD-1234' });
    const lines = async (language: 'ja' | 'en'): Promise<string[]> => (await diagnose(member, HERE, diagnosticLabel(wordsOf(language)))).trimEnd().split('\n');
    const [ja, en] = [await lines('ja'), await lines('en')];
    const values = (all: string[]): string[] => all.map((line) => /\[[a-z]+\]: .+$/.exec(line)?.[0] ?? line);
    expect(values(ja)).toEqual(values(en));
    expect(ja).toHaveLength(11);
    expect(en.join('')).not.toMatch(/[ぁ-ん一-龠]/);
    // What is read before it is handed over can be read by whoever hands it over.
    for (const line of ja) expect(line.slice(0, line.indexOf('['))).toMatch(/[ぁ-んァ-ヶ一-龠]/);
  });

  it('names what fails by code alone', async () => {
    const chain = await createWorld();
    const member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
    member.server.bend = () => new SsmaxError('unavailable', 'network-unreachable', { url: 'https://secret.example/token' });
    const report = await diagnose(member, HERE, diagnosticLabel(wordsOf('en')));
    expect(report).toContain('Directory and revocation lists [trust]: failed, SSMAX-network-unreachable');
    expect(report).not.toContain('token');
  });
});
