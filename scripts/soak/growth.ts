/** Memory and open files of each server over the run: what grows without end is a leak too. */
import { readdirSync, readFileSync } from 'node:fs';
import type { LocalWorld } from '../world/local-world.ts';
import type { Running } from '../world/process.ts';

interface Sample {
  /** Milliseconds since the first sample. */
  readonly at: number;
  readonly pid: number;
  /** Resident memory, MB. */
  readonly memory: number;
  readonly files: number;
}

export interface Growth {
  readonly name: string;
  /** Highest of the whole run, MB. */
  readonly peak: number;
  /** Highest in the second and in the last quarter of the process's last life, MB. */
  readonly memory: readonly [before: number, after: number];
  readonly files: readonly [before: number, after: number];
  /** Milliseconds of that life. */
  readonly life: number;
}

/** A life shorter than this says nothing; milliseconds. */
const TELLING = 240_000;

export class GrowthWatch {
  readonly #samples = new Map<string, Sample[]>();
  readonly #started = performance.now();

  constructor(private readonly local: LocalWorld) {}

  sample(): void {
    for (const [name, running] of servers(this.local)) {
      const seen = look(running.pid);
      if (seen === undefined) continue;
      const samples = this.#samples.get(name) ?? [];
      samples.push({ at: performance.now() - this.#started, pid: running.pid, ...seen });
      this.#samples.set(name, samples);
    }
  }

  results(): Growth[] {
    return [...this.#samples].map(([name, samples]) => {
      const pid = samples.at(-1)?.pid;
      const own = samples.filter((sample) => sample.pid === pid);
      const [first, last] = [own[0]?.at ?? 0, own.at(-1)?.at ?? 0];
      const quarter = (number: number): Sample[] => own.filter(({ at }) => at >= first + ((last - first) * number) / 4 && at <= first + ((last - first) * (number + 1)) / 4);
      const highest = (of: keyof Sample): [number, number] => [1, 3].map((number) => Math.max(0, ...quarter(number).map((sample) => sample[of]))) as [number, number];
      return { name, peak: Math.max(...samples.map(({ memory }) => memory)), memory: highest('memory'), files: highest('files'), life: last - first };
    });
  }
}

/** What grew out of bounds, in words. Garbage collection leaves memory a margin; open files follow the load of the moment. */
export function growing(results: readonly Growth[]): string[] {
  return results.filter(({ life }) => life >= TELLING).flatMap(({ name, memory: [memoryBefore, memoryAfter], files: [filesBefore, filesAfter] }) => [
    ...(memoryAfter > memoryBefore * 1.25 + 64 ? [`${name} grew from ${memoryBefore} to ${memoryAfter} MB`] : []),
    ...(filesAfter > filesBefore * 1.5 + 30 ? [`${name} grew from ${filesBefore} to ${filesAfter} open files`] : []),
  ]);
}

function servers({ organisations, authority, clamd, dovecot }: LocalWorld): (readonly [string, Running])[] {
  return [
    ...organisations.flatMap(({ plan: { name }, servers: { gateway, keyServer, inspection } }) =>
      [[`${name} gateway`, gateway], [`${name} key server`, keyServer], [`${name} inspection`, inspection]] as const),
    ['authority', authority.running], ['clamd', clamd], ['dovecot', dovecot],
  ];
}

function look(pid: number): Pick<Sample, 'memory' | 'files'> | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kilobytes === undefined ? undefined : { memory: Math.round(Number(kilobytes) / 1024), files: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined; // dead for the moment
  }
}
