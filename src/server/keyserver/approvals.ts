/**
 * What takes two different administrators (design §2, §3): somebody asks for it, two administrators sign the request with
 * their own keys, and only then it is done. Who reaches the administration socket may ask; without two keys nothing comes of it.
 */
import { z } from 'zod';
import { type Bytes, equal } from '../../core/bytes.ts';
import { verifyEcdsa } from '../../core/ecdsa.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import type { Clock } from '../../flow/ports.ts';
import { type Approval, approvalStatement } from '../../wire/approval.ts';
import { bytesField, decodeJson, encodeJson } from '../../wire/json.ts';
import { appendAudit, appendAuditIn } from '../shared/audit-chain.ts';
import type { Transaction } from '../shared/database.ts';
import type { Store, Tables } from './tables.ts';

/** How long a request waits for its signatures; milliseconds. */
const LIFETIME = 3 * 86_400_000;
const SIGNATURES = 2;

/** Something that takes two administrators. `approvalAction` makes one. */
export interface ApprovalAction {
  /** Throws what is wrong with a payload, before anybody is asked to sign it. */
  check(payload: Bytes): void;
  /** Does it; what it returns is told to whoever signed last. */
  run(payload: Bytes): Promise<Readonly<Record<string, unknown>>>;
}

export function approvalAction<T>(schema: z.ZodType<T>, run: (payload: T) => Promise<Readonly<Record<string, unknown>>>): ApprovalAction {
  return { check: (payload) => void decodeJson(schema, payload), run: (payload) => run(decodeJson(schema, payload)) };
}

export interface Administrator {
  readonly name: string;
  readonly publicKey: Bytes;
  readonly added: Date;
}

export interface Approvals {
  administrators(): Promise<Administrator[]>;
  /**
   * Adds an administrator: the first two at once, as there is nobody yet who could approve; later ones by a request, which is
   * returned. The caller has verified that the key is held. Throws `administrator-exists`.
   */
  addAdministrator(name: string, publicKey: Bytes): Promise<Approval | undefined>;
  /** Asks for something. Throws `approval-kind-unknown`, `json-invalid`, `administrators-missing` where there are not two yet. */
  request(kind: string, payload: Bytes): Promise<Approval>;
  /** What waits. */
  pending(): Promise<Approval[]>;
  /**
   * Takes one signature, and does what was asked for if it is the second one. Throws `approval-unknown`, `approval-expired`,
   * `administrator-unknown`, `approval-signature-invalid`, `approval-already-signed`, and what the action throws: then the request
   * goes on waiting, and either of them may sign again.
   */
  sign(id: string, publicKey: Bytes, signature: Bytes): Promise<{ state: 'waiting' } | { state: 'done'; result: Readonly<Record<string, unknown>> }>;
}

export interface ApprovalParts {
  readonly store: Store;
  /** The organisation's identifier. */
  readonly organisation: string;
  readonly clock: Clock;
  /** By kind: `trace`, `recovery`. */
  readonly actions: Readonly<Record<string, ApprovalAction>>;
}

