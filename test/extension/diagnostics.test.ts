import { describe, expect, it } from 'vitest';
import { diagnose } from '../../extension/member/diagnostics.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { SearchIndex } from '../../extension/member/search-index.ts';
import { sealDraft } from '../../extension/member/seal.ts';
import { hex } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { toBase64 } from '../../src/wire/json.ts';
import { createWorld } from '../flow/world.ts';
import { createTestMember } from './member-world.ts';

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

    const report = await diagnose(member, HERE);
    expect(report).toContain(`key of ${TARO}: works, no passphrase; certificate until `);
    expect(report).toContain('directory and revocation lists: in force; directory of ');
    expect(report).toContain('sealed mails on record: 1');
    const certificate = identity.certificate;
    for (const secret of [
      '秘密', 'yuki', '鈴木', 'mei@', '芽衣', '山田', sealed.contentDigest, hex(identity.pair.publicKey), toBase64(identity.pair.publicKey),
      hex(certificate).slice(20, 60), toBase64(certificate).slice(20, 60), 'm@x', 'ABCD-1234',
    ]) expect(report, secret).not.toContain(secret);
  });

  it('names what fails by code alone', async () => {
    const chain = await createWorld();
    const member = createTestMember(chain, await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' }));
    member.server.bend = () => new SsmaxError('unavailable', 'network-unreachable', { url: 'https://secret.example/token' });
    const report = await diagnose(member, HERE);
    expect(report).toContain('directory and revocation lists: failed, SSMAX-network-unreachable');
    expect(report).not.toContain('token');
  });
});
