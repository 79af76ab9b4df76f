/** Delivery reports (RFC 3464): which mail they are about, and why it was refused. Never more than a hint: nobody signs them. */
import { fromUtf8 } from '../../src/core/bytes.ts';
import { type Headers, parseDate, parseHeaders } from '../../src/mail/header.ts';
import type { Entity } from '../../src/mail/mime.ts';

export interface DeliveryReport {
  /** The stable code that a gateway put into its answer, without `SSMAX-`. */
  readonly code?: string;
  /** Not given up: somebody's approval is awaited, or a server tries again. */
  readonly waiting: boolean;
  /** Until when, where it waits. */
  readonly until?: Date;
  /** Addresses that it was not delivered to, or not yet. */
  readonly recipients: readonly string[];
  /** Of the mail that came back, without angle brackets. */
  readonly messageId?: string;
  /** As a gateway wrote it into the mail that came back. */
  readonly contentDigest?: string;
}

/** Stands in every mail that a gateway sends on. */
const CONTENT_FIELD = 'X-SSMAX-Content';

const CODE = /\bSSMAX-([a-z0-9-]{1,64})/i;
const MAX_RECIPIENTS = 100;

/** Reads a mail that is a multipart/report of delivery; undefined where it reports neither failure nor delay. */
export function readDeliveryReport(mail: Entity): DeliveryReport | undefined {
  const status = mail.children.find(({ type }) => type === 'message/delivery-status');
  if (status === undefined) return undefined;
  const groups = text(status).split(/\r?\n\r?\n/).map(fields);
  const acting = (action: string): typeof groups => groups.filter((group) => group.get('action')?.toLowerCase() === action);
  const waiting = acting('failed').length === 0;
  const failed = waiting ? acting('delayed') : acting('failed');
  if (failed.length === 0) return undefined;
  const until = waiting ? parseDate(failed[0]?.get('will-retry-until') ?? '') : undefined;
  const diagnostics = failed.map((group) => group.get('diagnostic-code') ?? '').join('\n');
  const explanation = mail.children.filter(({ type }) => type === 'text/plain').map(text).join('\n');
  const code = (CODE.exec(diagnostics) ?? CODE.exec(explanation))?.[1]?.toLowerCase();
  const back = returned(mail);
  const messageId = back?.all('Message-ID')[0]?.replace(/^<(.*)>$/, '$1');
  const contentDigest = back?.all(CONTENT_FIELD)[0]?.toLowerCase();
  return {
    waiting,
    ...(until !== undefined && { until }),
    recipients: failed.slice(0, MAX_RECIPIENTS).map((group) => (group.get('final-recipient') ?? '').replace(/^[^;]*;\s*/, '')),
    ...(code !== undefined && { code }),
    ...(messageId !== undefined && { messageId }),
    ...(contentDigest !== undefined && { contentDigest }),
  };
}

function text(entity: Entity): string {
  const bytes = entity.body();
  try {
    return fromUtf8(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** One group of `name: value` lines, unfolded, names in lower case. */
function fields(group: string): Map<string, string> {
  const lines = group.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  return new Map(lines.flatMap((line): [string, string][] => {
    const [, name, value] = /^([A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]];
  }));
}

/** The header fields of the mail that came back. */
function returned(mail: Entity): Headers | undefined {
  const part = mail.children.find(({ type }) => type === 'text/rfc822-headers' || type === 'message/rfc822');
  if (part === undefined) return undefined;
  try {
    return parseHeaders(part.body(), 'outer').headers;
  } catch {
    return undefined; // an unreadable mail has no name
  }
}
