/**
 * Passing a sealed mail on unopened (src/flow/forward.ts). What is passed on stands in the compose window as a file, so that
 * it survives saving, restarting and sending later, and can be taken out again. Such a file counts only where this plugin
 * made it: else a file in anybody's mail could have this member's key pass on what is not meant to be.
 */
import { type Bytes, concat, hex, utf8 } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/core/digest.ts';
import { refused } from '../../src/core/error.ts';
import { forwardMail } from '../../src/flow/forward.ts';
import type { Addressing, Sealed } from '../../src/flow/leg-one.ts';
import { type Attachment, buildMixed, type InnerMail } from '../../src/mail/build.ts';
import type { Table } from '../../src/flow/ports.ts';
import type { Identities } from './identities.ts';
import type { MemberPorts } from './ports.ts';
import type { ForwardMark } from './records.ts';
import type { TrustSource } from './trust-source.ts';

const HEAD = utf8('X-SSMAX-Forward: ');
const NONCE_BYTES = 16;
/** Bytes before the mail: the field, its value in hexadecimal, the line's end. */
const HEAD_LENGTH = HEAD.length + 2 * NONCE_BYTES + 2;
/** How long a draft may wait, milliseconds. */
const KEPT = 90 * 86_400_000;

interface ForwardParts {
  readonly ports: MemberPorts;
  readonly identities: Identities;
  readonly trust: TrustSource;
}

/** The file that stands for a mail, or for some of its sealed parts (from 0), until it is sent. */
export async function prepareForward({ ports }: Pick<ForwardParts, 'ports'>, original: Bytes, parts: readonly number[] | undefined): Promise<Bytes> {
  const { native, clock, tables } = ports;
  const file = concat(HEAD, utf8(hex(native.random(NONCE_BYTES))), utf8('\r\n'), original);
  const now = clock.now();
  await prune(tables.forwards, now);
  const id = hex(await sha256(file));
  await tables.forwards.put(id, { id, at: now, ...(parts !== undefined && { parts }) });
  return file;
}

async function prune(table: Table<ForwardMark>, now: Date): Promise<void> {
  for (const { id, at } of await table.all()) if (now.getTime() - at.getTime() > KEPT) await table.remove(id);
}

/**
 * Seals a draft that passes a mail on: the member's own text in clear, his own files sealed, the mail as it is. Undefined for a
 * draft that does not. Throws what forwardMail throws, `not-forwardable` (with `what`: `several`, `unknown` for a file that
 * was not made here).
 */
export async function sealForward(parts: ForwardParts, { attachments = [], ...mail }: InnerMail, addressing: Addressing): Promise<Sealed | undefined> {
  const marked = attachments.filter(isMarked);
  const [file, ...others] = marked;
  if (file === undefined) return undefined;
  if (others.length > 0) throw refused('not-forwardable', { what: 'several' });
  const { ports, identities, trust } = parts;
  const mark = await ports.tables.forwards.get(hex(await sha256(file.bytes)));
  if (mark === undefined) throw refused('not-forwardable', { what: 'unknown' });
  const own = attachments.filter((one) => one !== file);
  const forwarder = { native: ports.native, credentials: await identities.credentials(), trust: await trust.get(), now: ports.clock.now() };
  return forwardMail(forwarder, {
    ...addressing, original: file.bytes.subarray(HEAD_LENGTH),
    mail: buildMixed('forward', { ...mail, attachments: own }, (length) => ports.native.random(length)),
    ...(mark.parts !== undefined && { parts: mark.parts }),
  });
}

/** Whether a file of a compose window stands for a mail that is passed on. */
export async function isMarkedFile(file: File): Promise<boolean> {
  return isMarked({ bytes: new Uint8Array(await file.slice(0, HEAD.length).arrayBuffer()) });
}

/** Whether a file stands for a mail that is passed on; by its beginning, as Thunderbird does not keep a file's type. */
export function isMarked({ bytes }: Pick<Attachment, 'bytes'>): boolean {
  return HEAD.every((byte, i) => bytes[i] === byte);
}
