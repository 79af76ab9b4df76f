/** The page's words for error codes. */
import { describe, expect, it } from 'vitest';
import { en } from '../../../src/status-page/locales/en.ts';
import { ja } from '../../../src/status-page/locales/ja.ts';
import { scanCodes } from '../../../scripts/error-codes.ts';

const { codes } = scanCodes('src');

describe('the status page', () => {
  it('has the same words in both languages', () => {
    expect(Object.keys(ja)).toEqual(Object.keys(en));
    expect(Object.keys(ja.reasons)).toEqual(Object.keys(en.reasons));
  });

  it('has words for what inspections and gateways refuse', () => {
    const found = [...codes].filter(([, { files }]) => [...files].some((file) => /^src\/flow\/(?:judge|inspect|policy\/checks)\.ts$|^src\/server\/gateway\/handle\.ts$/.test(file))).map(([code]) => code);
    expect(found.filter((code) => !(code in en.reasons))).toEqual([]);
  });

  it('has words for codes only that there are', () => {
    expect(Object.keys(en.reasons).filter((code) => !codes.has(code))).toEqual([]);
  });
});