export function createApprovals({ store, organisation, clock, actions: others }: ApprovalParts): Approvals {
  const actions: Readonly<Record<string, ApprovalAction>> = {
    ...others,
    'administrator-add': approvalAction(
      z.strictObject({ name: z.string().min(1).max(64), publicKey: bytesField({ length: 65 }) }),
      async ({ name, publicKey }) => {
        await store.transaction((tx) => insert(tx, name, publicKey, clock.now()));
        return { added: name };
      },
    ),
    'administrator-remove': approvalAction(z.strictObject({ name: z.string().min(1).max(64) }), async ({ name }) => {
      await store.transaction(async (tx) => {
        const left = await tx.selectFrom('administrators').select('name').where('name', '!=', name).execute();
        if (left.length < SIGNATURES) throw refused('administrators-missing', { number: left.length });
        await tx.deleteFrom('administrators').where('name', '=', name).execute();
        await appendAuditIn(tx, clock.now(), 'administrator-removed', { name });
      });
      return { removed: name };
    }),
  };

  async function administrators(): Promise<Administrator[]> {
    const rows = await store.query.selectFrom('administrators').selectAll().orderBy('name').execute();
    return rows.map(({ name, public_key, added }) => ({ name, publicKey: public_key, added: new Date(added) }));
  }

  async function approvals(id?: string): Promise<Approval[]> {
    let query = store.query.selectFrom('approvals').selectAll().where('done', 'is', null);
    query = id === undefined ? query.where('expires', '>', clock.now().getTime()) : query.where('id', '=', id);
    const rows = await query.orderBy('requested').execute();
    return Promise.all(rows.map(async ({ id: approval, kind, payload, expires }) => ({
      id: approval, organisation, kind, payload, expires: new Date(expires), signed: await signers(store.query, approval),
    })));
  }

  async function request(kind: string, payload: Bytes): Promise<Approval> {
    const action = Object.hasOwn(actions, kind) ? actions[kind] : undefined;
    if (action === undefined) throw refused('approval-kind-unknown', { kind });
    action.check(payload);
    const known = await store.query.selectFrom('administrators').select('name').execute();
    if (known.length < SIGNATURES) throw refused('administrators-missing', { number: known.length });
    const now = clock.now();
    const [id, expires] = [crypto.randomUUID(), new Date(now.getTime() + LIFETIME)];
    await store.query.insertInto('approvals').values({ id, kind, payload, requested: now.getTime(), expires: expires.getTime(), done: null }).execute();
    return { id, organisation, kind, payload, expires, signed: [] };
  }

  /** Keeps the signature; true when it makes two, and then nobody else may do the work. */
  async function keep(approval: Approval, administrator: Administrator, signature: Bytes): Promise<boolean> {
    const now = clock.now();
    return store.transaction(async (tx) => {
      const { numInsertedOrUpdatedRows } = await tx.insertInto('approval_signatures')
        .values({ approval: approval.id, public_key: administrator.publicKey, signature, at: now.getTime() })
        .onConflict((conflict) => conflict.columns(['approval', 'public_key']).doNothing()).executeTakeFirst();
      const known = await signers(tx, approval.id);
      // Where the work failed after the second signature, either of the two may start it again.
      if (numInsertedOrUpdatedRows === 0n && known.length < SIGNATURES) throw refused('approval-already-signed', { name: administrator.name });
      if (numInsertedOrUpdatedRows !== 0n) await appendAuditIn(tx, now, 'approval-signed', { approval: approval.id, kind: approval.kind, administrator: administrator.name });
      if (known.length < SIGNATURES) return false;
      const taken = await tx.updateTable('approvals').set({ done: now.getTime() }).where('id', '=', approval.id).where('done', 'is', null).executeTakeFirst();
      if (taken.numUpdatedRows === 0n) throw refused('approval-unknown');
      return true;
    });
  }

  return {
    administrators,

    async addAdministrator(name, publicKey) {
      const added = await store.transaction(async (tx) => {
        const known = await tx.selectFrom('administrators').select(['name', 'public_key']).execute();
        if (known.some((one) => one.name === name || equal(one.public_key, publicKey))) throw refused('administrator-exists', { name });
        if (known.length >= SIGNATURES) return false;
        await insert(tx, name, publicKey, clock.now());
        return true;
      });
      return added ? undefined : request('administrator-add', encodeJson({ name, publicKey }));
    },

    request,
    pending: () => approvals(),

    async sign(id, publicKey, signature) {
      const [approval] = await approvals(id);
      if (approval === undefined) throw refused('approval-unknown');
      if (approval.expires < clock.now()) throw refused('approval-expired');
      const administrator = (await administrators()).find((one) => equal(one.publicKey, publicKey));
      if (administrator === undefined) throw refused('administrator-unknown');
      if (!(await verifyEcdsa(publicKey, approvalStatement(approval), signature))) throw refused('approval-signature-invalid');
      if (!(await keep(approval, administrator, signature))) return { state: 'waiting' };
      const action = actions[approval.kind];
      if (action === undefined) throw new SsmaxError('fault', 'approval-kind-unknown', { kind: approval.kind });
      try {
        const result = await action.run(approval.payload);
        await appendAudit(store, clock.now(), 'approved', { approval: id, kind: approval.kind });
        return { state: 'done', result };
      } catch (error) {
        await store.query.updateTable('approvals').set({ done: null }).where('id', '=', id).execute();
        throw error;
      }
    },
  };
}

/** Who signed and is still an administrator. */
async function signers(query: Pick<Transaction<Tables>, 'selectFrom'>, approval: string): Promise<string[]> {
  const rows = await query.selectFrom('approval_signatures').innerJoin('administrators', 'administrators.public_key', 'approval_signatures.public_key')
    .select('administrators.name').where('approval', '=', approval).orderBy('approval_signatures.at').execute();
  return rows.map(({ name }) => name);
}

async function insert(tx: Transaction<Tables>, name: string, publicKey: Bytes, now: Date): Promise<void> {
  const { numInsertedOrUpdatedRows } = await tx.insertInto('administrators').values({ name, public_key: publicKey, added: now.getTime() })
    .onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) throw refused('administrator-exists', { name });
  await appendAuditIn(tx, now, 'administrator-added', { name });
}
