/** Members, their aliases and their enrolment by one-time code (design §2, §5). */
import { type Bytes, equal, utf8 } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { holdsIndividualNumber } from '../../flow/identifiers.ts';
import type { Clock, Member, Members } from '../../flow/ports.ts';
import { domainOf, normalizeAddress } from '../../mail/address.ts';
import type { Ca } from './ca.ts';
import type { Store } from './tables.ts';

/** Without I, L, O and U, which are misread (Crockford's base32). */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 12 characters: 60 bits. */
const CODE_LENGTH = 12;
const CODE_VALIDITY = 14 * 86_400_000;
/** Wrong codes for one address within an hour, before more are refused unseen. */
const MAX_FAILURES = 10;
const FAILURE_WINDOW = 3_600_000;
/** Certificates one address may have in force: devices, and holders of a shared mailbox. */
const MAX_CERTIFICATES = 8;

export interface NewMember {
  readonly address: string;
  readonly reference: string;
  readonly displayName: string;
  readonly pseudonym: boolean;
  readonly identityCheck: string;
}

export interface Registry extends Members {
  /** Adds a member. Throws `member-exists`, `address-not-ours`, `national-number`. */
  add(member: NewMember): Promise<{ id: string; address: string }>;
  addAlias(address: string, mailbox: string): Promise<void>;
  list(): Promise<readonly { id: string; address: string; reference: string; displayName: string; pseudonym: boolean; certificates: number }[]>;
  /** A new one-time code for each member of this address, or for the one with this reference. */
  newCode(address: string, reference?: string): Promise<{ code: string; expires: Date }>;
  /**
   * Enrolment: a certificate for this key, for who knows the code. Throws `enrolment-refused` (wrong, used or expired: not
   * told apart), `enrolment-rate-limited` (unavailable), `too-many-certificates`.
   */
  enrol(address: string, code: string, publicKey: Bytes): Promise<Certificate>;
  /** Revokes every certificate of the address (or of one member); returns how many. */
  revokeAddress(address: string, reason: 'keyCompromise' | 'cessationOfOperation' | 'superseded', invalidSince?: Date): Promise<number>;
  /** The certificate with this key, for requests that a user signs: a revoked one too, as its holder may ask why. */
  certificateByKey(spkiHash: Bytes): Promise<Certificate | undefined>;
}

