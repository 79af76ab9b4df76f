/** A mail that is attached to another: judged by itself where it is sealed, else nobody's word. */
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { type Judgement, judgeMail } from '../../src/flow/open.ts';
import { findCarrier } from '../../src/mail/carrier.ts';
import { type Content, readContent } from '../../src/mail/content.ts';
import { type Entity, parseMime } from '../../src/mail/mime.ts';
import { contentOf, type MailFile, showable } from './reading-content.ts';
import type { SealParts } from './seal.ts';
import { trustOrReason } from './trust-source.ts';

export interface AttachedMail {
  /** Of a sealed one. */
  readonly judgement?: Judgement;
  /** Of one that nobody sealed: what stands in its header, decoded. */
  readonly fields: readonly (readonly [name: AttachedField, value: string])[];
  /** Undefined where it cannot be read. */
  readonly content?: Content;
  readonly files: readonly MailFile[];
}

const FIELDS = ['From', 'To', 'Cc', 'Subject', 'Date'] as const;
export type AttachedField = typeof FIELDS[number];

export function isAttachedMail({ name, type }: { readonly name: string; readonly type: string }): boolean {
  return type === 'message/rfc822' || type === 'application/octet-stream' && /\.eml$/i.test(name);
}

/** Throws only faults of this program. Nothing of it is remembered: it was not delivered here. */
export async function readAttached(parts: SealParts, bytes: Bytes): Promise<AttachedMail> {
  try {
    const outer = parseMime(bytes, 'outer');
    return isSealed(outer) ? await readSealed(parts, bytes) : { fields: fieldsOf(outer), ...readUnsealed(outer) };
  } catch (error) {
    if (error instanceof SsmaxError && error.kind !== 'fault') return { fields: [], files: [] };
    throw error;
  }
}

/** In disorder it is no mail to show: the judgement says so. */
function isSealed(outer: Entity): boolean {
  try {
    return findCarrier(outer).kind === 'carrier';
  } catch (error) {
    if (error instanceof SsmaxError && error.kind !== 'fault') return true;
    throw error;
  }
}

async function readSealed({ ports, identities, trust }: SealParts, bytes: Bytes): Promise<AttachedMail> {
  const own = await identities.all();
  const judgement = await judgeMail(bytes, {
    native: ports.native, credentials: await identities.credentials(), addresses: own.map(({ address }) => address), trust: await trustOrReason(trust), now: ports.clock.now(),
  });
  const { content, files } = judgement.content === 'opened' ? showable(contentOf(judgement)) : { content: undefined, files: [] };
  return { judgement, fields: [], ...(content !== undefined && { content }), files };
}

function fieldsOf({ headers }: Entity): AttachedMail['fields'] {
  return FIELDS.flatMap((name) => {
    const value = headers.text(name);
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
}

function readUnsealed(outer: Entity): Pick<AttachedMail, 'content' | 'files'> {
  const content = readContent(outer);
  return showable({ content, forwarded: [], files: content.attachments });
}
