/** A name server in this process (RFC 1035 over UDP): it knows what a test tells it, and nothing else exists. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface NameServer {
  readonly port: number;
  /** TXT records by name; may be changed at any time. */
  readonly texts: Map<string, string>;
  close(): void;
}

const TXT = 16;

export async function startNameServer(): Promise<NameServer> {
  const texts = new Map<string, string>();
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => { socket.send(answerTo(query, texts), port, address); });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, texts, close: () => { socket.close(); } };
}

function answerTo(query: Buffer, texts: ReadonlyMap<string, string>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const question = query.subarray(12, at + 5);
  const text = query.readUInt16BE(at + 1) === TXT ? texts.get(labels.join('.')) : undefined;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(text === undefined ? 0x8583 : 0x8580, 2); // an authoritative answer: it is there, or no such name
  header.writeUInt16BE(1, 4);
  if (text === undefined) return Buffer.concat([header, question]);
  header.writeUInt16BE(1, 6);
  const strings = Buffer.concat((text.match(/.{1,255}/gs) ?? ['']).map((one) => Buffer.concat([Buffer.from([one.length]), Buffer.from(one, 'latin1')])));
  const record = Buffer.from([0xc0, 12, 0, TXT, 0, 1, 0, 0, 0, 60, strings.length >> 8, strings.length & 0xff]);
  return Buffer.concat([header, question, record, strings]);
}
