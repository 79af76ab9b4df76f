/** Times pairs of functions in turns, so that whatever else the machine does meets both. */

export interface Row {
  readonly id: string;
  readonly what: string;
  readonly against: string;
  /** Ours divided by theirs: below 1 is faster. */
  readonly ratio: number;
  /** The bar that docs/performance.md sets, as a ratio. */
  readonly bar: number;
  readonly ours: number;
  readonly theirs: number;
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

async function once(run: () => unknown): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** Milliseconds of each, medians over `rounds` turns after two to warm up. */
export async function compare(ours: () => unknown, theirs: () => unknown, rounds: number): Promise<{ ours: number; theirs: number }> {
  const times: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  for (let round = -2; round < rounds; round++) {
    const [a, b] = [await once(ours), await once(theirs)];
    if (round >= 0) {
      times.ours.push(a);
      times.theirs.push(b);
    }
  }
  return { ours: median(times.ours), theirs: median(times.theirs) };
}

export async function row(id: string, what: string, against: string, bar: number, rounds: number, ours: () => unknown, theirs: () => unknown): Promise<Row> {
  const measured = await compare(ours, theirs, rounds);
  return { id, what, against, bar, ratio: measured.ours / measured.theirs, ...measured };
}

export function print(rows: readonly Row[]): void {
  for (const { id, what, against, ratio, bar, ours, theirs } of rows) {
    const met = ratio <= bar ? 'met   ' : 'MISSED';
    process.stdout.write(`${met} ${id.padEnd(3)} ${what}: ${ours.toFixed(2)} ms, ${against}: ${theirs.toFixed(2)} ms, ratio ${ratio.toFixed(2)} (bar ${bar.toFixed(2)})\n`);
  }
  process.stdout.write(`${rows.filter(({ ratio, bar }) => ratio <= bar).length} met, ${rows.filter(({ ratio, bar }) => ratio > bar).length} missed\n`);
}
