/**
 * Figures for Prometheus (text format 0.0.4). Labels come from small fixed sets (codes, directions, roles): never an address,
 * a subject or a digest, as figures are kept for long and shown to many.
 */

/** Something that `/metrics` shows. */
export interface Metric {
  /** Its lines, with HELP and TYPE. */
  text(): string | Promise<string>;
}

type Labels = Readonly<Record<string, string>>;

/** A name → value count that only grows. */
export class Counter implements Metric {
  readonly #values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  add(labels: Labels = {}, by = 1): void {
    const key = written(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  text(): string {
    return [...head(this.name, this.help, 'counter'), ...[...this.#values].map(([labels, value]) => sample(this.name, labels, value)), ''].join('\n');
  }
}

/** One value, or one for each set of labels. */
type Reading = number | readonly (readonly [Labels, number])[];

/** A value that is read when it is asked for; what cannot be read now is left out. */
export class Gauge implements Metric {
  constructor(
    readonly name: string,
    readonly help: string,
    private readonly read: () => Reading | Promise<Reading>,
    /** `counter` for what only grows. */
    private readonly type: 'gauge' | 'counter' = 'gauge',
  ) {}

  async text(): Promise<string> {
    const value = await Promise.resolve().then(() => this.read()).catch(() => undefined);
    const samples = typeof value === 'number' ? [[{}, value] as const] : value ?? [];
    return [...head(this.name, this.help, this.type), ...samples.map(([labels, one]) => sample(this.name, written(labels), one)), ''].join('\n');
  }
}

/** How values are spread: for durations in seconds, as Prometheus wants them. */
export class Histogram implements Metric {
  readonly #series = new Map<string, { readonly counts: number[]; sum: number; count: number }>();

  constructor(
    readonly name: string,
    readonly help: string,
    /** Upper bounds, ascending. */
    private readonly bounds: readonly number[],
  ) {}

  observe(value: number, labels: Labels = {}): void {
    const key = written(labels);
    const series = this.#series.get(key) ?? { counts: this.bounds.map(() => 0), sum: 0, count: 0 };
    this.#series.set(key, series);
    this.bounds.forEach((bound, index) => {
      if (value <= bound) series.counts[index] = (series.counts[index] ?? 0) + 1;
    });
    series.sum += value;
    series.count++;
  }

  text(): string {
    const lines = [...this.#series].flatMap(([labels, { counts, sum, count }]) => [
      ...this.bounds.map((bound, index) => sample(`${this.name}_bucket`, joined(labels, `le="${bound}"`), counts[index] ?? 0)),
      sample(`${this.name}_bucket`, joined(labels, 'le="+Inf"'), count),
      sample(`${this.name}_sum`, labels, sum),
      sample(`${this.name}_count`, labels, count),
    ]);
    return [...head(this.name, this.help, 'histogram'), ...lines, ''].join('\n');
  }
}

/** Memory, processor time and start of this process, under the names that every Prometheus client uses. */
export function processMetrics(): Metric[] {
  return [
    new Gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss()),
    new Gauge('process_cpu_seconds_total', 'Processor time used.', () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6, 'counter'),
    new Gauge('process_start_time_seconds', 'Start of the process, seconds since 1970.', () => Math.round(Date.now() / 1000 - process.uptime())),
  ];
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function sample(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}`;
}

function written(labels: Labels): string {
  return Object.entries(labels).map(([label, value]) => `${label}="${escape(value)}"`).join(',');
}

function joined(labels: string, more: string): string {
  return labels === '' ? more : `${labels},${more}`;
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
