/** Which rules hold for a mail: the organisation's, then the domain's, the groups', the member's; the nearest of a name counts. */
import { domainOf } from '../../mail/address.ts';
import type { Direction } from '../../wire/leg.ts';
import type { Correspondents, Level, Policy, Rule } from './rules.ts';

/** The levels above an address, farthest first. */
function levels(policy: Policy, address: string): Level[] {
  const domain = policy.domains[domainOf(address)];
  const member = policy.members[address];
  return [
    policy.organisation,
    ...(domain === undefined ? [] : [domain]),
    ...policy.groups.filter(({ members }) => members.includes(address)),
    ...(member === undefined ? [] : [member]),
  ];
}

/** Outbound the sender's policy counts, inbound that of each recipient; a mail that goes both ways is judged twice. */
function subjects(policy: Policy, direction: Direction, { sender, recipients }: Correspondents): readonly string[] {
  if (direction === 'outbound') return [sender];
  const own = recipients.filter((address) => policy.ownDomains.length === 0 || policy.ownDomains.includes(domainOf(address)));
  return own.length === 0 ? recipients : own;
}

function rulesOf(policy: Policy, direction: Direction, address: string): Rule[] {
  const rules = new Map<string, Rule>();
  for (const level of levels(policy, address)) for (const rule of level[direction]) rules.set(rule.name, rule);
  return [...rules.values()].filter(({ result }) => result !== 'off');
}

/**
 * The rules for a mail. One with several recipients in one organisation is one mail: the rules of all of them apply, and
 * the severest result counts for all.
 */
export function rulesFor(policy: Policy, direction: Direction, correspondents: Correspondents): Rule[] {
  const all = subjects(policy, direction, correspondents).flatMap((address) => rulesOf(policy, direction, address));
  return [...new Set(all)]; // the same rule, inherited by several, is the same object
}

/** Who may approve a held mail: those named nearest to each address concerned, without the sender. */
export function approversFor(policy: Policy, direction: Direction, correspondents: Correspondents): string[] {
  const named = subjects(policy, direction, correspondents)
    .flatMap((address) => levels(policy, address).findLast(({ approvers }) => approvers.length > 0)?.approvers ?? []);
  return [...new Set(named)].filter((address) => address !== correspondents.sender);
}

/** Every rule of a policy, at whatever level. */
export function allRules({ organisation, domains, groups, members }: Policy): Rule[] {
  return [organisation, ...Object.values(domains), ...groups, ...Object.values(members)].flatMap(({ outbound, inbound }) => [...outbound, ...inbound]);
}
