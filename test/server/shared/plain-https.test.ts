import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePem } from '../../../src/core/pki/pem.ts';
import { Counter } from '../../../src/server/shared/metrics.ts';
import { healthRoutes } from '../../../src/server/shared/health.ts';
import { createLogger } from '../../../src/server/shared/log.ts';
import { startPlainHttps } from '../../../src/server/shared/plain-https.ts';
import type { PlainHttpsServer } from '../../../src/server/shared/plain-https.ts';
import { RateLimiter, rateLimit } from '../../../src/server/shared/rate-limit.ts';
import { testOrganisation, testServer } from './identities.ts';

const root = mkdtempSync(join(tmpdir(), 'ssmax-https-'));
const counter = new Counter('ssmax_legs_total', 'Legs made.');
let server: PlainHttpsServer;
let up = true;

async function writeIdentity(): Promise<{ keyFile: string; certificateFile: string }> {
  const { key, certificates } = await testServer(await testOrganisation(), 'key-server');
  const files = { keyFile: join(root, 'key.pem'), certificateFile: join(root, 'certificate.pem') };
  writeFileSync(files.keyFile, createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(files.certificateFile, certificates.map((der) => encodePem('CERTIFICATE', der)).join(''));
  return files;
}

beforeAll(async () => {
  const app = new Hono();
  app.use('/enrol', rateLimit(new RateLimiter({ burst: 2, perMinute: 1 })));
  app.get('/enrol', (context) => context.text('ok'));
  app.route('/', healthRoutes([counter], { database: async () => up }));
  const log = createLogger({ server: 'keyserver', level: 'error', write: () => undefined });
  server = await startPlainHttps({ ...(await writeIdentity()), listen: { host: '127.0.0.1', port: 0 }, app, maximumBody: 1000, log });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  status: number;
  body: string;
  serial: string;
}

function fetched(path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port: server.port, path, rejectUnauthorized: false, agent: false }, (response) => {
      const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber;
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, serial }));
    });
    request.once('error', reject);
  });
}

describe('the plugin’s HTTPS endpoint', () => {
  it('slows down who calls too often', async () => {
    expect((await fetched('/enrol')).status).toBe(200);
    expect((await fetched('/enrol')).status).toBe(200);
    expect(await fetched('/enrol')).toMatchObject({ status: 429, body: JSON.stringify({ kind: 'refused', code: 'rate-limited', params: {} }) });
  });

  it('takes a renewed certificate into use', async () => {
    const before = await fetched('/healthz');
    await writeIdentity();
    server.reload();
    expect((await fetched('/healthz')).serial).not.toBe(before.serial);
  });

  it('tells health, readiness and figures', async () => {
    counter.add({ leg: '1' });
    counter.add({ leg: '1' }, 2);
    counter.add({ code: 'a"b' });
    expect(await fetched('/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await fetched('/readyz')).toMatchObject({ status: 200, body: '{"database":true}' });
    up = false;
    expect(await fetched('/readyz')).toMatchObject({ status: 503, body: '{"database":false}' });
    expect((await fetched('/metrics')).body).toBe('# HELP ssmax_legs_total Legs made.\n# TYPE ssmax_legs_total counter\nssmax_legs_total{leg="1"} 3\nssmax_legs_total{code="a\\"b"} 1\n');
  });

  it('names the files when they are unusable', async () => {
    const log = createLogger({ server: 'x', level: 'error', write: () => undefined });
    const files = { keyFile: join(root, 'none.pem'), certificateFile: join(root, 'certificate.pem') };
    await expect(startPlainHttps({ ...files, listen: { host: '127.0.0.1', port: 0 }, app: new Hono(), maximumBody: 1, log })).rejects.toMatchObject({ kind: 'fault', code: 'tls-files-unusable', params: files });
  });
});

describe('a rate limiter', () => {
  it('gives tokens back with time, each caller his own', () => {
    let now = 0;
    const limiter = new RateLimiter({ burst: 2, perMinute: 6, now: () => now });
    expect(['a', 'a', 'a', 'b'].map((caller) => limiter.take(caller))).toEqual([true, true, false, true]);
    now += 10_000;
    expect(['a', 'a'].map((caller) => limiter.take(caller))).toEqual([true, false]);
  });
});
