/** Health and figures: /healthz (the process lives), /readyz (it can do its work), /metrics (Prometheus text format 0.0.4). */
import { Hono } from 'hono';

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

/** `ready` by what is needed (`database`, `clamd`, …): true when it answers. */
export function healthRoutes(counters: readonly Counter[], ready: Readonly<Record<string, () => Promise<boolean>>>): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', async (context) => {
    const checks = await Promise.all(Object.entries(ready).map(async ([name, check]) => [name, await check()] as const));
    return context.json(Object.fromEntries(checks), checks.every(([, ok]) => ok) ? 200 : 503);
  });
  app.get('/metrics', (context) => context.text(counters.map((counter) => counter.text()).join(''), 200, { 'content-type': 'text/plain; version=0.0.4' }));
  return app;
}
