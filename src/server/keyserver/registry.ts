/** Members and who they are, and the certificates in force for a mailbox (design §2). */
import { type Bytes, hex } from '../../core/bytes.ts';
import { refused } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { nameAttributes } from '../../core/pki/names.ts';
import { holdsIndividualNumber } from '../../flow/identifiers.ts';
import type { Clock, Member, Members } from '../../flow/ports.ts';
import { domainOf, normalizeAddress } from '../../mail/address.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Transaction } from '../shared/database.ts';
import type { Ca } from './ca.ts';
import { createEnrolment, type Enrolment, MAX_CERTIFICATES } from './enrolment.ts';
import { createGroups, type Groups } from './groups.ts';
import type { Store, Tables } from './tables.ts';

export interface NewMember {
  readonly address: string;
  /** Employee or contract number; of a service, of who answers for it. */
  readonly reference: string;
  /** Name to show, or the pseudonym. */
  readonly displayName: string;
  readonly pseudonym: boolean;
  /** Where the identity check is filed. */
  readonly identityCheck: string;
  /** Who stands behind a pseudonym; kept in the registry only. */
  readonly person?: string;
  /** `person`, unless told: a service is a program that sends. */
  readonly kind?: 'person' | 'service';
}

export interface ListedMember {
  readonly id: string;
  readonly address: string;
  readonly reference: string;
  readonly displayName: string;
  readonly pseudonym: boolean;
  readonly kind: string;
  /** In force, this member's own. */
  readonly certificates: number;
  /** Absent while the member is one. */
  readonly left?: Date;
}

export type RevocationOfMember = 'keyCompromise' | 'cessationOfOperation' | 'superseded';

export interface Registry extends Members, Enrolment, Groups {
  /** Adds a member, or takes back one who had left. Throws `member-exists`, `too-many-holders` and what {@link checkMember} throws. */
  add(member: NewMember): Promise<{ id: string; address: string }>;
  list(): Promise<readonly ListedMember[]>;
  /** The member leaves: no certificate of his stays in force, no code; the entry stays. Throws `member-unknown`, `member-ambiguous`. */
  remove(address: string, reference?: string): Promise<{ revoked: number }>;
  /** Revokes every certificate of the address, or of its holder with this reference; returns how many. */
  revokeAddress(address: string, reason: RevocationOfMember, invalidSince?: Date, reference?: string): Promise<number>;
  /** The certificate with this key, for requests that a user signs: a revoked one too, as its holder may ask why. */
  certificateByKey(spkiHash: Bytes): Promise<Certificate | undefined>;
}

/** What is wrong with an entry, or nothing. Throws `address-invalid`, `address-not-ours`, `national-number`, `certificate-name`. */
export function checkMember(member: NewMember, domains: readonly string[]): void {
  const address = normalizeAddress(member.address);
  if (!domains.includes(domainOf(address))) throw refused('address-not-ours', { address });
  const { reference, displayName, identityCheck, person = '' } = member;
  if ([address, reference, displayName, identityCheck, person].some((text) => holdsIndividualNumber(text))) throw refused('national-number');
  nameAttributes({ commonName: displayName });
}

/** Puts one more holder of an address into the registry, or takes back one who had left; the caller's transaction, who bounds their number. */
export async function insertMember(tx: Transaction<Tables>, member: NewMember, now: Date): Promise<{ id: string; address: string }> {
  const address = normalizeAddress(member.address);
  for (const table of ['aliases', 'lists'] as const) {
    if (await tx.selectFrom(table).select('address').where('address', '=', address).executeTakeFirst() !== undefined) throw refused('address-taken', { address });
  }
  const holders = await tx.selectFrom('members').select(['id', 'reference', 'left_at']).where('address', '=', address).execute();
  const known = holders.find(({ reference }) => reference === member.reference);
  if (known?.left_at === null) throw refused('member-exists', { address });
  const id = known?.id ?? crypto.randomUUID();
  const values = {
    display_name: member.displayName, pseudonym: member.pseudonym ? 1 : 0, identity_check: member.identityCheck,
    person: member.person ?? null, kind: member.kind ?? 'person', left_at: null,
  };
  await tx.insertInto('members').values({ id, address, reference: member.reference, created: now.getTime(), ...values })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(values)).execute();
  await appendAuditIn(tx, now, 'member-added', { member: id });
  return { id, address };
}

/** Ends a membership; the caller's transaction, who must publish the CRL afterwards. Returns how many certificates were revoked. */
export async function endMembership(tx: Transaction<Tables>, member: { id: string; address: string }, now: Date): Promise<number> {
  const at = now.getTime();
  await tx.updateTable('members').set({ left_at: at }).where('id', '=', member.id).execute();
  await tx.deleteFrom('enrolment_codes').where('member', '=', member.id).where('used', 'is', null).execute();
  const { numUpdatedRows } = await tx.updateTable('certificates').set({ revoked: at, reason: 'cessationOfOperation' })
    .where('member', '=', member.id).where('role', '=', 'user').where((e) => e.or([e('revoked', 'is', null), e('reason', '=', 'certificateHold')])).executeTakeFirst();
  const others = await tx.selectFrom('members').select('id').where('address', '=', member.address).where('left_at', 'is', null).executeTakeFirst();
  if (others === undefined) {
    await tx.deleteFrom('aliases').where('mailbox', '=', member.address).execute();
    await tx.deleteFrom('list_members').where('mailbox', '=', member.address).execute();
  }
  await appendAuditIn(tx, now, 'member-left', { member: member.id, revoked: Number(numUpdatedRows) });
  return Number(numUpdatedRows);
}

