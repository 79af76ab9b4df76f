/** Addresses that stand for mailboxes: aliases, and the organisation's mailing lists. */
import { refused } from '../../core/error.ts';
import type { Clock, MailingList } from '../../flow/ports.ts';
import { domainOf, normalizeAddress } from '../../mail/address.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Transaction } from '../shared/database.ts';
import type { Store, Tables } from './tables.ts';

/** Who may post to a list: whoever has a certificate, the organisation's own members, or those on the list. */
export const POSTING = ['anyone', 'organisation', 'members'] as const;
export type Posting = (typeof POSTING)[number];

/** Mailboxes of one list: each copy of a post is a message of its own. */
const MAX_LIST = 1000;

export interface List {
  readonly address: string;
  readonly name: string;
  readonly posting: Posting;
  /** Gets reports on posts that did not reach everybody, and requests to be taken off. */
  readonly owner?: string;
  readonly members: readonly { readonly mailbox: string; readonly enrolled: boolean }[];
}

export interface ListChange {
  readonly address: string;
  /** Required for a new list. */
  readonly name?: string;
  /** `organisation` for a new list, unless told. */
  readonly posting?: Posting;
  /** A member; required where anyone may post, for nobody else could be told what became of a post. */
  readonly owner?: string;
  readonly members: readonly string[];
}

export interface Groups {
  /** Mail for `alias` goes to a member's mailbox too. Throws `address-not-ours`, `address-taken`, `member-unknown`. */
  addAlias(alias: string, mailbox: string): Promise<void>;
  /** Takes an alias away, from one mailbox or from all. Throws `alias-unknown`. */
  removeAlias(alias: string, mailbox?: string): Promise<void>;
  aliases(): Promise<readonly { address: string; mailbox: string }[]>;
  /**
   * Makes a list, or changes name and posting rule, and puts members on it. Throws `address-not-ours`, `address-taken`,
   * `list-name-missing`, `list-owner-missing`, `list-member-outside`, `member-unknown`, `list-too-large`.
   */
  addToList(change: ListChange): Promise<void>;
  /** Takes members off a list, or ends it. Throws `list-unknown`, `list-member-unknown`. */
  removeFromList(address: string, members: readonly string[] | 'whole list'): Promise<void>;
  lists(): Promise<readonly List[]>;
  /**
   * The mailboxes that an address stands for: its own, where it is neither alias nor list. Throws `list-post-refused` where
   * the sender may not post.
   */
  mailboxesOf(address: string, sender?: string): Promise<{ readonly mailboxes: readonly string[]; readonly list?: MailingList }>;
}

