/** A figure for Prometheus (text format 0.0.4). */

/** A name → value count, with labels from a small fixed set (codes, legs, directions): never addresses. */
export class Counter {
  readonly #values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  add(labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const key = Object.entries(labels).map(([label, value]) => `${label}="${escape(value)}"`).join(',');
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  text(): string {
    const lines = [...this.#values].map(([labels, value]) => `${this.name}${labels === '' ? '' : `{${labels}}`} ${value}`);
    return [`# HELP ${this.name} ${this.help}`, `# TYPE ${this.name} counter`, ...lines, ''].join('\n');
  }
}

function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
