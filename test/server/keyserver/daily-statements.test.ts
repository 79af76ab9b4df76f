/** The daily statement without anybody's hand: which days are stated, once each, and what is caught up after days without servers. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { appendAudit, verifyAuditChain } from '../../../src/server/shared/audit-chain.ts';
import { onBothDatabases } from '../shared/databases.ts';
import { createDesks, type Desks } from './desks.ts';

const DAY = 86_400_000;

onBothDatabases('the daily statement', (fresh) => {
  let desks: Desks;
  let began: Date;
  beforeEach(async () => {
    desks = await createDesks(fresh);
    began = desks.scene.world.now;
    await appendAudit(desks.hinode.store, began, 'member-added', { member: 'first' });
  });
  afterEach(() => desks.close());

  const dayOf = (number: number): string => new Date(began.getTime() + number * DAY).toISOString().slice(0, 10);
  const days = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => dayOf(from + i));
  async function runOn(number: number): Promise<string[]> {
    desks.scene.world.now = new Date(began.getTime() + number * DAY);
    await desks.hinode.exchange.run();
    const rows = await desks.authority.store.query.selectFrom('member_statements').select('day').where('organisation', '=', desks.hinode.organisation.id).orderBy('day').execute();
    return rows.map(({ day }) => day);
  }

  it('is made for the day that has ended, once, and the next day again', async () => {
    expect(await runOn(0)).toEqual([dayOf(-1)]);
    expect(await runOn(0.1)).toEqual([dayOf(-1)]);
    await appendAudit(desks.hinode.store, desks.scene.world.now, 'member-added', { member: 'second' });
    expect(await runOn(1)).toEqual(days(-1, 0));
    const heads = await desks.hinode.exchange.heads();
    expect(heads.at(-1)?.seq).toBe(heads[0] === undefined ? 0 : heads[0].seq + 1);
    expect((await verifyAuditChain(desks.hinode.store, heads)).fault).toBeUndefined();
  });

  it('is made up for fourteen days, the oldest first, and for no more', async () => {
    expect(await runOn(9)).toEqual(days(-1, 8));
    expect(await runOn(40)).toEqual([...days(-1, 8), ...days(26, 39)]);
  });

  it('waits while the Authority is out of reach, and leaves no day out', async () => {
    await runOn(0);
    desks.reachable = false;
    expect(await runOn(3)).toEqual([dayOf(-1)]);
    expect(desks.hinode.logged.join('')).toContain('statement-not-made');
    desks.reachable = true;
    expect(await runOn(4)).toEqual(days(-1, 3));
  });
});
