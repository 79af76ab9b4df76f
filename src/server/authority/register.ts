/** The Authority's register of member organisations, and what it publishes: signed directory and CRL (design §1). */
import { type Bytes, equal } from '../../core/bytes.ts';
import { refused } from '../../core/error.ts';
import { parseCertificate } from '../../core/pki/certificate.ts';
import { issueCrl, type RevocationReason } from '../../core/pki/crl.ts';
import type { Issuer } from '../../core/pki/issue.ts';
import { directoryFiles } from '../../flow/directory-files.ts';
import { certificatesOf } from '../../flow/organisation-keys.ts';
import type { Clock } from '../../flow/ports.ts';
import { type Organisation, organisationSchema, type Standing, standingOf } from '../../wire/directory.ts';
import { CRL_FILE, INDEX_FILE } from '../../wire/directory-index.ts';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import { appendAudit, auditMigrations, type AuditTables } from '../shared/audit-chain.ts';
import { nextNumber } from '../shared/crl-number.ts';
import type { Database, Migration } from '../shared/database.ts';
import { NO_FIGURES, sumFigures } from './figures.ts';
import { type ReviewTables, reviewMigrations } from './tables.ts';
import { directoryMigrations, type DirectoryTables, keepFiles } from './tables-directory.ts';

export interface Tables extends AuditTables, DirectoryTables, ReviewTables {
  organisations: {
    id: string;
    /** JSON of the directory's entry. */
    entry: Bytes;
    /** SHA-256 of the key server's TLS key: it may fetch, but stands in no directory. */
    key_server: Bytes;
  };
  revocations: { serial: string; at: number; reason: string; invalid_since: number | null };
  /** One row: what is published now. */
  publication: { id: number; number: number; directory: Bytes; crl: Bytes; at: number };
}

export const migrations: Readonly<Record<string, Migration>> = {
  ...auditMigrations,
  ...reviewMigrations,
  ...directoryMigrations,
  '0002-authority': {
    async up({ schema }) {
      await schema.createTable('organisations')
        .addColumn('id', 'text', (c) => c.primaryKey())
        .addColumn('entry', 'bytea', (c) => c.notNull())
        .addColumn('key_server', 'bytea', (c) => c.notNull())
        .execute();
      await schema.createTable('revocations')
        .addColumn('serial', 'text', (c) => c.primaryKey())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .addColumn('reason', 'text', (c) => c.notNull())
        .addColumn('invalid_since', 'bigint')
        .execute();
      await schema.createTable('publication')
        .addColumn('id', 'integer', (c) => c.primaryKey())
        .addColumn('number', 'bigint', (c) => c.notNull())
        .addColumn('directory', 'bytea', (c) => c.notNull())
        .addColumn('crl', 'bytea', (c) => c.notNull())
        .addColumn('at', 'bigint', (c) => c.notNull())
        .execute();
    },
  },
};

/** How long a key counts after it went out of use, unless told otherwise; milliseconds. */
const OVERLAP = 30 * 86_400_000;

/**
 * Keys that went out of use with the new entry, or before: the organisation's and its gateways'. They count until the overlap ends,
 * and what was done by then stays good. A key that is in use again is not retired.
 */
function retiredKeys(before: Organisation | undefined, entry: Organisation, overlap: number, now: Date): NonNullable<Organisation['retired']> {
  const keysOf = ({ certificate, gateways }: Organisation) => [
    { role: 'organisation' as const, spki: parseCertificate(certificate).spkiSha256 }, ...gateways.map((spki) => ({ role: 'gateway' as const, spki })),
  ];
  const present = keysOf(entry);
  const isPresent = ({ role, spki }: { role: string; spki: Bytes }): boolean => present.some((one) => one.role === role && equal(one.spki, spki));
  const known = before?.retired ?? [];
  const until = new Date(now.getTime() + overlap);
  const fresh = before === undefined ? [] : keysOf(before)
    .filter((one) => !known.some(({ role, spki }) => role === one.role && equal(spki, one.spki)))
    .map((one) => ({ ...one, until }));
  return [...known, ...fresh].filter((one) => !isPresent(one));
}

/** The directory's figures are sums over so many days. */
const FIGURES_WINDOW = 30;
/** Directory and CRL are good for a day and made anew every hour. */
const LIFETIME = 86_400_000;

/** As it was certified: standing and figures are the Authority's own, whatever an entry says. */
function plainEntry(json: Bytes): Organisation {
  const { standing: _, figures: __, ...entry } = decodeJson(organisationSchema, json);
  return entry;
}

/** An organisation is found by its domains: a promise about another's would be found by nobody. Throws `domain-not-certified`. */
function requireOwnDomains(entry: Organisation, domains: readonly string[]): void {
  const foreign = domains.find((domain) => !entry.domains.includes(domain));
  if (foreign !== undefined) throw refused('domain-not-certified', { domain: foreign });
}