export function createGroups(store: Store, domains: readonly string[], clock: Clock): Groups {
  return {
    addAlias: (text, target) => store.transaction(async (tx) => {
      const [address, mailbox] = [normalizeAddress(text), normalizeAddress(target)];
      await requireFree(tx, address, domains);
      if (await tx.selectFrom('lists').select('address').where('address', '=', address).executeTakeFirst() !== undefined) throw refused('address-taken', { address });
      await requireMember(tx, mailbox);
      await tx.insertInto('aliases').values({ address, mailbox }).onConflict((conflict) => conflict.columns(['address', 'mailbox']).doNothing()).execute();
      await appendAuditIn(tx, clock.now(), 'alias-added', { address, mailbox });
    }),

    removeAlias: (text, target) => store.transaction(async (tx) => {
      const address = normalizeAddress(text);
      let query = tx.deleteFrom('aliases').where('address', '=', address);
      if (target !== undefined) query = query.where('mailbox', '=', normalizeAddress(target));
      const { numDeletedRows } = await query.executeTakeFirst();
      if (numDeletedRows === 0n) throw refused('alias-unknown', { address });
      await appendAuditIn(tx, clock.now(), 'alias-removed', { address });
    }),

    aliases: () => store.query.selectFrom('aliases').selectAll().orderBy('address').orderBy('mailbox').execute(),

    addToList: ({ address: text, name, posting, owner, members }) => store.transaction(async (tx) => {
      const address = normalizeAddress(text);
      await requireFree(tx, address, domains);
      if (await tx.selectFrom('aliases').select('address').where('address', '=', address).executeTakeFirst() !== undefined) throw refused('address-taken', { address });
      const known = await tx.selectFrom('lists').selectAll().where('address', '=', address).executeTakeFirst();
      const values = { name: name ?? known?.name, posting: posting ?? known?.posting ?? 'organisation', owner: owner === undefined ? known?.owner ?? null : normalizeAddress(owner) };
      if (values.name === undefined) throw refused('list-name-missing', { address });
      if (values.owner === null && posting === 'anyone') throw refused('list-owner-missing', { address });
      if (owner !== undefined && values.owner !== null) await requireMember(tx, values.owner);
      await tx.insertInto('lists').values({ address, created: clock.now().getTime(), ...values, name: values.name })
        .onConflict((conflict) => conflict.column('address').doUpdateSet({ posting: values.posting, owner: values.owner, ...(values.name !== undefined && { name: values.name }) })).execute();
      for (const member of members) {
        const mailbox = normalizeAddress(member);
        if (!domains.includes(domainOf(mailbox))) throw refused('list-member-outside', { address: mailbox });
        await requireMember(tx, mailbox);
        await tx.insertInto('list_members').values({ list: address, mailbox }).onConflict((conflict) => conflict.columns(['list', 'mailbox']).doNothing()).execute();
      }
      const { n } = await tx.selectFrom('list_members').select((e) => e.fn.countAll<number>().as('n')).where('list', '=', address).executeTakeFirstOrThrow();
      if (n > MAX_LIST) throw refused('list-too-large', { address, maximum: MAX_LIST });
      await appendAuditIn(tx, clock.now(), 'list-changed', { address, posting: values.posting, members: n });
    }),

    removeFromList: (text, members) => store.transaction(async (tx) => {
      const address = normalizeAddress(text);
      if (await tx.selectFrom('lists').select('address').where('address', '=', address).executeTakeFirst() === undefined) throw refused('list-unknown', { address });
      if (members === 'whole list') {
        await tx.deleteFrom('list_members').where('list', '=', address).execute();
        await tx.deleteFrom('lists').where('address', '=', address).execute();
      } else {
        for (const member of members) {
          const mailbox = normalizeAddress(member);
          const { numDeletedRows } = await tx.deleteFrom('list_members').where('list', '=', address).where('mailbox', '=', mailbox).executeTakeFirst();
          if (numDeletedRows === 0n) throw refused('list-member-unknown', { address: mailbox });
        }
      }
      await appendAuditIn(tx, clock.now(), 'list-reduced', { address, members: members === 'whole list' ? 0 : members.length });
    }),

    async lists() {
      const lists = await store.query.selectFrom('lists').selectAll().orderBy('address').execute();
      const members = await store.query.selectFrom('list_members').selectAll().orderBy('mailbox').execute();
      const enrolled = await enrolledAddresses(store, clock);
      return lists.map(({ address, name, posting, owner }) => ({
        address, name, posting: postingOf(posting), ...(owner !== null && { owner }),
        members: members.filter(({ list }) => list === address).map(({ mailbox }) => ({ mailbox, enrolled: enrolled.has(mailbox) })),
      }));
    },

    async mailboxesOf(address, sender) {
      const list = await store.query.selectFrom('lists').select(['name', 'posting', 'owner']).where('address', '=', address).executeTakeFirst();
      if (list !== undefined) {
        const rows = await store.query.selectFrom('list_members').select('mailbox').where('list', '=', address).orderBy('mailbox').execute();
        const mailboxes = rows.map(({ mailbox }) => mailbox);
        if (sender !== undefined && !mayPost(postingOf(list.posting), sender, mailboxes, domains)) throw refused('list-post-refused', { list: address });
        return { mailboxes, list: { name: list.name, ...(list.owner !== null && { owner: list.owner }) } };
      }
      const targets = await store.query.selectFrom('aliases').select('mailbox').where('address', '=', address).orderBy('mailbox').execute();
      return { mailboxes: targets.length > 0 ? targets.map(({ mailbox }) => mailbox) : [address] };
    },
  };
}

function mayPost(posting: Posting, sender: string, mailboxes: readonly string[], domains: readonly string[]): boolean {
  if (posting === 'anyone') return true;
  return posting === 'organisation' ? domains.includes(domainOf(sender)) : mailboxes.includes(sender);
}

function postingOf(text: string): Posting {
  return POSTING.find((one) => one === text) ?? 'members';
}

/** An address that may become an alias or list: in an own domain, and no member's own. */
async function requireFree(tx: Transaction<Tables>, address: string, domains: readonly string[]): Promise<void> {
  if (!domains.includes(domainOf(address))) throw refused('address-not-ours', { address });
  const member = await tx.selectFrom('members').select('id').where('address', '=', address).where('left_at', 'is', null).executeTakeFirst();
  if (member !== undefined) throw refused('address-taken', { address });
}

async function requireMember(tx: Transaction<Tables>, mailbox: string): Promise<void> {
  const member = await tx.selectFrom('members').select('id').where('address', '=', mailbox).where('left_at', 'is', null).executeTakeFirst();
  if (member === undefined) throw refused('member-unknown', { address: mailbox });
}

async function enrolledAddresses(store: Store, clock: Clock): Promise<ReadonlySet<string>> {
  const rows = await store.query.selectFrom('certificates').select('address').distinct()
    .where('role', '=', 'user').where((e) => e.or([e('revoked', 'is', null), e('reason', '=', 'certificateHold')])).where('not_after', '>', clock.now().getTime()).execute();
  return new Set(rows.map(({ address }) => address));
}
