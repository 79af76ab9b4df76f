import { expect, it } from 'vitest';
import { readAttached } from '../../extension/member/attached-mail.ts';
import { enrol } from '../../extension/member/enrol.ts';
import { sealDraft } from '../../extension/member/seal.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { createWorld } from '../flow/world.ts';
import { createTestMember } from './member-world.ts';

const TARO = 'taro@hinode.example';

it('an attached mail has its own verdict where it is sealed, and is nobody’s word where it is not', async () => {
  const chain = await createWorld();
  const hinode = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  await chain.addOrganisation('tsukimi.example', { ja: '月見製作所', en: 'Tsukimi Works' });
  const member = createTestMember(chain, hinode);
  await enrol(member, { address: TARO, code: 'ABCD-1234' });
  const result = await sealDraft(member, {
    from: TARO, to: ['hanako@tsukimi.example'], cc: [], bcc: [], replyTo: [], subject: '件名', text: '封の中', images: [], attachments: [],
  });
  if (!('cms' in result)) throw new Error('not sealed');
  const { cms } = result;
  const sealed = (from: string): Uint8Array<ArrayBuffer> => mailBytes(buildCarrier([['From', from], ['To', 'hanako@tsukimi.example'], ['Subject', '=?UTF-8?B?5Lu25ZCN?=']], cms));

  expect(await readAttached(member, sealed(TARO))).toMatchObject({ judgement: { state: 'verified', code: 'own-copy' }, content: { text: expect.stringContaining('封の中') as string } });
  const forged = await readAttached(member, sealed('yuki@hinode.example'));
  expect([forged.judgement?.state, forged.content]).toEqual(['problem', undefined]);
  // Whoever claims to be of an organisation that seals all its mail, in a mail that anyone could have typed: no verdict at all.
  const plain = await readAttached(member, utf8(`From: ${TARO}\r\nSubject: =?UTF-8?B?5Lu25ZCN?=\r\n\r\n本文\r\n`));
  expect([plain.judgement, plain.fields, plain.content?.text]).toEqual([undefined, [['From', TARO], ['Subject', '件名']], '本文\r\n']);
  expect(await readAttached(member, utf8('From: a@b.example\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n'))).toEqual({ fields: [], files: [] });
});
