import { expect, it } from 'vitest';
import { z } from 'zod';
import { utf8 } from '../../../src/core/bytes.ts';
import { refused } from '../../../src/core/error.ts';
import { generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';
import { approvalAction, type Approvals, createApprovals } from '../../../src/server/keyserver/approvals.ts';
import { migrations, type Store, type Tables } from '../../../src/server/keyserver/tables.ts';
import { verifyAuditChain } from '../../../src/server/shared/audit-chain.ts';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { type Approval, approvalStatement } from '../../../src/wire/approval.ts';
import { encodeJson } from '../../../src/wire/json.ts';
import { NOW } from '../../flow/world.ts';
import { onBothDatabases } from '../shared/databases.ts';

const DAY = 86_400_000;
const [alice, bob, carol] = [1, 2, 3].map(() => loadPrivateKey(generatePrivateKey())) as [ReturnType<typeof loadPrivateKey>, ReturnType<typeof loadPrivateKey>, ReturnType<typeof loadPrivateKey>];

onBothDatabases('what takes two administrators', (fresh) => {
  let now = NOW;
  let done: string[];
  let broken = false;
  const open = async (): Promise<{ store: Store; approvals: Approvals }> => {
    now = NOW;
    done = [];
    broken = false;
    const store = await openDatabase<Tables>(await fresh(), migrations);
    const approvals = createApprovals({
      store, organisation: 'NTRJP-1', clock: { now: () => now },
      actions: {
        trace: approvalAction(z.strictObject({ mail: z.string() }), ({ mail }) => {
          if (broken) return Promise.reject(refused('trace-unknown'));
          done.push(mail);
          return Promise.resolve({ member: 'E1001' });
        }),
      },
    });
    return { store, approvals };
  };
  const withTwo = async (): Promise<{ store: Store; approvals: Approvals; request: Approval }> => {
    const { store, approvals } = await open();
    await approvals.addAdministrator('alice', alice.publicKey);
    await approvals.addAdministrator('bob', bob.publicKey);
    return { store, approvals, request: await approvals.request('trace', encodeJson({ mail: 'abc' })) };
  };
  const sign = async (approvals: Approvals, approval: Approval, key: typeof alice): ReturnType<Approvals['sign']> =>
    approvals.sign(approval.id, key.publicKey, await key.sign(approvalStatement(approval)));

  it('is done when two different ones have signed, once', async () => {
    const { store, approvals, request } = await withTwo();
    expect(await sign(approvals, request, alice)).toEqual({ state: 'waiting' });
    expect(done).toEqual([]);
    expect((await approvals.pending()).map(({ signed }) => signed)).toEqual([['alice']]);
    await expect(sign(approvals, request, alice)).rejects.toMatchObject({ code: 'approval-already-signed' });
    expect(done).toEqual([]);
    expect(await sign(approvals, request, bob)).toEqual({ state: 'done', result: { member: 'E1001' } });
    expect(done).toEqual(['abc']);
    await expect(sign(approvals, request, bob)).rejects.toMatchObject({ code: 'approval-unknown' });
    expect(await approvals.pending()).toEqual([]);
    const kinds = await store.query.selectFrom('audit_entries').select('kind').orderBy('seq').execute();
    expect(kinds.map(({ kind }) => kind)).toEqual(['administrator-added', 'administrator-added', 'approval-signed', 'approval-signed', 'approved']);
    expect((await verifyAuditChain(store)).fault).toBeUndefined();
    await store.close();
  });

  it('takes no signature of a stranger, over something else, or too late', async () => {
    const { store, approvals, request } = await withTwo();
    await expect(sign(approvals, request, carol)).rejects.toMatchObject({ code: 'administrator-unknown' });
    const other = await approvals.request('trace', encodeJson({ mail: 'other' }));
    for (const change of [{ id: other.id }, { organisation: 'NTRJP-2' }, { kind: 'recovery' }, { payload: other.payload }, { expires: new Date(0) }]) {
      const signature = await alice.sign(approvalStatement({ ...request, ...change }));
      await expect(approvals.sign(request.id, alice.publicKey, signature)).rejects.toMatchObject({ code: 'approval-signature-invalid' });
    }
    await sign(approvals, request, alice);
    now = new Date(NOW.getTime() + 4 * DAY);
    await expect(sign(approvals, request, bob)).rejects.toMatchObject({ code: 'approval-expired' });
    expect(await approvals.pending()).toEqual([]);
    expect(done).toEqual([]);
    await store.close();
  });

  it('goes on waiting when it fails', async () => {
    const { store, approvals, request } = await withTwo();
    await sign(approvals, request, alice);
    broken = true;
    await expect(sign(approvals, request, bob)).rejects.toMatchObject({ code: 'trace-unknown' });
    broken = false;
    expect(await sign(approvals, request, bob)).toMatchObject({ state: 'done' });
    expect(done).toEqual(['abc']);
    await store.close();
  });

  it('does not count who is no administrator any more', async () => {
    const { store, approvals, request } = await withTwo();
    const three = await approvals.addAdministrator('carol', carol.publicKey);
    if (three === undefined) throw new Error('the third one takes two');
    await sign(approvals, three, alice);
    await sign(approvals, three, bob);
    await sign(approvals, request, carol);
    const removal = await approvals.request('administrator-remove', encodeJson({ name: 'carol' }));
    await sign(approvals, removal, alice);
    await sign(approvals, removal, bob);
    expect(await sign(approvals, request, alice)).toEqual({ state: 'waiting' });
    expect(await sign(approvals, request, bob)).toMatchObject({ state: 'done' });
    const last = await approvals.request('administrator-remove', encodeJson({ name: 'bob' }));
    await sign(approvals, last, alice);
    await expect(sign(approvals, last, bob)).rejects.toMatchObject({ code: 'administrators-missing' });
    await store.close();
  });

  it('needs two administrators with two keys, and a kind and payload that are known', async () => {
    const { store, approvals } = await open();
    await approvals.addAdministrator('alice', alice.publicKey);
    await expect(approvals.addAdministrator('alice again', alice.publicKey)).rejects.toMatchObject({ code: 'administrator-exists' });
    await expect(approvals.addAdministrator('alice', bob.publicKey)).rejects.toMatchObject({ code: 'administrator-exists' });
    await expect(approvals.request('trace', encodeJson({ mail: 'abc' }))).rejects.toMatchObject({ code: 'administrators-missing' });
    await approvals.addAdministrator('bob', bob.publicKey);
    await expect(approvals.request('constructor', encodeJson({}))).rejects.toMatchObject({ code: 'approval-kind-unknown' });
    await expect(approvals.request('trace', utf8('{"mail":1}'))).rejects.toMatchObject({ code: 'json-invalid' });
    await store.close();
  });

  it('is done once, when both sign at the same moment', async () => {
    const { store, approvals, request } = await withTwo();
    const answers = await Promise.all([sign(approvals, request, alice), sign(approvals, request, bob)]);
    expect(answers.map(({ state }) => state).sort()).toEqual(['done', 'waiting']);
    expect(done).toEqual(['abc']);
    await store.close();
  });
});
