import { describe, expect, it } from 'vitest';
import { fileName } from '../../extension/ui/file-name.ts';
import { wordsOf } from './words.ts';

const words = wordsOf('en');

describe('names of attachments', () => {
  it('are read in bounded time, with their endings', () => {
    expect(fileName(words, `a${'.'.repeat(1_000_000)}b`, 0)).toBe(`a${'.'.repeat(99)}.b`);
    expect(fileName(words, `${'長'.repeat(1_000_000)}.pdf.exe`, 0)).toBe(`${'長'.repeat(100)}.exe`);
  });

  it.each([
    ['見積書.xlsx', '見積書.xlsx'], ['../../etc/passwd', '_.._etc_passwd'], ['C:\\autoexec.bat', 'C__autoexec.bat'], ['a\u202Egpj.exe', 'agpj.exe'],
    ['.bashrc', 'bashrc'], ['x\r\ny.txt', 'x y.txt'], ['', 'unnamed 1'], ['...', 'unnamed 1'], [`${'長'.repeat(300)}.pdf`, `${'長'.repeat(100)}.pdf`],
  ])('%j becomes %j', (given, expected) => {
    expect(fileName(words, given, 0)).toBe(expected);
  });
});
