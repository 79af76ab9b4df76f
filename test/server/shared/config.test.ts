import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../../src/server/shared/config.ts';
import type { ConfigFields } from '../../../src/server/shared/config.ts';

const directory = mkdtempSync(join(tmpdir(), 'ssmax-config-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const schema = ({ path, address, spki, domain, database }: ConfigFields) =>
  z.strictObject({
    database,
    keyFile: path,
    listen: z.strictObject({ peers: address }),
    peers: z.array(z.strictObject({ domain, spki })).default([]),
  });

function load(text: string): unknown {
  const file = join(directory, 'server.yaml');
  writeFileSync(file, text);
  return loadConfig(file, schema);
}

function problem(text: string): unknown {
  try {
    load(text);
  } catch (error) {
    return error;
  }
  return undefined;
}

const good = 'database: data/store.sqlite\nkeyFile: /etc/ssmax/key.pem\nlisten:\n  peers: 127.0.0.1:8443\n';

describe('configuration', () => {
  it('is read, with relative paths from the place of the file', () => {
    expect(load(good)).toEqual({
      database: join(directory, 'data/store.sqlite'),
      keyFile: '/etc/ssmax/key.pem',
      listen: { peers: { host: '127.0.0.1', port: 8443 } },
      peers: [],
    });
  });

  it('leaves a PostgreSQL URL as it is, and reads IPv6 addresses and pins', () => {
    const spki = 'ab'.repeat(32);
    const text = `database: postgresql:///ssmax?host=/run/postgresql\nkeyFile: k\nlisten:\n  peers: '[::1]:1'\npeers:\n  - domain: hinode.example\n    spki: ${spki}\n`;
    expect(load(text)).toMatchObject({ database: 'postgresql:///ssmax?host=/run/postgresql', listen: { peers: { host: '::1', port: 1 } }, peers: [{ spki: new Uint8Array(32).fill(0xab) }] });
  });

  it.each([
    ['an unknown key', `${good}listener: {}\n`, 'config-unknown-key', 5, 'listener'],
    ['a nested unknown key', good.replace('  peers:', '  peer: x\n  peers:'), 'config-unknown-key', 4, 'listen.peer'],
    ['a bad value', good.replace('8443', '99999'), 'config-invalid', 4, 'listen.peers'],
    ['a missing key', good.replace('  peers: 127.0.0.1:8443', '  {}'), 'config-invalid', 3, 'listen.peers'],
    ['a bad value in a list', `${good}peers:\n  - domain: hinode.example\n    spki: abc\n`, 'config-invalid', 7, 'peers.0.spki'],
    ['a passphrase', `${good}passphrase: x\n`, 'config-secret', 5, 'passphrase'],
    ['a private key', `${good}keyFile2: |\n  -----BEGIN PRIVATE KEY-----\n`, 'config-secret', 5, 'keyFile2'],
    ['a repeated key', `${good}database: x\n`, 'config-syntax', 5, undefined],
    ['broken syntax', 'a: [1\nb: 2\n', 'config-syntax', 2, undefined],
  ])('names the line of %s', (_, text, code, line, key) => {
    expect(problem(text)).toMatchObject({ kind: 'fault', code, params: { file: join(directory, 'server.yaml'), line, ...(key === undefined ? {} : { key }) } });
  });

  it('counts further problems', () => {
    expect(problem('keyFile: k\nx: 1\ny: 2\n')).toMatchObject({ params: { more: 3 } });
  });

  it('refuses YAML aliases, with which a small file can describe a huge value', () => {
    expect(problem(`a: &a [1]\nb: *a\n${good}`)).toMatchObject({ code: 'config-syntax' });
  });

  it('says when there is no file', () => {
    expect(() => loadConfig(join(directory, 'none.yaml'), schema)).toThrow(expect.objectContaining({ code: 'config-unreadable' }) as Error);
  });
});
