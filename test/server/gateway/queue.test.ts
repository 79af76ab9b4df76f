/** Handing copies on to a mail server that serves a limited number of connections at a time, as Postfix's maxproc has it. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SMTPServer } from 'smtp-server';
import { until } from '../../../scripts/world/wait.ts';
import { utf8 } from '../../../src/core/bytes.ts';
import { Admission } from '../../../src/server/gateway/admission.ts';
import { type Copy, createQueue } from '../../../src/server/gateway/reinject.ts';
import { listen } from '../../../src/server/gateway/smtp.ts';

const SERVED = 4;
const always = (): boolean => true;
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A mail server that greets a fifth client only when one of the four before has gone. */
async function startMailServer(): Promise<{ port: number; taken: string[] }> {
  const taken: string[] = [];
  const smtp = new SMTPServer({
    authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], hideDSN: false, disableReverseLookup: true,
    onData(stream, session, callback) {
      stream.on('end', () => {
        taken.push(...session.envelope.rcptTo.map(({ address }) => address));
        callback(null, 'ok');
      });
      stream.resume();
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const behind = (smtp.server.address() as AddressInfo).port;
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  let served = 0;
  const front: Server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    const serve = (): void => {
      served++;
      const far = connect(behind, '127.0.0.1');
      far.on('error', () => undefined);
      client.pipe(far).pipe(client);
      client.once('close', () => {
        far.destroy();
        served--;
        waiting.shift()?.();
      });
      if (client.destroyed) client.emit('close');
    };
    if (served < SERVED) serve();
    else waiting.push(serve);
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
    smtp.close(() => undefined);
  });
  return { port: (front.address() as AddressInfo).port, taken };
}

function copies(mail: number, count: number): Copy[] {
  const body = utf8('x\r\n');
  return Array.from({ length: count }, (_, copy) => ({
    from: 'taro@hinode.example', recipients: [`${mail}-${copy}@hinode.example`],
    mail: () => ({ head: utf8('Subject: x\r\n\r\n'), *body() { yield body; }, size: 16 + body.length }),
  }));
}

describe('the queue', () => {
  it('takes many mails of several copies at once, none of which waits for another\'s connections', async () => {
    const { port, taken } = await startMailServer();
    const queue = createQueue({ host: '127.0.0.1', port, deadline: 30_000 }, SERVED);
    await Promise.all(Array.from({ length: 8 }, (_, mail) => queue.take(copies(mail, 3), always)));
    expect(new Set(taken).size).toBe(24);
    expect(taken).toHaveLength(24);
  });

  it('would stand still if every mail took what it can get', async () => {
    const { port, taken } = await startMailServer();
    const greedy = createQueue({ host: '127.0.0.1', port, deadline: 1_000 }, 1_000);
    await expect(greedy.take(copies(1, SERVED + 1), always)).rejects.toMatchObject({ kind: 'unavailable', code: 'queue-unavailable' });
    expect(taken).toEqual([]);
  });

  it('takes a mail of more copies than there are connections', async () => {
    const { port, taken } = await startMailServer();
    await createQueue({ host: '127.0.0.1', port, deadline: 30_000 }, SERVED).take(copies(1, 10), always);
    expect(new Set(taken).size).toBe(10);
  });

  it('makes each copy when the one before is on its way', async () => {
    const { port } = await startMailServer();
    const events: string[] = [];
    const made = copies(1, 3).map((copy, i): Copy => ({
      ...copy,
      mail: () => {
        events.push(`made ${i}`);
        return { ...copy.mail(), *body() { yield utf8('x\r\n'); events.push(`written ${i}`); } };
      },
    }));
    await createQueue({ host: '127.0.0.1', port, deadline: 30_000 }, SERVED).take(made, always);
    expect(events).toEqual(['made 0', 'written 0', 'made 1', 'written 1', 'made 2', 'written 2']);
  });

  it('gets nothing for a client that has hung up', async () => {
    const { port, taken } = await startMailServer();
    const queue = createQueue({ host: '127.0.0.1', port, deadline: 30_000 }, SERVED);
    await expect(queue.take(copies(1, 3), () => false)).rejects.toMatchObject({ kind: 'unavailable', code: 'client-gone' });
    // The connections are free again.
    await queue.take(copies(2, SERVED), always);
    expect(taken).toHaveLength(SERVED);
  });
});

describe('a listener', () => {
  it('knows when the client has hung up while its mail is under way', async () => {
    let waits: (() => boolean) | undefined;
    let finish = (): void => undefined;
    const listener = await listen({
      host: '127.0.0.1', port: 0, maximumSize: 1_000_000, maximumRecipients: 10, maximumConnections: 200, admission: new Admission(1024 ** 3),
      take: (_envelope, _raw, still) => {
        waits = still;
        return new Promise((resolve) => { finish = resolve; });
      },
    });
    const client = connect(listener.port, '127.0.0.1');
    client.on('error', () => undefined);
    for (const line of ['EHLO x', 'MAIL FROM:<x@outside.example>', 'RCPT TO:<y@hinode.example>', 'DATA', 'Subject: x\r\n\r\nx\r\n.']) {
      await once(client, 'data');
      client.write(`${line}\r\n`);
    }
    await until(() => waits !== undefined, { what: 'the mail' });
    expect(waits?.()).toBe(true);
    client.destroy();
    await until(() => waits?.() === false, { what: 'the end of the client' });
    finish();
    await listener.close();
  });
});
