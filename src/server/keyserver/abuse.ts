/** Everything about reports of abuse in one part of the key server: desk, cases, and what is exchanged with the Authority. */
import type { Hono } from 'hono';
import type { Bytes } from '../../core/bytes.ts';
import type { NativeCrypto } from '../../core/keys.ts';
import type { Clock } from '../../flow/ports.ts';
import type { HostPort } from '../shared/config.ts';
import type { Logger } from '../shared/log.ts';
import { createPinnedClient } from '../shared/pinned-client.ts';
import type { TlsIdentity } from '../shared/pinned-server.ts';
import type { TrustSource } from '../shared/trust-source.ts';
import { createAbuseCases } from './abuse-cases.ts';
import { type AbuseDesk, createAbuseDesk } from './abuse-desk.ts';
import { abuseRoutes } from './abuse-routes.ts';
import { createExchange, type Exchange } from './authority-exchange.ts';
import type { Ca } from './ca.ts';
import type { OwnKeys } from './own-keys.ts';
import { createSuspensions } from './suspension.ts';
import type { Store } from './tables.ts';

interface AbuseParts {
  readonly store: Store;
  readonly native: NativeCrypto;
  /** The organisation's identifier, and its key: which one is in use may change. */
  readonly id: string;
  readonly keys: Pick<OwnKeys, 'inUse' | 'listed'>;
  readonly ca: Ca;
  readonly trust: Pick<TrustSource, 'trust' | 'refresh'>;
  readonly identity: TlsIdentity;
  readonly authority: { readonly address: HostPort; readonly spki: readonly Bytes[] };
  /** How often the Authority is asked; seconds. */
  readonly refresh: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Abuse {
  readonly desk: AbuseDesk;
  readonly exchange: Exchange;
  /** For the administration socket. */
  readonly routes: Hono;
  /** Erases what reporters wrote before this time, and who they were; cases and figures stay. */
  erase(before: Date): Promise<void>;
  stop(): void;
}

export function startAbuse({ store, native, id, keys, ca, trust, identity, authority, refresh, clock, log }: AbuseParts): Abuse {
  const client = createPinnedClient({ identity, peer: 'Authority', server: authority.address, pins: () => authority.spki });
  const organisation = { id, get key() { return keys.inUse.key; }, get certificate() { return keys.inUse.certificate; }, get keys() { return keys.listed; } };
  const cases = createAbuseCases(store, createSuspensions(store, () => ca.publishCrl(), () => trust.refresh(), clock), clock);
  const desk = createAbuseDesk({ store, native, organisation, cases, trust: () => trust.trust(), clock });
  const exchange = createExchange({ store, authority: client, desk, organisation, clock, log });
  let running: Promise<void> | undefined;
  const run = (): void => {
    // One after the other: a slow Authority must not make them pile up.
    running ??= exchange.run().finally(() => { running = undefined; });
  };
  run();
  const timer = setInterval(run, refresh * 1000);
  timer.unref();
  return {
    desk,
    exchange,
    routes: abuseRoutes(cases, exchange, store),
    async erase(before) {
      const at = before.getTime();
      await store.query.deleteFrom('abuse_reports').where('at', '<', at).execute();
      await store.query.updateTable('abuse_complaints').set({ comment: '', excerpt: '', reporter: '' }).where('at', '<', at).execute();
    },
    stop() {
      clearInterval(timer);
      client.close();
    },
  };
}
