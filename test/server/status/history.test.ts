import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/server/shared/database.ts';
import { sumUp } from '../../../src/server/status/flows.ts';
import { type History, historyMigrations, type HistoryStore, openHistory } from '../../../src/server/status/history.ts';
import { parseMetrics } from '../../../src/server/status/metrics-text.ts';
import { onBothDatabases } from '../shared/databases.ts';

const NOW = new Date('2026-11-22T09:32:00Z');
const minutesAgo = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);
const mails = (answer: string, count: number, outcome = 'relayed'): string => `ssmax_mails_total{listener="submission",answer="${answer}",outcome="${outcome}"} ${count}\n`;

onBothDatabases('what the status server remembers', (fresh) => {
  const open = async (): Promise<{ history: History; store: HistoryStore }> => {
    const store: HistoryStore = await openDatabase(await fresh(), historyMigrations);
    return { store, history: await openHistory(store, NOW) };
  };
  const see = (history: History, text: string, at: Date, startedAt = 1): Promise<void> => history.record({ server: 'gateway', counters: parseMetrics(text), startedAt }, at);
  const taken = async (history: History): Promise<number> => (await history.since(minutesAgo(120))).reduce((sum, { count }) => sum + count, 0);

  it('counts by how much a counter grew, not what an old server stands at', async () => {
    const { history, store } = await open();
    await see(history, mails('taken', 1000), minutesAgo(30));
    await see(history, mails('taken', 1000), minutesAgo(29));
    expect(await taken(history)).toBe(0);
    await see(history, mails('taken', 1007), minutesAgo(28));
    expect(await taken(history)).toBe(7);
    await store.close();
  });

  it('counts the first mail of a server that had none before', async () => {
    const { history, store } = await open();
    await see(history, '', minutesAgo(30));
    await see(history, mails('refused', 2, 'keyword'), minutesAgo(29));
    expect(await history.since(minutesAgo(60))).toMatchObject([{ count: 2, counter: { name: 'ssmax_mails_total', labels: { outcome: 'keyword' } } }]);
    await store.close();
  });

  it('counts on after a restart, even when the new process has overtaken the old one', async () => {
    const { history, store } = await open();
    await see(history, '', minutesAgo(31));
    await see(history, mails('taken', 10), minutesAgo(30));
    await see(history, mails('taken', 3), minutesAgo(29), 2);
    await see(history, mails('taken', 15), minutesAgo(28), 3);
    expect(await taken(history)).toBe(28);
    await store.close();
  });

  it('forgets after 31 days', async () => {
    const { history, store } = await open();
    await see(history, '', minutesAgo(33 * 1440));
    await see(history, mails('taken', 10), minutesAgo(32 * 1440));
    await see(history, mails('taken', 11), minutesAgo(1));
    expect((await history.since(new Date(0))).map(({ count }) => count)).toEqual([1]);
    await store.close();
  });
});

describe('sums', () => {
  const growth = (minutes: number, answer: string, count: number, outcome = 'relayed', listener = 'arriving') =>
    ({ at: minutesAgo(minutes).getTime(), count, counter: { name: 'ssmax_mails_total', labels: { listener, answer, outcome } } });

  it('are made for each span, with reasons, the most frequent first', () => {
    const growths = [growth(3, 'taken', 5), growth(30, 'refused', 1, 'malware'), growth(31, 'refused', 2, 'keyword', 'submission'), growth(600, 'later', 4, 'peer-timeout'), growth(1440 * 20, 'taken', 100)];
    expect(sumUp('hour', growths, NOW, 0)).toMatchObject({
      arriving: { taken: 5, refused: 1, later: 0 }, submission: { taken: 0, refused: 2 },
      reasons: [{ code: 'keyword', count: 2, listener: 'submission', answer: 'refused' }, { code: 'malware', count: 1 }],
    });
    expect(sumUp('day', growths, NOW, 0)).toMatchObject({ arriving: { taken: 5, later: 4 } });
    expect(sumUp('month', growths, NOW, 0)).toMatchObject({ arriving: { taken: 105 } });
  });

  it('begin bars where the local day does', () => {
    const { bars } = sumUp('month', [], NOW, 9 * 3_600_000);
    expect(bars).toHaveLength(30);
    expect(new Date(bars.at(-1)?.at ?? 0).toISOString()).toBe('2026-11-21T15:00:00.000Z'); // midnight in Japan
  });
});
