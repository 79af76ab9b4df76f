/** Looks at all servers again and again, and keeps what the page shows. */
import type { Clock } from '../../flow/ports.ts';
import { type Expiry, type HeldReason, type RegistryStatus, SPANS, type Status } from '../../wire/status.ts';
import type { Logger } from '../shared/log.ts';
import type { StatusConfig } from './config.ts';
import { LONGEST, sumUp } from './flows.ts';
import type { History, Standing } from './history.ts';
import { type Look, look } from './look.ts';
import { readQueue } from './queue.ts';

export interface Watch {
  status(): Status;
  stop(): void;
}

/** Resolves after the first look. */
export async function startWatch(config: StatusConfig, parts: { readonly history: History; readonly clock: Clock; readonly log: Logger }): Promise<Watch> {
  const { history, clock, log } = parts;
  let status = await lookAround(config, history, clock.now());
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      lookAround(config, history, clock.now())
        .then((seen) => { status = seen; }, (error: unknown) => { log.error('not-looked', { error }); })
        .finally(again);
    }, config.every * 1000);
  };
  again();
  return {
    status: () => status,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function lookAround(config: StatusConfig, history: History, now: Date): Promise<Status> {
  const { servers, postfix, every, organisation } = config;
  const [looks, queue] = await Promise.all([Promise.all(servers.map(look)), postfix === undefined ? undefined : readQueue(postfix)]);
  for (const standing of standings(looks)) await history.record(standing, now);
  const growths = await history.since(new Date(now.getTime() - LONGEST));
  const zone = -now.getTimezoneOffset() * 60_000;
  return {
    at: now.getTime(), every, organisation,
    since: (await history.beginning()).getTime(),
    servers: looks.map(({ status }) => status),
    flows: SPANS.map((span) => sumUp(span, growths, now, zone)),
    expiries: joined(looks.flatMap(expiriesOf)),
    registry: registryOf(looks),
    ...(queue !== undefined && { queue }),
    ...heldOf(looks),
  };
}

/** Gateways count in memory, each for itself; key servers in their one database, whichever copy is asked. */
function standings(looks: readonly Look[]): Standing[] {
  const counters = ({ samples }: Look, metric: string): Look['samples'] => samples.filter(({ name }) => name === metric);
  const gateways = looks.filter(({ status: { role, startedAt } }) => role === 'gateway' && startedAt !== undefined);
  const keyServer = oneKeyServer(looks);
  return [
    ...gateways.map((one) => ({ server: one.status.name, counters: counters(one, 'ssmax_mails_total'), startedAt: one.status.startedAt ?? 0 })),
    ...(keyServer === undefined ? [] : [{ server: 'key servers', counters: counters(keyServer, 'ssmax_alerts_total'), startedAt: 0 }]),
  ];
}

function oneKeyServer(looks: readonly Look[]): Look | undefined {
  return looks.find(({ status: { role, state } }) => role === 'keyserver' && state === 'ready');
}

/** Copies of an inspection server that hold mail share a database: the first that tells speaks for all. */
function heldOf(looks: readonly Look[]): { held?: HeldReason[] } {
  const teller = looks.find(({ status: { role }, samples }) => role === 'inspection' && samples.some(({ name }) => name === 'ssmax_held_mails'));
  const held = teller?.samples.filter(({ name, value }) => name === 'ssmax_held_reasons' && value > 0)
    .map(({ labels, value }): HeldReason => ({ listener: labels['direction'] === 'inbound' ? 'arriving' : 'submission', code: labels['code'] ?? '', count: value }));
  return held === undefined ? {} : { held: held.sort((a, b) => b.count - a.count) };
}

function expiriesOf({ status: { name: server }, samples }: Look): Expiry[] {
  return samples.flatMap(({ name, labels, value }): Expiry[] => {
    if (name === 'ssmax_certificate_not_after_seconds') return [{ servers: [server], what: labels['certificate'] ?? '', kind: 'certificate' as const, ends: value * 1000 }];
    if (name === 'ssmax_trust_until_seconds') return [{ servers: [server], what: labels['part'] ?? '', kind: 'list' as const, ends: value * 1000 }];
    return [];
  });
}

/** The same certificate on several servers is one. A server's own is told apart by its server. */
function joined(expiries: readonly Expiry[]): Expiry[] {
  const found = new Map<string, Expiry>();
  for (const expiry of expiries) {
    const { kind, what, ends, servers } = expiry;
    const key = `${kind} ${what} ${kind === 'list' ? '' : ends} ${what === 'server' ? servers.join() : ''}`;
    const same = found.get(key);
    // Of a list the oldest copy counts.
    if (same === undefined || (kind === 'list' && ends < same.ends)) found.set(key, expiry);
    else if (same.ends === ends) found.set(key, { ...same, servers: [...same.servers, ...servers] });
  }
  return [...found.values()];
}

function registryOf(looks: readonly Look[]): RegistryStatus {
  const samples = oneKeyServer(looks)?.samples ?? [];
  const sum = (metric: string): number | undefined => {
    const values = samples.filter(({ name }) => name === metric).map(({ value }) => value);
    return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0);
  };
  const of = (key: keyof RegistryStatus, metric: string): RegistryStatus => {
    const value = sum(metric);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    ...of('members', 'ssmax_members'), ...of('certificatesExpiring', 'ssmax_certificates_expiring'),
    ...of('auditEntries', 'ssmax_audit_entries'), ...of('abuseOpen', 'ssmax_abuse_cases_open'),
  };
}
