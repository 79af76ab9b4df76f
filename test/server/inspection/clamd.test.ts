import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Clamd as RunningClamd, startClamd } from '../../../scripts/world/clamd.ts';
import { World } from '../../../scripts/world/process.ts';
import { until } from '../../../scripts/world/wait.ts';
import { utf8 } from '../../../src/core/bytes.ts';
import { Clamd } from '../../../src/server/inspection/clamd.ts';
import { fromBase64 } from '../../../src/wire/json.ts';

const marker = 'SSMAX-TEST-VIRUS-4f1c';
/** A zip of one file "a.txt" with the text "secret", encrypted with the password "pw" (ZipCrypto). */
const ENCRYPTED_ZIP = 'UEsDBAoACQAAALAYdl3l6KJcEgAAAAYAAAAFABwAYS50eHRVVAkAA/tbAmv7WwJrdXgLAAEEAAAAAAQAAAAAs5QQvW8IliDDzBZdB/mJVUnKUEsHCOXoolwSAAAABgAAAFBLAQIeAwoACQAAALAYdl3l6KJcEgAAAAYAAAAFABgAAAAAAAEAAACkgQAAAABhLnR4dFVUBQAD+1sCa3V4CwABBAAAAAAEAAAAAFBLBQYAAAAAAQABAEsAAABhAAAAAAA=';

let world: World;
let running: RunningClamd;
let clamd: Clamd;

beforeAll(async () => {
  world = await World.open();
  running = await startClamd(world, { marker });
  clamd = new Clamd({ socket: running.socket, timeoutMs: 20_000 });
});

afterAll(() => world.stop());

describe('clamd', () => {
  test('finds nothing in clean bytes, however many', async () => {
    expect(await clamd.scan(utf8('clean'))).toBe('clean');
    expect(await clamd.scan(new Uint8Array(0))).toBe('clean');
    expect(await clamd.scan(new Uint8Array(5_000_000))).toBe('clean');
  });

  test('finds the marker at the end of a large file, and packed', async () => {
    const large = new Uint8Array(3_000_000);
    large.set(utf8(marker), large.length - marker.length);
    expect(await clamd.scan(large)).toBe('malware');
    expect(await clamd.scan(new Uint8Array(gzipSync(utf8(`x ${marker} x`))))).toBe('malware');
  });

  test('reports an archive that it cannot look into', async () => {
    expect(await clamd.scan(fromBase64(ENCRYPTED_ZIP))).toBe('encrypted-archive');
  });

  test('says when it is too much, in spite of the reset', async () => {
    const beyond = new Uint8Array(80 * 1024 * 1024);
    for (let round = 0; round < 5; round++) expect(await clamd.scan(beyond)).toBe('too-large');
  });

  test('scans many at once', async () => {
    const scans = Array.from({ length: 30 }, (_, i) => clamd.scan(utf8(i % 2 === 0 ? marker : 'clean')));
    expect(new Set(await Promise.all(scans))).toEqual(new Set(['malware', 'clean']));
  });

  test('is ready', async () => {
    expect(await clamd.ready()).toBe(true);
  });

  test('leaves nothing behind', async () => {
    // it removes its copy after it has answered
    await until(() => running.leftovers().length === 0, { what: 'an empty temporary directory' });
  });
});

describe('without an answer the scanner is unavailable', () => {
  const unavailable = { kind: 'unavailable', code: 'scanner-unavailable' };

  async function playing(name: string, play: (socket: Socket) => void): Promise<{ scanner: Clamd; server: Server }> {
    const path = join(world.directory('fake'), name);
    const server = createServer(play).listen(path);
    await once(server, 'listening');
    world.closing(() => void server.close());
    return { scanner: new Clamd({ socket: path, timeoutMs: 300 }), server };
  }

  test('when nobody listens', async () => {
    const scanner = new Clamd({ socket: join(world.dir, 'nobody'), timeoutMs: 1000 });
    await expect(scanner.scan(utf8('x'))).rejects.toMatchObject(unavailable);
    expect(await scanner.ready()).toBe(false);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['closes', (socket) => void socket.resume().end()],
    ['resets', (socket) => socket.once('data', () => socket.destroy())],
    ['says something else', (socket) => void socket.resume().end('stream: what? ERROR\0')],
    ['says half of it', (socket) => void socket.resume().end('stream: O')],
    ['says another answer after a clean one', (socket) => void socket.resume().end('stream: OK (not)\0')],
    ['never answers', (socket) => void socket.resume()],
  ])('when it %s', async (name, play) => {
    const { scanner } = await playing(name.replaceAll(' ', '-'), (socket) => {
      socket.on('error', () => undefined);
      play(socket);
    });
    await expect(scanner.scan(new Uint8Array(1_000_000))).rejects.toMatchObject(unavailable);
  });
});
