/** Where this host keeps things: IndexedDB, for it alone holds keys; what the organisation manages comes beside it. */
import { createWebCrypto, createWebHttp, eraseTables, openTables } from '../../src/platform/web.ts';
import { Identities } from '../member/identities.ts';
import type { MemberPorts } from '../member/ports.ts';
import { SEARCH_TABLES, TABLES, TABLES_VERSION, type Tables } from '../member/records.ts';
import { Recovery } from '../member/recovery.ts';
import type { SealParts } from '../member/seal.ts';
import { SealedMails } from '../member/sealed-mails.ts';
import { TrustSource } from '../member/trust-source.ts';
import { managed } from './managed.ts';
import { keepAlive } from './keep-alive.ts';

/** The search index: a database of its own. */
const SEARCH = 'ssmax-search';

function openAll(): Tables {
  const table = openTables('ssmax', TABLES, TABLES_VERSION);
  const searchTable = openTables(SEARCH, SEARCH_TABLES, 1);
  return {
    trust: table('trust'), settings: table('settings'), identities: table('identities'), pending: table('pending'), sealed: table('sealed'),
    deliveries: table('deliveries'), organisations: table('organisations'),
    correspondents: table('correspondents'), preferences: table('preferences'),
    searchKeys: searchTable('searchKeys'), searchMails: searchTable('searchMails'), eraseSearch: () => eraseTables(SEARCH),
    forwards: table('forwards'), recovered: table('recovered'), chores: table('chores'), judged: table('judged'), copies: table('copies'),
  };
}

/** Everything that the member's stories need. */
export function createMember(): SealParts {
  const tables = openAll();
  const ports: MemberPorts = { native: createWebCrypto(), http: createWebHttp(), clock: { now: () => new Date() }, tables, managed, offline: () => !navigator.onLine };
  const identities = new Identities(ports, keepAlive);
  return { ports, identities, recovery: new Recovery({ ports, identities }), trust: new TrustSource(ports), sealed: new SealedMails(tables.sealed) };
}
