import { describe, expect, it } from 'vitest';
import { isSealedFile } from '../../extension/member/sealed-files.ts';
import { concat, utf8 } from '../../src/core/bytes.ts';
import { buildCarrier } from '../../src/mail/carrier.ts';

const TARO = 'taro@hinode.example';

describe('a file that is sealed mail', () => {
  const carrier = buildCarrier([['From', TARO], ['Subject', 'x']], new Uint8Array(9));
  const mail = concat(carrier.head, ...carrier.body());

  it.each([
    ['the sealed part', 'message.ssmax', 'application/cms', new Uint8Array(9), true], ['a whole mail', 'x.eml', 'message/rfc822', mail, true],
    ['a mail by its name only', 'x.eml', 'application/octet-stream', mail, true], ['another mail', 'x.eml', 'message/rfc822', utf8('Subject: x\r\n\r\nx\r\n'), false],
    ['another file', 'x.txt', 'text/plain', utf8('x'), false],
  ])('is known: %s', (_, name, type, bytes, sealed) => {
    expect(isSealedFile({ name, type, bytes })).toBe(sealed);
  });
});
