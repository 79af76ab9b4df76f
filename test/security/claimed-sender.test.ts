/** Whom a malformed From field claims to be from, as lenient mail programs read it: the rule for `alwaysSigned` domains must not be stricter than they are. */
import { beforeAll, describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { type Judgement, judgeMail } from '../../src/flow/open.ts';
import { claimedDomains } from '../../src/mail/address.ts';
import { claimsAlwaysSigned } from '../../src/server/gateway/stages.ts';
import { native } from '../flow/world.ts';
import { REPORT } from './delivery-report.ts';
import { createScene, HANAKO, type Scene } from './scene.ts';

/** Thunderbird's own parser shows each of these as taro@hinode.example, or so that nobody sees a difference. */
const SPELLINGS = [
  'taro@(x)hinode.example', '<taro@(x)hinode.example>', 'taro@hinode(x).example', 'taro@(a(b)c)hinode.example', 'taro(x)@hinode.example',
  'taro@"hinode.example"', '"taro"@"hinode"."example"', 'taro@hinode\\.example', 'taro@[hinode.example]', 'taro@hinode .example', '<taro@hinode. example>',
  'taro@hinode..example', 'taro@hinode.example!', 'taro@hinode.example、', 'taro@hinode\u3002example', 'taro@hinode\u2024example', 'taro\uff20hinode.example',
  'taro@hi\u00adnode.example', 'taro@hinode.example\u200b', '=?utf-8?q?taro=40hinode=2Eexample?=', 'taro@=?utf-8?q?hinode=2Eexample?=',
];

let scene: Scene;
beforeAll(async () => {
  scene = await createScene();
});

async function judge(...fields: string[]): Promise<Judgement> {
  const raw = utf8([...fields, '', 'hello', ''].join('\r\n'));
  return judgeMail(raw, { native, credentials: [scene.hanako], addresses: [HANAKO], trust: await scene.world.trust(), now: scene.world.now });
}

describe.each(SPELLINGS)('%s', (from) => {
  it('claims the domain', () => expect(claimedDomains([from])).toContain('hinode.example'));

  it('is impersonation, as a delivery report too', async () => {
    expect(await judge(`From: ${from}`)).toMatchObject({ state: 'problem', code: 'impersonation' });
    expect(await judge(`From: ${from}`, ...REPORT)).toMatchObject({ state: 'problem', code: 'impersonation' });
  });
});

it.each(['ta(x)ro@hinode.example', '"ta"ro@hinode.example', 'taro@(x)hinode.example'])('%s is the member of a group that always signs', (from) => {
  const stages = { domains: {}, groups: { mayor: { stage: 'alwaysSigned' as const, members: ['taro@hinode.example'] } } };
  expect(claimsAlwaysSigned(stages, [` ${from}`])).toBe(true);
});

it('a member who is excepted excuses nobody beside him', () => {
  const stages = { domains: { 'hinode.example': 'alwaysSigned' as const }, groups: { later: { stage: 'protect' as const, members: ['jiro@hinode.example'] } } };
  expect(claimsAlwaysSigned(stages, [' Jiro <jiro@hinode.example>'])).toBe(false);
  for (const from of ['"jiro@hinode.example" <taro@hinode.example>', 'taro@hinode.example (jiro@hinode.example)', 'jiro@hinode.example, taro@hinode.example']) {
    expect(claimsAlwaysSigned(stages, [` ${from}`]), from).toBe(true);
  }
});

it.each(['MAILER-DAEMON@hinode.example (Mail Delivery System)', '"Mail Delivery System" <"mailer-daemon"@hinode.example>', 'postmaster@hinode.example'])('%s reports for a mail server', async (from) => {
  expect(await judge(`From: ${from}`, ...REPORT)).toMatchObject({ state: 'outside', code: 'delivery-report', detail: 'unsigned' });
});

it('the president reports for no mail server; whose mail nobody signs, reports with links', async () => {
  expect(await judge('From: "Yamada Taro (president)" <mailer-daemon@hinode.example>', ...REPORT)).toMatchObject({ state: 'problem', code: 'impersonation' });
  const outside = await judge('From: MAILER-DAEMON@outside.example', ...REPORT);
  expect(outside).toMatchObject({ state: 'outside', code: 'delivery-report' });
  expect(outside.detail).toBeUndefined();
});

it('other domains are not claimed', () => {
  expect(claimedDomains(['"Hello. Hinode." <x@outside.example>', 'a)b@outside.example', '(not closed x@outside.example'])).toEqual(['outside.example']);
  expect(claimedDomains(['x@outside.example (hinode.example)', 'x@hinode.example-mail.example', 'x@nothinode.example'])).not.toContain('hinode.example');
});