export function createRegistry(
  store: Store, ca: Ca, domains: readonly string[], random: (length: number) => Bytes, clock: Clock,
): Registry {
  async function inForce(address: string): Promise<Bytes[]> {
    // A suspended member may not send, but goes on receiving: nothing of it is lost when the suspension ends.
    const rows = await store.query.selectFrom('certificates').select('der')
      .where('address', '=', address).where('role', '=', 'user')
      .where((e) => e.or([e('revoked', 'is', null), e('reason', '=', 'certificateHold')]))
      .where('not_after', '>', clock.now().getTime()).orderBy('not_after', 'desc').limit(MAX_CERTIFICATES).execute();
    return rows.map(({ der }) => der);
  }

  async function failures(address: string): Promise<number> {
    const since = clock.now().getTime() - FAILURE_WINDOW;
    const row = await store.query.selectFrom('enrolment_failures').select((e) => e.fn.countAll().as('count'))
      .where('address', '=', address).where('at', '>', since).executeTakeFirst();
    return Number(row?.count ?? 0);
  }

  async function failed(address: string): Promise<SsmaxError> {
    await store.query.insertInto('enrolment_failures').values({ address, at: clock.now().getTime() }).execute();
    return refused('enrolment-refused');
  }

  return {
    async expand(address) {
      const targets = await store.query.selectFrom('aliases').select('mailbox').where('address', '=', address).orderBy('mailbox').execute();
      const mailboxes = targets.length > 0 ? targets.map(({ mailbox }) => mailbox) : [address];
      const members: Member[] = [];
      for (const mailbox of mailboxes) {
        const known = await store.query.selectFrom('members').select('id').where('address', '=', mailbox).executeTakeFirst();
        if (known !== undefined) members.push({ mailbox, certificates: await inForce(mailbox) });
      }
      return members;
    },

    async add(member) {
      const address = normalizeAddress(member.address);
      if (!domains.includes(domainOf(address))) throw refused('address-not-ours', { address });
      if ([member.address, member.reference, member.displayName, member.identityCheck].some(holdsIndividualNumber)) throw refused('national-number');
      const id = crypto.randomUUID();
      const { numInsertedOrUpdatedRows } = await store.query.insertInto('members').values({
        id, address, reference: member.reference, display_name: member.displayName, pseudonym: member.pseudonym ? 1 : 0,
        identity_check: member.identityCheck, created: clock.now().getTime(),
      }).onConflict((conflict) => conflict.columns(['address', 'reference']).doNothing()).executeTakeFirst();
      if (numInsertedOrUpdatedRows === 0n) throw refused('member-exists', { address });
      return { id, address };
    },

    async addAlias(alias, mailbox) {
      const values = { address: normalizeAddress(alias), mailbox: normalizeAddress(mailbox) };
      await store.query.insertInto('aliases').values(values).onConflict((conflict) => conflict.columns(['address', 'mailbox']).doNothing()).execute();
    },

    async list() {
      const rows = await store.query.selectFrom('members').selectAll().orderBy('address').execute();
      return Promise.all(rows.map(async (row) => ({
        id: row.id, address: row.address, reference: row.reference, displayName: row.display_name, pseudonym: row.pseudonym === 1,
        certificates: (await inForce(row.address)).length,
      })));
    },

    async newCode(text, reference) {
      const address = normalizeAddress(text);
      let query = store.query.selectFrom('members').select('id').where('address', '=', address);
      if (reference !== undefined) query = query.where('reference', '=', reference);
      const members = await query.execute();
      const [member, ...others] = members;
      if (member === undefined) throw refused('member-unknown', { address });
      if (others.length > 0) throw refused('member-ambiguous', { address });
      const code = [...random(CODE_LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
      const expires = clock.now().getTime() + CODE_VALIDITY;
      await store.query.insertInto('enrolment_codes').values({ code_hash: await codeHash(address, code), member: member.id, expires, used: null, serial: null }).execute();
      return { code: (code.match(/.{4}/g) ?? [code]).join('-'), expires: new Date(expires) };
    },

    async enrol(text, code, publicKey) {
      const address = normalizeAddress(text);
      if (await failures(address) >= MAX_FAILURES) throw new SsmaxError('unavailable', 'enrolment-rate-limited');
      const hash = await codeHash(address, code);
      const row = await store.query.selectFrom('enrolment_codes').innerJoin('members', 'members.id', 'enrolment_codes.member')
        .select(['members.id', 'members.address', 'display_name', 'pseudonym', 'expires', 'used', 'serial'])
        .where('code_hash', '=', hash).where('members.address', '=', address).executeTakeFirst();
      const now = clock.now().getTime();
      if (row === undefined || row.expires < now) throw await failed(address);
      if (row.used !== null) return repeated(store, row.serial, publicKey, () => failed(address));
      if ((await inForce(address)).length >= MAX_CERTIFICATES) throw refused('too-many-certificates', { maximum: MAX_CERTIFICATES });
      const taken = await store.query.updateTable('enrolment_codes').set({ used: now }).where('code_hash', '=', hash).where('used', 'is', null).executeTakeFirst();
      if (taken.numUpdatedRows === 0n) throw await failed(address);
      const certificate = await ca.issueUser({ id: row.id, address, displayName: row.display_name, pseudonym: row.pseudonym === 1 }, publicKey);
      await store.query.updateTable('enrolment_codes').set({ serial: certificate.serial }).where('code_hash', '=', hash).execute();
      return certificate;
    },

    async revokeAddress(text, reason, invalidSince) {
      const address = normalizeAddress(text);
      const rows = await store.query.selectFrom('certificates').select('serial')
        .where('address', '=', address).where('role', '=', 'user').where('revoked', 'is', null).execute();
      for (const { serial } of rows) await ca.revoke(serial, reason, invalidSince);
      return rows.length;
    },

    async certificateByKey(spkiHash) {
      const row = await store.query.selectFrom('certificates').select('der')
        .where('spki_hash', '=', spkiHash).where('role', '=', 'user').orderBy('not_after', 'desc').executeTakeFirst();
      return row === undefined ? undefined : parseCertificate(row.der);
    },
  };
}

/** The answer to a first request may have been lost: the same key with the same code gets the same certificate. */
async function repeated(store: Store, serial: string | null, publicKey: Bytes, failed: () => Promise<SsmaxError>): Promise<Certificate> {
  const row = serial === null ? undefined
    : await store.query.selectFrom('certificates').select('der').where('serial', '=', serial).where('revoked', 'is', null).executeTakeFirst();
  const certificate = row === undefined ? undefined : parseCertificate(row.der);
  if (certificate === undefined || !equal(certificate.publicKey, publicKey)) throw await failed();
  return certificate;
}

/** Codes are typed by hand: case, blanks and hyphens do not matter. Bound to the address, so that a list of hashes says less. */
async function codeHash(address: string, code: string): Promise<Bytes> {
  const canonical = code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return sha256(utf8('SSMAX-v1/enrolment-code\0'), utf8(`${address}\0${canonical}`));
}
