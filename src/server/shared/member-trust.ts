/** The trust material of a member organisation's server: directory and CRL from the Authority or a mirror, the own organisation's CRL. */
import { join } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import type { Clock } from '../../flow/ports.ts';
import { CRL_FILE, INDEX_FILE } from '../../wire/directory-index.ts';
import { readPins } from './certificate-file.ts';
import { createMirror } from './directory-mirror.ts';
import type { AuthorityConfig } from './authority-config.ts';
import type { Logger } from './log.ts';
import { createPinnedClient } from './pinned-client.ts';
import type { TlsIdentity } from './pinned-server.ts';
import { createTrustSource, type TrustSource } from './trust-source.ts';

/** As the servers' configurations have it. */
interface MemberTrustConfig {
  readonly state: string;
  /** File of the Authority's pinned certificates. */
  readonly root: string;
  readonly authority: AuthorityConfig;
  /** Seconds. */
  readonly refresh: number;
}

interface MemberTrustParts {
  readonly identity: TlsIdentity;
  readonly organisationCrl: () => Promise<Bytes>;
  readonly clock: Clock;
  readonly log: Logger;
}

const DEADLINE = 30_000;
const MAXIMUM_FILE = 8 * 1024 * 1024;
const MAXIMUM_CRL = 16 * 1024 * 1024;

/** Fetches once and goes on fetching; what could not be had is in the log. `stop` closes the connection to the Authority too. */
export async function startMemberTrust(config: MemberTrustConfig, { identity, organisationCrl, clock, log }: MemberTrustParts): Promise<TrustSource> {
  const authority = createPinnedClient({ identity, peer: 'Authority', server: config.authority.address, pins: () => config.authority.spki });
  const fetch = (name: string, maximumAnswer: number): Promise<Bytes> => authority.request({ method: 'GET', path: `/v1/directory/${name}`, deadline: DEADLINE, maximumAnswer });
  const source = createTrustSource({
    root: readPins(config.root),
    directory: join(config.state, 'trust'),
    interval: config.refresh * 1000,
    sources: {
      index: () => fetch(INDEX_FILE, MAXIMUM_FILE),
      file: (name) => fetch(name, MAXIMUM_FILE),
      crls: { authority: () => fetch(CRL_FILE, MAXIMUM_CRL), organisation: organisationCrl },
    },
    mirror: config.authority.mirror && createMirror(config.authority.mirror),
    clock,
    log,
  });
  await source.refresh();
  return {
    ...source,
    stop() {
      source.stop();
      authority.close();
    },
  };
}
