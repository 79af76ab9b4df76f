/** Asks one server how it is: /healthz, /readyz, /metrics. */
import { request } from 'node:http';
import type { HostPort } from '../shared/config.ts';
import type { ServerStatus } from '../../wire/status.ts';
import { parseMetrics, type Sample } from './metrics-text.ts';

export interface Look {
  readonly status: ServerStatus;
  readonly samples: readonly Sample[];
}

export interface Watched {
  readonly name: string;
  readonly role: ServerStatus['role'];
  readonly health: HostPort;
}

/** Milliseconds for each answer. */
const PATIENCE = 10_000;
/** Bytes. */
const LARGEST = 4 << 20;

/** Never throws: a server that does not answer is down. */
export async function look({ name, role, health }: Watched): Promise<Look> {
  try {
    const [ready, metrics] = await Promise.all([get(health, '/readyz'), get(health, '/metrics')]);
    const samples = parseMetrics(metrics.body);
    const value = (metric: string): number | undefined => samples.find((sample) => sample.name === metric)?.value;
    const [started, memory] = [value('process_start_time_seconds'), value('process_resident_memory_bytes')];
    const status: ServerStatus = {
      name, role, state: ready.status === 200 ? 'ready' : 'not-ready', missing: ready.status === 200 ? [] : missing(ready.body),
      ...(started !== undefined && { startedAt: started * 1000 }), ...(memory !== undefined && { memory }),
    };
    return { status, samples };
  } catch {
    return { status: { name, role, state: 'down', missing: [] }, samples: [] };
  }
}

function missing(body: string): string[] {
  const checks: unknown = JSON.parse(body);
  if (typeof checks !== 'object' || checks === null) return [];
  return Object.entries(checks).flatMap(([check, ok]) => (ok === true ? [] : [check]));
}

function get({ host, port }: HostPort, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path, agent: false, timeout: PATIENCE }, (incoming) => {
      const chunks: Buffer[] = [];
      let length = 0;
      incoming.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > LARGEST) outgoing.destroy(new Error('too long'));
        chunks.push(chunk);
      });
      incoming.once('end', () => { resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }); });
      incoming.once('error', reject);
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('timed out')));
    outgoing.once('error', reject);
    outgoing.end();
  });
}
