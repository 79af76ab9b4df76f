/** Whose rules hold, by direction (docs/admin/inspection.md, "Whose rules"). */
import { describe, expect, test } from 'vitest';
import { approversFor, rulesFor } from '../../src/flow/policy/inherit.ts';
import type { Group, Level, Outcome, Policy, Rule } from '../../src/flow/policy/rules.ts';
import type { Direction } from '../../src/wire/leg.ts';
import { policyOf } from './policies.ts';

const rule = (name: string, result: Outcome, word = name): Rule => ({ check: 'keywords', name, words: [word], result });
const level = (rules: Partial<Record<Direction, readonly Rule[]>>, ...approvers: string[]): Level => ({ outbound: [], inbound: [], ...rules, approvers });
const group = (name: string, members: readonly string[], own: Level): Group => ({ name, members, ...own });

const HEAD = 'head@hinode.example';
const DESK = ['taro@hinode.example', 'ken@hinode.example'];
const policy: Policy = {
  ...policyOf({ outbound: [], inbound: [] }),
  ownDomains: ['hinode.example', 'branch.example'],
  organisation: level({ outbound: [rule('secret', 'hold'), rule('draft', 'hold')], inbound: [rule('invoice', 'refuse'), rule('spam', 'tag')] }, HEAD),
  domains: { 'branch.example': level({ inbound: [rule('invoice', 'hold')] }, 'branch@branch.example') },
  groups: [
    group('desk', DESK, level({ outbound: [rule('secret', 'tag')], inbound: [rule('invoice', 'tag')] }, 'desk-head@hinode.example')),
    group('project', ['ken@hinode.example', 'yuki@hinode.example'], level({ outbound: [rule('secret', 'refuse'), rule('tanuki', 'hold')], inbound: [rule('spam', 'off')] })),
  ],
  members: { 'yuki@hinode.example': level({ outbound: [rule('draft', 'off')], inbound: [rule('invoice', 'off'), rule('own', 'refuse')] }, 'yuki@hinode.example') },
};

function said(direction: Direction, sender: string, ...recipients: string[]): Record<string, Outcome[]> {
  const found: Record<string, Outcome[]> = {};
  for (const { name, result } of rulesFor(policy, direction, { sender, recipients })) (found[name] ??= []).push(result);
  return found;
}
const OUT = 'hanako@tsukimi.example';

describe('going out, the sender\'s', () => {
  test.each([
    ['nobody\'s member: the organisation\'s', 'hanae@hinode.example', { secret: ['hold'], draft: ['hold'] }],
    ['in one group', 'taro@hinode.example', { secret: ['tag'], draft: ['hold'] }],
    ['in two groups: the later one of the file', 'ken@hinode.example', { secret: ['refuse'], draft: ['hold'], tanuki: ['hold'] }],
    ['his own word takes a rule away', 'yuki@hinode.example', { secret: ['refuse'], tanuki: ['hold'] }],
  ])('%s', (_, sender, rules) => {
    expect(said('outbound', sender, OUT)).toEqual(rules);
    // The recipients' own rules are nothing to it.
    expect(said('outbound', sender, 'yuki@hinode.example')).toEqual(rules);
  });
});

describe('coming in, the recipients\'', () => {
  test.each([
    ['one', ['hanae@hinode.example'], { invoice: ['refuse'], spam: ['tag'] }],
    ['of another domain', ['hanae@branch.example'], { invoice: ['hold'], spam: ['tag'] }],
    ['in two groups', ['ken@hinode.example'], { invoice: ['tag'] }],
    ['with rules of her own', ['yuki@hinode.example'], { own: ['refuse'] }],
    ['two, whose levels differ: both', ['yuki@hinode.example', 'taro@hinode.example'], { own: ['refuse'], invoice: ['tag'], spam: ['tag'] }],
    ['two who inherit the same: once', ['hanae@hinode.example', 'jun@hinode.example'], { invoice: ['refuse'], spam: ['tag'] }],
    ['two, of two domains', ['hanae@hinode.example', 'hanae@branch.example'], { invoice: ['refuse', 'hold'], spam: ['tag'] }],
    ['ours and another\'s: ours', ['yuki@hinode.example', OUT], { own: ['refuse'] }],
  ])('%s', (_, recipients, rules) => {
    expect(said('inbound', 'taro@hinode.example', ...recipients)).toEqual(rules);
  });
});

test('approvers: those named nearest to each, never the sender', () => {
  const approvers = (direction: Direction, sender: string, ...recipients: string[]): string[] => approversFor(policy, direction, { sender, recipients });
  expect(approvers('outbound', 'hanae@hinode.example', OUT)).toEqual([HEAD]);
  expect(approvers('outbound', 'ken@hinode.example', OUT)).toEqual(['desk-head@hinode.example']); // the later group names none
  expect(approvers('outbound', 'yuki@hinode.example', OUT)).toEqual([]); // she alone is named for herself
  expect(approvers('inbound', OUT, 'yuki@hinode.example', 'hanae@branch.example', 'taro@hinode.example')).toEqual(['yuki@hinode.example', 'branch@branch.example', 'desk-head@hinode.example']);
});
