/** Health and figures: /healthz (the process lives), /readyz (it can do its work), /metrics (Prometheus text format 0.0.4). */
import { createServer } from 'node:http';
import { Hono } from 'hono';
import type { HostPort } from './config.ts';
import { type RunningServer, listen, requestListener } from './http-shell.ts';
import type { Logger } from './log.ts';
import { type Metric, processMetrics } from './metrics.ts';

interface HealthOptions {
  /** In the clear, so a loopback address. */
  readonly listen: HostPort;
  /** Beside those of the process itself. */
  readonly metrics: readonly Metric[];
  readonly ready: Readonly<Record<string, () => Promise<boolean>>>;
  /** What is not as it should be and stops nothing yet: told by /readyz, whose status says nothing of it. */
  readonly warnings?: Readonly<Record<string, () => boolean>>;
  readonly log: Logger;
}

/** Answers monitoring on the same machine; throws `address-in-use`, `address-unusable` (fault). */
export function startHealth({ listen: where, metrics, ready, warnings, log }: HealthOptions): Promise<RunningServer> {
  const listener = requestListener({ app: healthRoutes([...metrics, ...processMetrics()], ready, warnings), maximumBody: 0, log, peer: 'monitoring' });
  return listen(createServer((request, response) => void listener(request, response)), where);
}

/** `ready` by what is needed (`database`, `clamd`, …): true when it answers. */
export function healthRoutes(metrics: readonly Metric[], ready: Readonly<Record<string, () => Promise<boolean>>>, warnings: HealthOptions['warnings'] = {}): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', async (context) => {
    const checks = await Promise.all(Object.entries(ready).map(async ([name, check]) => [name, await check()] as const));
    const warned = Object.entries(warnings).map(([name, good]) => [name, good()] as const);
    return context.json(Object.fromEntries([...checks, ...warned]), checks.every(([, ok]) => ok) ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    const texts = await Promise.all(metrics.map(async (metric) => metric.text()));
    return context.text(texts.join(''), 200, { 'content-type': 'text/plain; version=0.0.4' });
  });
  return app;
}
