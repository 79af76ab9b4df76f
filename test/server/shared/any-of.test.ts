import { expect, it } from 'vitest';
import { SsmaxError } from '../../../src/core/error.ts';
import { anyOf } from '../../../src/server/shared/any-of.ts';
import type { PinnedClient, PinnedRequest } from '../../../src/server/shared/pinned-client.ts';

const request: PinnedRequest = { method: 'POST', path: '/', body: new Uint8Array(), deadline: 1, maximumAnswer: 1 };

function copy(name: string, asked: string[], answer: () => Promise<Uint8Array<ArrayBuffer>>): PinnedClient {
  return { request: async () => { asked.push(name); return answer(); }, close: () => { asked.push(`${name} closed`); } };
}
const gone = () => Promise.reject(new SsmaxError('unavailable', 'peer-unreachable'));
const there = () => Promise.resolve(new Uint8Array());

it('goes to the next copy when one cannot be reached, and stays with it', async () => {
  const asked: string[] = [];
  const client = anyOf([copy('a', asked, gone), copy('b', asked, there)]);
  await client.request(request);
  await client.request(request);
  client.close();
  expect(asked).toEqual(['a', 'b', 'b', 'a closed', 'b closed']);
});

it('says so when none can be reached, and asks each once', async () => {
  const asked: string[] = [];
  await expect(anyOf([copy('a', asked, gone), copy('b', asked, gone)]).request(request)).rejects.toMatchObject({ code: 'peer-unreachable' });
  expect(asked).toEqual(['a', 'b']);
});

it.each(['peer-timeout', 'database-busy'])('leaves the answer %s as it is', async (code) => {
  const asked: string[] = [];
  const busy = (): Promise<never> => Promise.reject(new SsmaxError('unavailable', code));
  await expect(anyOf([copy('a', asked, busy), copy('b', asked, there)]).request(request)).rejects.toMatchObject({ code });
  expect(asked).toEqual(['a']);
});

it('sends a stream once only', async () => {
  const asked: string[] = [];
  const body = (async function* () { yield new Uint8Array(); })();
  await expect(anyOf([copy('a', asked, gone), copy('b', asked, there)]).request({ ...request, body })).rejects.toMatchObject({ code: 'peer-unreachable' });
  expect(asked).toEqual(['a']);
});
