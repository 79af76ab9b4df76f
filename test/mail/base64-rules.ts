/** What every way of decoding base64 must accept and refuse, in sizes at which engines take their fast ways. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { decodeBase64 } from '../../src/mail/transfer.ts';
import { bytes } from './bytes.ts';

const SIZES = [0, 1, 2, 3, 57, 40_000, 40_001, 40_002, 57 * 1000];

function lines(text: string, width = 76, lineBreak = '\r\n'): string {
  return (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(lineBreak);
}

function changed(text: string, at: number, by: string): Bytes {
  return bytes(text.slice(0, at) + by + text.slice(at + by.length));
}

export function base64Rules(): void {
  describe.each(SIZES)('%i bytes', (size) => {
    const data = new Uint8Array(randomBytes(size));
    const letters = Buffer.from(data).toString('base64');

    it('are read from lines of any length, with white space of RFC 2045 anywhere', () => {
      const forms = [letters, lines(letters), `${lines(letters)}\r\n`, `\r\n${lines(letters)}\r\n \r\n`, lines(letters, 64), lines(letters, 77), lines(letters, 76, '\n'),
        lines(letters, 60, ' \t\r\n'), lines(letters, 1001), `${lines(letters.slice(0, 1000))}\r\n${lines(letters.slice(1000), 10)}`];
      for (const form of forms) expect(Buffer.compare(decodeBase64(bytes(form)), data)).toBe(0);
    });
  });

  const data = new Uint8Array(randomBytes(40_000));
  const text = lines(Buffer.from(data).toString('base64'));
  const refuses = (encoded: Bytes): void => { expect(() => decodeBase64(encoded)).toThrow(/mime-base64-invalid/); };

  it('refuse every byte that is no letter, wherever it stands', () => {
    const letters = /[A-Za-z0-9+/]/;
    for (let byte = 0; byte < 256; byte++) {
      const other = String.fromCharCode(byte);
      if (letters.test(other)) continue;
      for (const at of [0, 1, 2, 3, 74, 75, 78, 30_001, text.length - 5]) refuses(changed(text, at, other));
    }
  });

  it('refuse a letter too few or too many', () => {
    for (const at of [0, 75, 20_000]) {
      refuses(bytes(text.slice(0, at) + text.slice(at + 1)));
      refuses(bytes(`${text.slice(0, at)}A${text.slice(at)}`));
    }
    refuses(bytes(`${text}A`));
    refuses(bytes(`${text}\r\nAAAA`));
  });

  it('refuse padding that is missing, too much, or not at the end', () => {
    for (const size of [39_999, 40_000, 40_001]) {
      const padded = lines(Buffer.from(randomBytes(size)).toString('base64'));
      const bare = padded.replace(/=+$/, '');
      if (bare !== padded) refuses(bytes(bare));
      for (const more of ['=', '==', '===', '====', '=\r\n=', '\r\n====']) refuses(bytes(padded + more));
      refuses(changed(padded, 4, 'AA=='));
      refuses(changed(padded, 8, 'AAA='));
      refuses(changed(padded, padded.length - 8, 'AAA='));
    }
  });

  it('refuse bits after the last byte', () => {
    const last = (quad: string): Bytes => bytes(`${text.slice(0, 156)}${quad}`);
    const large = (quad: string): Bytes => bytes(`${lines('A'.repeat(40_000) + quad)}\r\n`);
    for (const form of [last, large]) {
      for (const quad of ['QQ==', 'QUE=']) expect(() => decodeBase64(form(quad))).not.toThrow();
      for (const quad of ['QR==', 'QX==', 'QUF=', 'QUG=']) refuses(form(quad));
    }
  });

  it('refuse a whole group that is none', () => {
    // Whatever is left of the result then looks like its end.
    const zeros = lines('A'.repeat(80_000));
    for (const at of [0, 4, 30_030]) refuses(changed(zeros, at, '!!!!'));
    for (const group of ['!!!!', '\0\0\0\0']) for (const at of [0, 4, 30_030, text.length - 8]) refuses(changed(text, at, group));
  });

  it('refuse anything else in place of a line break', () => {
    for (const other of ['!!', 'AA', '--', '\r!', '!\n', '==']) for (const at of [76, 30_028]) refuses(changed(text, at, other));
  });

  it('refuse a line break in place of letters', () => {
    refuses(changed(text, 380, '\r\n'));
  });
}
