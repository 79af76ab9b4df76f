/** Who is let in, and under which headers the page goes out. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/server/shared/log.ts';
import { countQueue } from '../../../src/server/status/queue.ts';
import { type RunningStatus, runStatus } from '../../../src/server/status/main.ts';

const log = createLogger({ server: 'status', level: 'error', write: () => undefined });
let dir: string;
let running: RunningStatus | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ssmax-status-'));
  mkdirSync(join(dir, 'pages'));
  writeFileSync(join(dir, 'pages', 'index.html'), '<!doctype html>\n<html lang="en"></html>');
  writeFileSync(join(dir, 'secret.key'), 'secret');
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  rmSync(dir, { recursive: true });
});

async function start(more: object = {}): Promise<number> {
  writeFileSync(join(dir, 'status.yaml'), JSON.stringify({
    listen: '127.0.0.1:0', organisation: { ja: '日之出市役所', en: 'Hinode City Office' }, database: 'status.sqlite',
    servers: [{ name: 'gateway', role: 'gateway', health: '127.0.0.1:9' }], ...more,
  }));
  running = await runStatus(join(dir, 'status.yaml'), join(dir, 'pages'), { log });
  return running.port;
}

function get(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers, method }, (incoming) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      incoming.once('end', () => { resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }); });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

describe('the status server', () => {
  it('shows a server that does not answer as down', async () => {
    const port = await start();
    expect(JSON.parse((await get(port, '/status.json')).body)).toMatchObject({ servers: [{ name: 'gateway', state: 'down' }], expiries: [], registry: {} });
  });

  it('sends everything with a strict policy', async () => {
    const port = await start();
    for (const path of ['/', '/status.json', '/nothing']) {
      const { headers } = await get(port, path);
      expect(headers['content-security-policy'], path).toContain("default-src 'none'");
      expect(headers, path).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' });
      expect(headers, path).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it('speaks the language that the browser asks for', async () => {
    const port = await start();
    const language = async (accepted: string): Promise<string | undefined> => /lang="(\w+)"/.exec((await get(port, '/', { 'accept-language': accepted })).body)?.[1];
    expect(await language('ja-JP,ja;q=0.9,en;q=0.8')).toBe('ja');
    expect(await language('en-GB,ja;q=0.5')).toBe('en');
    expect(await language('de, ja;q=0.3, en;q=0.2')).toBe('ja');
    expect(await language('de')).toBe('en');
  });

  it('answers under known names only: a foreign page whose name points here learns nothing', async () => {
    const port = await start({ hosts: ['status.hinode.example'] });
    for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`]) {
      expect(await get(port, '/status.json', { host }), host).toMatchObject({ status: 403, body: expect.stringContaining('host-unknown') as string });
    }
    for (const host of [`localhost:${port}`, `[::1]:${port}`, 'status.hinode.example']) expect(await get(port, '/status.json', { host }), host).toMatchObject({ status: 200 });
  });

  it('behind a sign-on, answers only who has signed on', async () => {
    const port = await start({ signOn: { header: 'X-Remote-User' } });
    for (const path of ['/', '/status.json']) {
      expect(await get(port, path), path).toMatchObject({ status: 403, body: expect.stringContaining('sign-on-missing') as string });
      expect(await get(port, path, { 'x-remote-user': '' }), path).toMatchObject({ status: 403 });
      expect(await get(port, path, { 'x-remote-user': 'admin' }), path).toMatchObject({ status: 200 });
    }
  });

  it('gives out the page only, and takes nothing', async () => {
    const port = await start();
    for (const path of ['/../secret.key', '/%2e%2e/secret.key', '/..%2fsecret.key', '/status.yaml']) expect((await get(port, path)).status, path).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await get(port, '/status.json', {}, method)).status, method).toBe(404);
  });

  it('listens on loopback only', async () => {
    await expect(start({ listen: '0.0.0.0:0' })).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('the queue', () => {
  it('is counted without its addresses', () => {
    const mail = (queue: string, at: number): string =>
      JSON.stringify({ queue_name: queue, queue_id: 'A', arrival_time: at, message_size: 1, sender: 'taro@hinode.example', recipients: [{ address: 'hanako@tsukimi.example', delay_reason: 'x' }] });
    const counted = countQueue([mail('deferred', 200), mail('deferred', 100), mail('hold', 300), mail('active', 400), ''].join('\n'));
    expect(counted).toEqual({ deferred: 2, held: 1, moving: 1, oldestDeferred: 100_000, oldestHeld: 300_000 });
    expect(countQueue('')).toEqual({ deferred: 0, held: 0, moving: 0 });
  });
});
