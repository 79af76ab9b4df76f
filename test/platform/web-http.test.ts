import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWebHttp } from '../../src/platform/web.ts';
import { codeOf } from '../flow/world.ts';

const MEBIBYTE = 1024 * 1024;

afterEach(() => vi.unstubAllGlobals());

/** A server that sends so many mebibytes, each the same; counts what was taken of it. */
function serve(mebibytes: number): { taken: number; left: boolean } {
  const chunk = new Uint8Array(MEBIBYTE).fill(7);
  const seen = { taken: 0, left: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (seen.taken++ < mebibytes) controller.enqueue(chunk);
      else controller.close();
    },
    cancel() {
      seen.left = true;
    },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body)));
  return seen;
}

describe('HTTP in the browser', () => {
  const get = async (): Promise<number> => (await createWebHttp()({ method: 'GET', url: 'https://keys.example/x' })).body.length;

  it('takes an answer whole', async () => {
    serve(3);
    expect(await get()).toBe(3 * MEBIBYTE);
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(null)));
    expect(await get()).toBe(0);
  });

  it('leaves a server that does not stop', async () => {
    const seen = serve(Infinity);
    expect(await get().then(String, codeOf)).toBe('answer-too-large');
    expect(seen.left).toBe(true);
    expect(seen.taken).toBeLessThan(70);
  });
});
