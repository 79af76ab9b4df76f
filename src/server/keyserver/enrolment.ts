/** Enrolment by one-time codes (design §5): made, listed, withdrawn, used. Only hashes of codes are kept. */
import { sql } from 'kysely';
import { type Bytes, equal, utf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import type { Clock } from '../../flow/ports.ts';
import { normalizeAddress } from '../../mail/address.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Transaction } from '../shared/database.ts';
import type { Ca } from './ca.ts';
import { requireNotSuspended } from './suspension.ts';
import type { Store, Tables } from './tables.ts';

/** Without I, L, O and U, which are misread (Crockford's base32). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 12 characters: 60 bits. */
const CODE_LENGTH = 12;
const DAY = 86_400_000;
/** How long a code may be used, days. */
const CODE_DAYS = 14;
/** Wrong codes for one address within the window, before more are refused unseen. */
const MAX_FAILURES = 10;
const FAILURE_WINDOW = 10 * 60_000;
/** Certificates one address may have in force: devices, and holders of a shared mailbox. */
export const MAX_CERTIFICATES = 8;
/** A code that was taken counts as a certificate until that is there, but not for ever: the server may have ended in between. */
const ISSUING = 10 * 60_000;

/** Whose code it is. */
export interface CodeHolder {
  readonly address: string;
  readonly reference: string;
  /** Who is to be handed the code: the person, also where the certificate shows a pseudonym. */
  readonly name: string;
}

export interface IssuedCode extends CodeHolder {
  /** In groups of four. */
  readonly code: string;
  readonly expires: Date;
}

export interface OpenCode extends CodeHolder {
  readonly issued: Date;
  readonly expires: Date;
}

export interface Enrolment {
  /**
   * A new one-time code for the member of this address, or for the one of them with this reference; open ones of that
   * member count no longer. `days` to use it in. Throws `member-unknown`, `member-ambiguous`.
   */
  newCode(address: string, reference?: string, days?: number): Promise<IssuedCode>;
  /**
   * Codes for all members (not services) without a certificate in force and without an open code; with `reissue`, those
   * with an open code get a new one in its place.
   */
  newCodes(options: { reissue: boolean; days?: number }): Promise<readonly IssuedCode[]>;
  /** Codes that may still be used, the next to expire first. */
  openCodes(): Promise<readonly OpenCode[]>;
  /** Makes open codes useless; returns how many. Throws `member-unknown`. */
  withdrawCodes(address: string, reference?: string): Promise<number>;
  /**
   * A certificate for this key, for who knows the code. Throws `enrolment-refused` (wrong, used or expired: not told
   * apart), `enrolment-rate-limited` (unavailable), `too-many-certificates`.
   */
  enrol(address: string, code: string, publicKey: Bytes): Promise<Certificate>;
}

export function createEnrolment(store: Store, ca: Ca, random: (length: number) => Bytes, clock: Clock): Enrolment {
  const now = (): number => clock.now().getTime();

  async function membersAt(tx: Transaction<Tables>, text: string, reference?: string): Promise<Holder[]> {
    const address = normalizeAddress(text);
    const all = await holders(tx).where('address', '=', address).where('left_at', 'is', null).execute();
    const found = reference === undefined ? all : all.filter((member) => member.reference === reference);
    if (found.length === 0) throw refused('member-unknown', { address });
    return found;
  }

  async function issue(tx: Transaction<Tables>, member: Holder, days: number): Promise<IssuedCode> {
    const code = [...random(CODE_LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
    const expires = now() + days * DAY;
    await tx.deleteFrom('enrolment_codes').where('member', '=', member.id).where('used', 'is', null).execute();
    await tx.insertInto('enrolment_codes').values({
      code_hash: await codeHash(member.address, code), member: member.id, expires, used: null, serial: null, issued: now(),
    }).execute();
    await appendAuditIn(tx, clock.now(), 'code-issued', { member: member.id });
    return { ...holderOf(member), code: (code.match(/.{4}/g) ?? [code]).join('-'), expires: new Date(expires) };
  }

  /** Takes the code, if the address may have one more certificate; all in one, so that no two requests find the last place. */
  function take(hash: Bytes, address: string): Promise<'taken' | 'used'> {
    return store.transaction(async (tx) => {
      const certificates = await tx.selectFrom('certificates').select((e) => e.fn.count<number>('spki_hash').distinct().as('n')) // renewal keeps the key
        .where('address', '=', address).where('role', '=', 'user').where('revoked', 'is', null).where('not_after', '>', now()).executeTakeFirstOrThrow();
      const issuing = await tx.selectFrom('enrolment_codes').innerJoin('members', 'members.id', 'enrolment_codes.member')
        .select((e) => e.fn.countAll<number>().as('n')).where('members.address', '=', address).where('serial', 'is', null)
        .where('used', '>', now() - ISSUING).executeTakeFirstOrThrow();
      if (certificates.n + issuing.n >= MAX_CERTIFICATES) throw refused('too-many-certificates', { maximum: MAX_CERTIFICATES });
      const { numUpdatedRows } = await tx.updateTable('enrolment_codes').set({ used: now() })
        .where('code_hash', '=', hash).where('used', 'is', null).executeTakeFirst();
      return numUpdatedRows === 1n ? 'taken' : 'used';
    });
  }

  async function failed(bucket: number): Promise<SsmaxError> {
    const [at, old] = [now(), now() - FAILURE_WINDOW];
    await store.query.insertInto('enrolment_attempts').values({ bucket, count: 1, since: at })
      .onConflict((conflict) => conflict.column('bucket').doUpdateSet({
        count: sql<number>`case when enrolment_attempts.since <= ${old} then 1 else enrolment_attempts.count + 1 end`,
        since: sql<number>`case when enrolment_attempts.since <= ${old} then ${at} else enrolment_attempts.since end`,
      })).execute();
    return refused('enrolment-refused');
  }

  async function mayTry(bucket: number): Promise<boolean> {
    const row = await store.query.selectFrom('enrolment_attempts').select(['count', 'since']).where('bucket', '=', bucket).executeTakeFirst();
    return row === undefined || row.since <= now() - FAILURE_WINDOW || row.count < MAX_FAILURES;
  }

  return {
    newCode: (address, reference, days = CODE_DAYS) => store.transaction(async (tx) => {
      const [member, ...others] = await membersAt(tx, address, reference);
      if (member === undefined || others.length > 0) throw refused('member-ambiguous', { address });
      return issue(tx, member, days);
    }),

    newCodes: ({ reissue, days = CODE_DAYS }) => store.transaction(async (tx) => {
      // Who is suspended shall not get round it by a new certificate.
      const enrolled = await tx.selectFrom('certificates').select('member').where('role', '=', 'user')
        .where((e) => e.or([e('revoked', 'is', null), e('reason', '=', 'certificateHold')])).where('not_after', '>', now()).execute();
      const open = reissue ? [] : await tx.selectFrom('enrolment_codes').select('member').where('used', 'is', null).where('expires', '>=', now()).execute();
      const without = new Set([...enrolled, ...open].map(({ member }) => member));
      const members = await holders(tx).where('left_at', 'is', null).where('kind', '=', 'person').orderBy('address').orderBy('reference').execute();
      const codes: IssuedCode[] = [];
      for (const member of members) if (!without.has(member.id)) codes.push(await issue(tx, member, days));
      return codes;
    }),

    async openCodes() {
      const rows = await store.query.selectFrom('enrolment_codes').innerJoin('members', 'members.id', 'enrolment_codes.member')
        .select(['address', 'reference', 'display_name', 'person', 'issued', 'expires'])
        .where('used', 'is', null).where('expires', '>=', now()).orderBy('expires').orderBy('address').execute();
      return rows.map((row) => ({ ...holderOf(row), issued: new Date(row.issued), expires: new Date(row.expires) }));
    },

    withdrawCodes: (address, reference) => store.transaction(async (tx) => {
      let withdrawn = 0;
      for (const { id } of await membersAt(tx, address, reference)) {
        const { numDeletedRows } = await tx.deleteFrom('enrolment_codes').where('member', '=', id).where('used', 'is', null).executeTakeFirst();
        withdrawn += Number(numDeletedRows);
        await appendAuditIn(tx, clock.now(), 'code-withdrawn', { member: id });
      }
      return withdrawn;
    }),

    async enrol(text, code, publicKey) {
      const address = normalizeAddress(text);
      const bucket = await bucketOf(address);
      if (!(await mayTry(bucket))) throw new SsmaxError('unavailable', 'enrolment-rate-limited');
      const hash = await codeHash(address, code);
      const row = await store.query.selectFrom('enrolment_codes').innerJoin('members', 'members.id', 'enrolment_codes.member')
        .select(['members.id', 'display_name', 'pseudonym', 'expires', 'used', 'serial'])
        .where('code_hash', '=', hash).where('members.address', '=', address).where('left_at', 'is', null).executeTakeFirst();
      if (row === undefined || row.expires < now()) throw await failed(bucket);
      await requireNotSuspended(store.query, row.id); // before the code is used up
      if (row.used !== null) return repeated(store, row.serial, publicKey, () => failed(bucket));
      if (await take(hash, address) === 'used') throw await failed(bucket);
      return ca.issueUser({ id: row.id, address, displayName: row.display_name, pseudonym: row.pseudonym === 1 }, publicKey, hash);
    },
  };
}

type Holder = Pick<Tables['members'], 'id' | 'address' | 'reference' | 'display_name' | 'person'>;

function holders(tx: Transaction<Tables>) {
  return tx.selectFrom('members').select(['id', 'address', 'reference', 'display_name', 'person']);
}

function holderOf({ address, reference, display_name, person }: Omit<Holder, 'id'>): CodeHolder {
  return { address, reference, name: person ?? display_name };
}

/** The answer to a first request may have been lost: the same key with the same code gets the same certificate. */
async function repeated(store: Store, serial: string | null, publicKey: Bytes, failed: () => Promise<SsmaxError>): Promise<Certificate> {
  const row = serial === null ? undefined
    : await store.query.selectFrom('certificates').select('der').where('serial', '=', serial).where('revoked', 'is', null).executeTakeFirst();
  const certificate = row === undefined ? undefined : parseCertificate(row.der);
  if (certificate === undefined || !equal(certificate.publicKey, publicKey)) throw await failed();
  return certificate;
}

/** Codes are typed by hand: case, width, blanks and hyphens do not matter. Bound to the address, so that a list of hashes says less. */
async function codeHash(address: string, code: string): Promise<Bytes> {
  const canonical = code.normalize('NFKC').toUpperCase().replace(/[\s\p{Pd}ー−]/gu, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return sha256(utf8('SSMAX-v1/enrolment-code\0'), utf8(`${address}\0${canonical}`));
}

/** One of 65,536 by the address, whether it exists or not: who asks learns nothing, and the table stays small. */
async function bucketOf(address: string): Promise<number> {
  const [high = 0, low = 0] = await sha256(utf8('SSMAX-v1/enrolment-attempts\0'), utf8(address));
  return high * 256 + low;
}