export function createRegistry(
  store: Store, ca: Ca, domains: readonly string[], random: (length: number) => Bytes, clock: Clock,
): Registry {
  /** Certificates in force by mailbox, the newest first; mailboxes that are no member's are missing. */
  async function inForce(mailboxes: readonly string[]): Promise<ReadonlyMap<string, Bytes[]>> {
    const members = await store.query.selectFrom('members').select('address').distinct().where('address', 'in', mailboxes).where('left_at', 'is', null).execute();
    const found = new Map<string, Bytes[]>(members.map(({ address }) => [address, []]));
    // A suspended member may not send, but goes on receiving: nothing of it is lost when the suspension ends.
    const rows = await store.query.selectFrom('certificates').select(['address', 'der', 'spki_hash'])
      .where('address', 'in', mailboxes).where('role', '=', 'user')
      .where((e) => e.or([e('revoked', 'is', null), e('reason', '=', 'certificateHold')]))
      .where('not_after', '>', clock.now().getTime()).orderBy('not_after', 'desc').execute();
    // Renewal keeps the key: of its certificates the newest counts.
    const keys = new Set<string>();
    for (const { address, der, spki_hash } of rows) {
      const certificates = found.get(address);
      const key = `${address}<${hex(spki_hash)}`;
      if (certificates === undefined || certificates.length >= MAX_CERTIFICATES || keys.has(key)) continue;
      keys.add(key);
      certificates.push(der);
    }
    return found;
  }

  const groups = createGroups(store, domains, clock);

  return {
    ...createEnrolment(store, ca, random, clock),
    ...groups,

    async expand(address, sender) {
      const { mailboxes, list } = await groups.mailboxesOf(address, sender);
      const certificates = mailboxes.length === 0 ? new Map<string, Bytes[]>() : await inForce(mailboxes);
      return mailboxes.flatMap((mailbox): Member[] => {
        const own = certificates.get(mailbox);
        return own === undefined ? [] : [{ mailbox, certificates: own, ...(list !== undefined && { list }) }];
      });
    },

    async add(member) {
      checkMember(member, domains);
      return store.transaction(async (tx) => {
        const added = await insertMember(tx, member, clock.now());
        const { n } = await tx.selectFrom('members').select((e) => e.fn.countAll<number>().as('n')).where('address', '=', added.address).where('left_at', 'is', null).executeTakeFirstOrThrow();
        if (n > MAX_CERTIFICATES) throw refused('too-many-holders', { address: added.address, maximum: MAX_CERTIFICATES });
        return added;
      });
    },

    async list() {
      const members = await store.query.selectFrom('members').selectAll().orderBy('address').orderBy('reference').execute();
      const counts = await store.query.selectFrom('certificates').select(['member', (e) => e.fn.count<number>('spki_hash').distinct().as('n')])
        .where('role', '=', 'user').where('revoked', 'is', null).where('not_after', '>', clock.now().getTime()).groupBy('member').execute();
      const certificates = new Map(counts.map(({ member, n }) => [member, n]));
      return members.map((row) => ({
        id: row.id, address: row.address, reference: row.reference, displayName: row.display_name, pseudonym: row.pseudonym === 1, kind: row.kind,
        certificates: certificates.get(row.id) ?? 0, ...(row.left_at !== null && { left: new Date(row.left_at) }),
      }));
    },

    async remove(text, reference) {
      const address = normalizeAddress(text);
      const revoked = await store.transaction(async (tx) => {
        let query = tx.selectFrom('members').select(['id', 'address']).where('address', '=', address).where('left_at', 'is', null);
        if (reference !== undefined) query = query.where('reference', '=', reference);
        const [member, ...others] = await query.execute();
        if (member === undefined) throw refused('member-unknown', { address });
        if (others.length > 0) throw refused('member-ambiguous', { address });
        return endMembership(tx, member, clock.now());
      });
      await ca.publishCrl();
      return { revoked };
    },

    async revokeAddress(text, reason, invalidSince, reference) {
      const address = normalizeAddress(text);
      const holders = await store.query.selectFrom('members').select(['id', 'reference']).where('address', '=', address).execute();
      const whose = holders.filter((holder) => reference === undefined || holder.reference === reference).map(({ id }) => id);
      if (whose.length === 0) throw refused('member-unknown', { address });
      const rows = await store.query.selectFrom('certificates').select('serial')
        .where('address', '=', address).where('role', '=', 'user').where('member', 'in', whose)
        .where((e) => e.or([e('revoked', 'is', null), e('reason', '=', 'certificateHold')])).execute();
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
