import { createConnection } from 'node:net';
import { describe, expect, it } from 'vitest';
import { submit } from '../../../scripts/world/smtp.ts';
import { until } from '../../../scripts/world/wait.ts';
import { utf8 } from '../../../src/core/bytes.ts';
import { Admission } from '../../../src/server/gateway/admission.ts';
import { listen } from '../../../src/server/gateway/smtp.ts';

const MIB = 1024 * 1024;

describe('room for mails', () => {
  it('is given by size, in order of arrival', async () => {
    const admission = new Admission(40 * MIB);
    const first = await admission.enter(8 * MIB);
    expect(admission.taken).toBe(32 * MIB);
    const order: string[] = [];
    const large = admission.enter(5 * MIB).then((place) => { order.push('large'); return place; });
    const small = admission.enter(1).then((place) => { order.push('small'); return place; });
    await Promise.resolve();
    expect([order, admission.waiting]).toEqual([[], 2]); // the small one would fit in, but is not served before
    first.leave();
    await Promise.all([large, small]);
    expect(order).toEqual(['large', 'small']);
    (await large).leave();
    (await small).leave();
    expect(admission.taken).toBe(0);
  });

  it('is given back when the mail is smaller than was declared', async () => {
    const admission = new Admission(40 * MIB);
    const place = await admission.enter(10 * MIB);
    place.shrink(MIB);
    expect(admission.taken).toBe(4 * MIB);
    place.shrink(3 * MIB);
    expect(admission.taken).toBe(4 * MIB);
    place.leave();
    expect(admission.taken).toBe(0);
  });

  it('is there for a mail larger than all of it, alone', async () => {
    const admission = new Admission(4 * MIB);
    (await admission.enter(100 * MIB)).leave();
    expect(admission.taken).toBe(0);
  });

  it('is refused to who waits too long, and those behind go on', async () => {
    const admission = new Admission(40 * MIB, 20);
    const place = await admission.enter(9 * MIB);
    await expect(admission.enter(10 * MIB)).rejects.toMatchObject({ kind: 'unavailable', code: 'gateway-busy' });
    expect([admission.waiting, admission.taken]).toEqual([0, 36 * MIB]);
    place.leave();
  });
});

describe('a listener', () => {
  const raw = utf8(`Subject: x\r\n\r\n${'x'.repeat(70).concat('\r\n').repeat(30_000)}`);
  const envelope = { from: 'a@x.example', to: ['b@y.example'] };

  it('answers 451 to a mail that finds no room, and takes the next one', async () => {
    const admission = new Admission(MIB, 50);
    let taken = 0;
    const listener = await listen({ host: '127.0.0.1', port: 0, maximumSize: 64 * MIB, maximumRecipients: 10, maximumConnections: 10, admission, take: async () => { taken++; } });
    const place = await admission.enter(MIB);
    expect((await submit({ port: listener.port, envelope, raw })).final.text).toMatch(/^451 4\.7\.1 SSMAX-gateway-busy /);
    place.leave();
    expect((await submit({ port: listener.port, envelope, raw })).final.text).toMatch(/^250 /);
    expect([taken, admission.taken]).toEqual([1, 0]);
    await listener.close();
  });

  it('gives no room beyond what was declared, unless there is some', async () => {
    const admission = new Admission(8 * raw.length);
    const listener = await listen({ host: '127.0.0.1', port: 0, maximumSize: 64 * MIB, maximumRecipients: 10, maximumConnections: 10, admission, take: () => Promise.resolve() });
    const lying = { ...envelope, mailParameters: 'SIZE=10' };
    const declared = async (): Promise<string> => (await submit({ port: listener.port, envelope: lying, raw })).final.text;
    expect(await declared()).toMatch(/^250 /);
    const place = await admission.enter(raw.length);
    const second = await admission.enter(raw.length / 2);
    expect(await declared()).toMatch(/^451 4\.7\.1 SSMAX-gateway-busy /);
    for (const one of [place, second]) one.leave();
    expect(admission.taken).toBe(0);
    await listener.close();
  });

  it('reads no more than there is room for: the others wait at their sender', async () => {
    const admission = new Admission(10 * raw.length);
    let [now, most] = [0, 0];
    const waiting: (() => void)[] = [];
    const listener = await listen({
      host: '127.0.0.1', port: 0, maximumSize: 64 * MIB, maximumRecipients: 10, maximumConnections: 20, admission,
      take: async () => {
        most = Math.max(most, ++now);
        await new Promise<void>((resolve) => waiting.push(resolve));
        now--;
      },
    });
    const sent = Array.from({ length: 6 }, () => submit({ port: listener.port, envelope, raw }));
    for (let answered = 0; answered < sent.length; answered++) {
      await until(() => waiting.length > 0, { what: 'a mail in work', withinMs: 30_000 });
      waiting.shift()?.();
    }
    for (const { final } of await Promise.all(sent)) expect(final.text).toMatch(/^250 /);
    expect(most).toBeLessThanOrEqual(2);
    await listener.close();
  });

  it('answers 421 to more clients than it serves', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0, maximumSize: MIB, maximumRecipients: 1, maximumConnections: 1, admission: new Admission(MIB), take: async () => undefined });
    const first = createConnection(listener.port, '127.0.0.1');
    await new Promise<void>((resolve) => first.once('data', () => { resolve(); }));
    const second = createConnection(listener.port, '127.0.0.1');
    const said = await new Promise<string>((resolve) => second.once('data', (data) => { resolve(data.toString()); }));
    expect(said).toMatch(/^421 /);
    first.destroy();
    second.destroy();
    await listener.close();
  });
});