export interface Register {
  /** Throws `domain-taken`, `domain-not-certified`. Adds an organisation, or replaces its entry (its former certificate goes on attesting old mail, and for `overlap` milliseconds new mail too). */
  certify(entry: Organisation, keyServer: Bytes, overlap?: number): Promise<void>;
  /** Which of its domains send signed mail only. Throws `organisation-unknown`, `domain-not-certified`. */
  alwaysSigned(id: string, domains: readonly string[]): Promise<void>;
  /**
   * Which keys its servers have; of `gateways`, those that went out of use go on counting for `overlap` milliseconds. Throws
   * `organisation-unknown`.
   */
  servers(id: string, servers: { gateways: readonly Bytes[]; inspections: readonly Bytes[]; keyServer?: Bytes | undefined }, overlap?: number): Promise<void>;
  /**
   * Revokes an organisation: with cessationOfOperation all its certificates, else those of the key in use. `certificate`: one of its former
   * certificates; then those of that key only. Throws `organisation-unknown`, `certificate-unknown`.
   */
  revoke(id: string, reason: RevocationReason, invalidSince?: Date, certificate?: Bytes): Promise<void>;
  /** Revokes a delegate that is no longer in use: whoever has seen this CRL takes nothing more from it. Throws `delegate-in-use`, `certificate-role`. */
  revokeDelegate(certificate: Bytes): Promise<void>;
  organisations(): Promise<Organisation[]>;
  organisation(id: string): Promise<Organisation | undefined>;
  publish(): Promise<void>;
  /** A file of what is published, by its name (docs/protocol-directory.md); undefined where there is none. */
  file(name: string): Promise<Bytes | undefined>;
  /** SPKI hashes of all members' servers: their key servers, gateways and inspection servers may fetch. */
  memberKeys(): Promise<Bytes[]>;
  /** The organisation whose key server has this key, or undefined. */
  organisationOfKeyServer(spki: Bytes): Promise<string | undefined>;
}

