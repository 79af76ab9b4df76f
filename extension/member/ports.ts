/** What the member's stories need, whichever mail client hosts them. */
import type { NativeCrypto } from '../../src/core/keys.ts';
import type { Clock, Http } from '../../src/flow/ports.ts';
import type { Tables } from './records.ts';

export interface MemberPorts {
  readonly native: NativeCrypto;
  readonly http: Http;
  readonly clock: Clock;
  readonly tables: Tables;
  /** Whether this computer works offline, so that what is sent waits; absent where that is never so. */
  offline?(): boolean;
  /** What the organisation manages centrally, unread; undefined where it does not. */
  managed(): Promise<unknown>;
}
