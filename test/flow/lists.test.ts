/** A post to a mailing list: who gets it, who is left out, what the gateway is told of it. */
import { expect, it } from 'vitest';
import { relay } from '../../src/flow/relay.ts';
import { LIST_FIELDS, listFields } from '../../src/mail/list-fields.ts';
import { listReport } from '../../src/mail/gateway-reports.ts';
import { isDaemonReport } from '../../src/mail/delivery-report.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { utf8 } from '../../src/core/bytes.ts';
import { createScene, KEN, refusal, seal, type Scene, TARO, YUKI } from '../security/scene.ts';

const ALL = 'all@hinode.example';
const LIST = { name: '全職員', owner: KEN };

async function listScene(): Promise<Scene> {
  const scene = await createScene();
  scene.hinode.aliases.set(ALL, [TARO, YUKI, KEN]);
  for (const [mailbox, member] of scene.hinode.members) scene.hinode.members.set(mailbox, { ...member, list: LIST });
  return scene;
}
const unenrol = ({ hinode }: Scene, ...mailboxes: string[]): void => {
  for (const mailbox of mailboxes) hinode.members.set(mailbox, { mailbox, certificates: [], list: LIST });
};
const post = async (scene: Scene) =>
  relay(scene.hinode.parts, 'submission', { cms: await seal(scene, [ALL]), recipients: [ALL], from: TARO, visible: [ALL] });

it('reaches those who have enrolled; the first copy says whom it did not reach', async () => {
  const scene = await listScene();
  expect((await post(scene)).departures.map(({ recipients, list }) => [recipients, list])).toEqual([TARO, YUKI, KEN].map((one) => [[one], { ...LIST, address: ALL }]));
  unenrol(scene, TARO, KEN);
  expect((await post(scene)).departures).toMatchObject([{ recipients: [YUKI], list: { address: ALL, leftOut: [KEN, TARO] } }]);
  unenrol(scene, YUKI);
  await expect(post(scene)).rejects.toMatchObject(refusal('recipient-not-enrolled'));
});

it('leaves nobody out where recovery keeps it until he enrols', async () => {
  const scene = await listScene();
  unenrol(scene, KEN);
  const { createKeyService } = await import('../../src/flow/key-service.ts');
  scene.hinode.parts = { ...scene.hinode.parts, recovery: true, keyServer: createKeyService({ ...scene.hinode.serviceParts, recovery: true }) };
  const { departures } = await post(scene);
  expect(departures.map(({ recipients, list }) => [recipients[0], list?.leftOut])).toEqual([[TARO, undefined], [YUKI, undefined], [KEN, undefined]]);
});

it('a key server cannot have a report sent elsewhere', async () => {
  const scene = await listScene();
  const { keyServer } = scene.hinode.parts;
  scene.hinode.parts = { ...scene.hinode.parts, keyServer: {
    ...keyServer, deliver: async (request) => (await keyServer.deliver(request)).map((one) => ({ ...one, list: { name: 'x', owner: 'mallory@elsewhere.example', leftOut: [KEN] } })),
  } };
  await expect(post(scene)).rejects.toMatchObject(refusal('key-server-answer-invalid'));
});

it('is known by its fields to mail programs', () => {
  expect(listFields(ALL, LIST)).toEqual([
    ['List-Id', '=?utf-8?B?5YWo6IG35ZOh?= <all.hinode.example>'], ['List-Post', '<mailto:all@hinode.example>'],
    ['List-Owner', '<mailto:ken@hinode.example>'], ['List-Unsubscribe', '<mailto:ken@hinode.example?subject=unsubscribe%20all%40hinode.example>'],
  ]);
  expect(listFields(ALL, { name: 'All staff' })).toEqual([['List-Id', '"All staff" <all.hinode.example>'], ['List-Post', '<mailto:all@hinode.example>']]);
  for (const [name] of listFields(ALL, LIST)) expect(LIST_FIELDS).toContain(name);
});

it('its report is a mail server’s, about each who was left out', () => {
  const raw = listReport({ to: KEN, list: ALL, leftOut: [TARO, YUKI], answer: { code: 550, text: '5.7.1 SSMAX-recipient-not-enrolled x' }, original: utf8('From: taro@hinode.example\r\nSubject: x\r\n\r\nsealed\r\n'), contentDigest: new Uint8Array(32), now: new Date('2026-11-22T03:00:00Z') });
  const mail = parseMime(raw, 'outer');
  expect(isDaemonReport(mail)).toBe(true);
  const [, status] = mail.children;
  expect(new TextDecoder().decode(status?.body()).match(/Final-Recipient: rfc822; \w+@hinode\.example\r\nAction: failed\r\nStatus: 5\.7\.1\r\nDiagnostic-Code: smtp; 550 5\.7\.1 SSMAX-recipient-not-enrolled x\r\n/g)).toHaveLength(2);
  expect(new TextDecoder().decode(raw)).not.toContain('sealed');
});