export function createRegister(store: Database<Tables>, delegate: Issuer, clock: Clock): Register {
  async function organisations(): Promise<Organisation[]> {
    const rows = await store.query.selectFrom('organisations').select('entry').orderBy('id').execute();
    const standings = new Map((await store.query.selectFrom('standings').select(['organisation', 'state', 'since']).execute()).map((row) => [row.organisation, row]));
    const figures = await sumFigures(store, FIGURES_WINDOW, clock.now());
    return rows.map(({ entry: json }) => {
      const entry = plainEntry(json);
      const standing = standings.get(entry.id);
      const { reports: _, refused: __, ...sums } = figures.get(entry.id) ?? NO_FIGURES;
      return {
        ...entry,
        ...(standing !== undefined && { standing: { state: standing.state as Standing, since: new Date(standing.since) } }),
        ...(figures.has(entry.id) && { figures: { days: FIGURES_WINDOW, ...sums } }),
      };
    });
  }

  async function known(id: string): Promise<Organisation> {
    const found = (await organisations()).find((organisation) => organisation.id === id);
    if (found === undefined) throw refused('organisation-unknown');
    return found;
  }

  /** `keyServer`: the key of its key server; as it was, where none is given. Throws `json-invalid`: what cannot be read again is never written. */
  async function put(entry: Organisation, keyServer?: Bytes): Promise<void> {
    const encoded = encodeJson(entry);
    decodeJson(organisationSchema, encoded);
    if (keyServer === undefined) {
      await store.query.updateTable('organisations').set({ entry: encoded }).where('id', '=', entry.id).execute();
      return;
    }
    await store.query.insertInto('organisations').values({ id: entry.id, entry: encoded, key_server: keyServer })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ entry: encoded, key_server: keyServer })).execute();
  }

  let publishing: Promise<void> = Promise.resolve();

  /** One after the other: what was read earlier must not be published later, as readers never go back. */
  function publish(): Promise<void> {
    const next = publishing.then(publishNow);
    publishing = next.catch(() => undefined);
    return next;
  }

  async function publishNow(): Promise<void> {
    const now = clock.now();
    const nextUpdate = new Date(now.getTime() + LIFETIME);
    const files = await directoryFiles(await organisations(), { issued: now, nextUpdate }, delegate);
    await store.transaction(async (tx) => {
      const last = await tx.selectFrom('publication').select('number').where('id', '=', 1).executeTakeFirst();
      const rows = await tx.selectFrom('revocations').selectAll().execute();
      const number = nextNumber(last?.number, now);
      const revoked = rows.map((row) => ({
        serial: row.serial, date: new Date(row.at), reason: row.reason as RevocationReason,
        ...(row.invalid_since !== null && { invalidityDate: new Date(row.invalid_since) }),
      }));
      const crl = await issueCrl({ issuer: delegate, number, thisUpdate: now, nextUpdate, revoked });
      const values = { number, directory: files.get(INDEX_FILE) ?? new Uint8Array(0), crl: crl.der, at: now.getTime() };
      await keepFiles(tx, files, { now, until: nextUpdate });
      await tx.insertInto('publication').values({ id: 1, ...values }).onConflict((conflict) => conflict.column('id').doUpdateSet(values)).execute();
    });
  }

  return {
    organisations,
    async organisation(id) {
      const row = await store.query.selectFrom('organisations').select('entry').where('id', '=', id).executeTakeFirst();
      if (row === undefined) return undefined;
      const standing = await store.query.selectFrom('standings').select(['state', 'since']).where('organisation', '=', id).executeTakeFirst();
      return { ...plainEntry(row.entry), ...(standing !== undefined && { standing: { state: standing.state as Standing, since: new Date(standing.since) } }) };
    },
    publish,

    async certify(entry, keyServer, overlap = OVERLAP) {
      const members = await organisations();
      const taken = entry.domains.find((domain) => members.some(({ id, domains }) => id !== entry.id && domains.includes(domain)));
      if (taken !== undefined) throw refused('domain-taken', { domain: taken });
      requireOwnDomains(entry, entry.alwaysSigned);
      const before = members.find(({ id }) => id === entry.id);
      const former = before === undefined || equal(before.certificate, entry.certificate)
        ? before?.formerCertificates ?? [] : [...before.formerCertificates, before.certificate];
      await put({ ...entry, formerCertificates: former, retired: retiredKeys(before, entry, overlap, clock.now()) }, keyServer);
      // A new certificate does not end a suspension.
      if (before !== undefined && standingOf(before) === 'suspended') {
        const { serial } = parseCertificate(entry.certificate);
        await store.query.insertInto('revocations').values({ serial, at: clock.now().getTime(), reason: 'certificateHold', invalid_since: null })
          .onConflict((conflict) => conflict.column('serial').doNothing()).execute();
      }
      await appendAudit(store, clock.now(), 'certify', { organisation: entry.id });
      await publish();
    },

    async servers(id, { gateways, inspections, keyServer }, overlap = OVERLAP) {
      const before = await known(id);
      const entry = { ...before, gateways: [...gateways], inspections: [...inspections] };
      await put({ ...entry, retired: retiredKeys(before, entry, overlap, clock.now()) }, keyServer);
      await appendAudit(store, clock.now(), 'servers', { organisation: id });
      await publish();
    },

    async alwaysSigned(id, domains) {
      const entry = await known(id);
      requireOwnDomains(entry, domains);
      await put({ ...entry, alwaysSigned: [...domains] });
      await appendAudit(store, clock.now(), 'always-signed', { organisation: id, domains: domains.join(' ') });
      await publish();
    },

    async revoke(id, reason, invalidSince, certificate) {
      const [inUse, ...former] = certificatesOf(await known(id));
      if (inUse === undefined) throw refused('organisation-unknown');
      const named = certificate === undefined ? inUse : [inUse, ...former].find(({ der }) => equal(der, certificate));
      if (named === undefined) throw refused('certificate-unknown', { serial: parseCertificate(certificate ?? inUse.der).serial });
      // A renewed certificate leaves the one before in force: both are for the same key.
      const whole = certificate === undefined && reason === 'cessationOfOperation';
      const revoked = [inUse, ...former].filter((one) => whole || equal(one.spkiSha256, named.spkiSha256));
      const values = { at: clock.now().getTime(), reason, invalid_since: invalidSince?.getTime() ?? null };
      for (const { serial } of revoked) {
        await store.query.insertInto('revocations').values({ serial, ...values })
          .onConflict((conflict) => conflict.column('serial').doUpdateSet(values).where('revocations.reason', '=', 'certificateHold')).execute();
      }
      await appendAudit(store, clock.now(), 'revoke', { organisation: id, reason, count: revoked.length });
      await publish();
    },

    async revokeDelegate(der) {
      const { serial, roles } = parseCertificate(der);
      if (roles[0] !== 'delegate') throw refused('certificate-role', { expected: 'delegate', found: roles[0] ?? 'none' });
      if (serial === delegate.certificate.serial) throw refused('delegate-in-use');
      await store.query.insertInto('revocations').values({ serial, at: clock.now().getTime(), reason: 'keyCompromise', invalid_since: null })
        .onConflict((conflict) => conflict.column('serial').doNothing()).execute();
      await appendAudit(store, clock.now(), 'revoke-delegate', { serial });
      await publish();
    },

    async file(name) {
      if (name === INDEX_FILE || name === CRL_FILE) {
        const published = await store.query.selectFrom('publication').select(['directory', 'crl']).where('id', '=', 1).executeTakeFirst();
        return name === INDEX_FILE ? published?.directory : published?.crl;
      }
      return (await store.query.selectFrom('directory_files').select('bytes').where('name', '=', name).executeTakeFirst())?.bytes;
    },

    async organisationOfKeyServer(spki) {
      const row = await store.query.selectFrom('organisations').select('id').where('key_server', '=', spki).executeTakeFirst();
      return row?.id;
    },

    async memberKeys() {
      const rows = await store.query.selectFrom('organisations').select(['entry', 'key_server']).execute();
      return rows.flatMap(({ entry, key_server }) => {
        const { gateways, inspections } = decodeJson(organisationSchema, entry);
        return [key_server, ...gateways, ...inspections];
      });
    },
  };
}
