/** What the Authority's criteria say of a member's figures, and which files are criteria. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Criteria, DEFAULT_CRITERIA, loadCriteria, type Measured, MEASURES, review } from '../../../src/server/authority/criteria.ts';

/** A member of whom there is nothing to say. */
const GOOD: Measured = {
  sent: 10_000, received: 9000, reported: 0, reports: 0, refused: 0, confirmed: 0, warned: 0, suspended: 0, daysWithoutStatement: 0, auditAge: 100, alarms: 0,
};
const with1 = (measure: Criteria['criteria'][number]['measure'], above: number, minimumMails = 1000): Criteria =>
  ({ version: 'test', window: 30, minimumMails, criteria: [{ measure, above, says: 'warn' }] });

describe('the built-in criteria', () => {
  it.each<[string, Partial<Measured>, 'good' | 'warn' | 'suspend', string[]]>([
    ['nothing', {}, 'good', []],
    ['confirmed cases at the limit of 0.5 in a thousand', { confirmed: 5 }, 'good', []],
    ['one more', { confirmed: 6 }, 'warn', ['confirmed-per-thousand']],
    ['more than 5 in a thousand: both say something', { confirmed: 51 }, 'suspend', ['confirmed-per-thousand', 'confirmed-per-thousand']],
    ['as many of a few mails: a rate says nothing', { sent: 999, confirmed: 51 }, 'good', []],
    ['of no mail at all', { sent: 0, confirmed: 1 }, 'good', []],
    ['five reports that its statements do not count', { reported: 8, reports: 2, refused: 1 }, 'good', []],
    ['six', { reported: 9, reports: 2, refused: 1 }, 'warn', ['unaccounted-reports']],
    ['more stated than handed on', { reported: 1, reports: 90 }, 'good', []],
    ['three days without a statement', { daysWithoutStatement: 3 }, 'good', []],
    ['four', { daysWithoutStatement: 4 }, 'warn', ['days-without-statement']],
    ['an audit of 400 days ago', { auditAge: 400 }, 'good', []],
    ['an overdue one', { auditAge: 401 }, 'warn', ['audit-age']],
    ['one of long ago', { auditAge: 551 }, 'suspend', ['audit-age', 'audit-age']],
    ['an alarm', { alarms: 1 }, 'suspend', ['alarms']],
  ])('of %s', (_, measured, says, measures) => {
    const found = review(DEFAULT_CRITERIA, { ...GOOD, ...measured });
    expect(found.says).toBe(says);
    expect(found.findings.map(({ measure }) => measure)).toEqual(measures);
  });
});

describe('every measure', () => {
  it.each<[(typeof MEASURES)[number], Partial<Measured>, number]>([
    ['confirmed-per-thousand', { confirmed: 13 }, 1.3], ['reported-per-thousand', { reported: 7, reports: 7 }, 0.7], ['confirmed', { confirmed: 2 }, 2],
    ['unaccounted-reports', { reported: 4, reports: 1 }, 3], ['days-without-statement', { daysWithoutStatement: 9 }, 9], ['audit-age', {}, 100], ['alarms', { alarms: 3 }, 3],
  ])('%s is compared with its limit, and not above it says nothing', (measure, measured, value) => {
    expect(review(with1(measure, value - 0.1), { ...GOOD, ...measured }).findings).toEqual([{ measure, value, above: value - 0.1, says: 'warn' }]);
    expect(review(with1(measure, value), { ...GOOD, ...measured })).toEqual({ findings: [], says: 'good' });
  });

  it('stands in the table', () => {
    expect(MEASURES).toHaveLength(7);
  });

  it('is rounded to thousandths', () => {
    expect(review(with1('confirmed-per-thousand', 0), { ...GOOD, sent: 3000, confirmed: 1 }).findings[0]?.value).toBe(0.333);
  });
});

describe('a file of criteria', () => {
  let directory: string;
  beforeAll(() => { directory = mkdtempSync(join(tmpdir(), 'ssmax-criteria-')); });
  afterAll(() => { rmSync(directory, { recursive: true }); });
  function load(text: string): Criteria {
    const file = join(directory, 'criteria.yaml');
    writeFileSync(file, text);
    return loadCriteria(file);
  }

  it('is read', () => {
    expect(load('version: a-1\nwindow: 90\ncriteria:\n  - { measure: audit-age, above: 365, says: suspend }\n'))
      .toEqual({ version: 'a-1', window: 90, minimumMails: 1000, criteria: [{ measure: 'audit-age', above: 365, says: 'suspend' }] });
  });

  it.each([
    ['an unknown measure', 'version: a\nwindow: 30\ncriteria:\n  - { measure: charm, above: 1, says: warn }\n', 'config-invalid'],
    ['a consequence that only people decide on', 'version: a\nwindow: 30\ncriteria:\n  - { measure: alarms, above: 1, says: revoke }\n', 'config-invalid'],
    ['a key that means nothing', 'version: a\nwindow: 30\nwindows: 3\ncriteria: []\n', 'config-unknown-key'],
    ['no version', 'window: 30\ncriteria: []\n', 'config-invalid'],
  ])('with %s is refused', (_, text, code) => {
    expect(() => load(text)).toThrow(code);
  });
});
