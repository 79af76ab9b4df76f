/**
 * The name of a mail from outside, under which its organisation reports on it (docs/protocol.md §11.1): over what a reader is
 * shown, and nothing that mail servers add or mend on the way to the mailbox (Date and Message-ID among them).
 */
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { lengthPrefixed, sha256 } from '../core/digest.ts';
import { parseHeaders } from './header.ts';
import { BARE_LINE_BREAK, latin1 } from './latin1.ts';

const FIELDS = ['from', 'sender', 'reply-to', 'to', 'cc', 'subject', 'mime-version', 'content-type', 'content-transfer-encoding', 'content-disposition'];

/** SHA-256, 32 bytes. Throws what parseHeaders throws at the outer level. */
export async function mailDigest(raw: Bytes): Promise<Bytes> {
  const { headers, bodyStart } = parseHeaders(raw, 'outer');
  const values = FIELDS.flatMap((name) => headers.all(name).map((value) => `${name}:${value.replace(/[ \t]+/g, ' ')}`));
  return sha256(
    lengthPrefixed('SSMAX-v1/outside-mail'), lengthPrefixed(utf8(values.join('\n'))), canonicalBody(raw.subarray(bodyStart)),
  );
}

/** Lines end with CRLF, and no empty ones stand at the end: as DKIM's simple body (RFC 6376 §3.4.3). */
function canonicalBody(body: Bytes): Bytes {
  let end = body.length;
  while (end > 0 && (body[end - 1] === 0x0a || body[end - 1] === 0x0d)) end--;
  const lines = body.subarray(0, end);
  if (!BARE_LINE_BREAK.test(latin1(lines))) return lines;
  const out: Uint8Array[] = [];
  for (let from = 0; from <= lines.length;) {
    const feed = lines.indexOf(0x0a, from);
    const stop = feed === -1 ? lines.length : feed;
    out.push(lines.subarray(from, feed > from && lines[feed - 1] === 0x0d ? feed - 1 : stop));
    if (feed === -1) break;
    out.push(utf8('\r\n'));
    from = feed + 1;
  }
  return concat(...out);
}
