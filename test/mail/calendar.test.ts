/** Invitations as calendar programs write them. */
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/core/bytes.ts';
import { readCalendar } from '../../src/mail/calendar.ts';

const calendar = (...event: readonly string[]): string => ['BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST', 'BEGIN:VEVENT', ...event, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
const eventOf = (...lines: readonly string[]): NonNullable<ReturnType<typeof readCalendar>>['events'][number] => {
  const [event] = readCalendar(utf8(calendar(...lines)))?.events ?? [];
  if (event === undefined) throw new Error('no event');
  return event;
};
const moment = (iso: string): object => ({ kind: 'moment', at: new Date(iso) });

describe('an invitation', () => {
  it('says who, when, where and what, with folded lines and escapes undone', () => {
    const read = readCalendar(utf8(calendar(
      'SUMMARY:来年度予算\\, 第一回', 'DTSTART;TZID=Asia/Tokyo:20261125T100000', 'DTEND;TZID=Asia/Tokyo:20261125T113000', 'LOCATION:本庁舎 三階\r\n 会議室A', 'DESCRIPTION:資料\\n一部',
      'ORGANIZER;CN="山田 太郎":mailto:taro@hinode.example', 'ATTENDEE;CUTYPE=INDIVIDUAL;RSVP=TRUE;CN=佐藤 花子:MAILTO:hanako@tsukimi.example', 'ATTENDEE:urn:room-a', 'RRULE:FREQ=WEEKLY',
    )));
    expect(read).toEqual({
      method: 'REQUEST', events: [{
        summary: '来年度予算, 第一回', start: moment('2026-11-25T01:00:00Z'), end: moment('2026-11-25T02:30:00Z'), location: '本庁舎 三階会議室A', description: '資料\n一部',
        organizer: { name: '山田 太郎', address: 'taro@hinode.example' }, attendees: [{ name: '佐藤 花子', address: 'hanako@tsukimi.example' }, { name: '', address: '' }], repeats: true, cancelled: false,
      }],
    });
  });

  it.each([
    ['in UTC', 'DTSTART:20261125T010000Z', moment('2026-11-25T01:00:00Z')],
    ['before clocks go forward', 'DTSTART;TZID=Europe/Berlin:20260329T013000', moment('2026-03-29T00:30:00Z')],
    ['after clocks went forward', 'DTSTART;TZID=Europe/Berlin:20260329T033000', moment('2026-03-29T01:30:00Z')],
    ['in winter', 'DTSTART;TZID=America/New_York:20261125T090000', moment('2026-11-25T14:00:00Z')],
    ['a whole day', 'DTSTART;VALUE=DATE:20261125', { kind: 'day', year: 2026, month: 11, day: 25 }],
    ['in a zone of nobody’s', 'DTSTART;TZID=Somewhere Standard Time:20261125T100000', { kind: 'wall', text: '2026-11-25 10:00', zone: 'Somewhere Standard Time' }],
  ])('begins %s', (_, line, start) => {
    expect(eventOf(line).start).toEqual(start);
  });

  it('of a Windows zone with one offset is known', () => {
    const zone = ['BEGIN:VTIMEZONE', 'TZID:Tokyo Standard Time', 'BEGIN:STANDARD', 'TZOFFSETFROM:+0900', 'TZOFFSETTO:+0900', 'END:STANDARD', 'END:VTIMEZONE'];
    const text = calendar('DTSTART;TZID=Tokyo Standard Time:20261125T100000').replace('BEGIN:VEVENT', `${zone.join('\r\n')}\r\nBEGIN:VEVENT`);
    expect(readCalendar(utf8(text))?.events[0]?.start).toEqual(moment('2026-11-25T01:00:00Z'));
  });

  it.each([
    [['DTSTART:20261125T010000Z', 'DURATION:PT1H30M'], moment('2026-11-25T02:30:00Z')],
    [['DTSTART;VALUE=DATE:20261130', 'DTEND;VALUE=DATE:20261202'], { kind: 'day', year: 2026, month: 12, day: 1 }],
    [['DTSTART;VALUE=DATE:20261130', 'DURATION:P1D'], { kind: 'day', year: 2026, month: 11, day: 30 }],
    [['DTSTART:20261125T010000Z'], undefined],
  ])('ends %#', (lines, end) => {
    expect(eventOf(...lines).end).toEqual(end);
  });

  it('is none where it is something else, or too large', () => {
    for (const text of ['', 'BEGIN:VCARD\r\nEND:VCARD\r\n', 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n', calendar(`DESCRIPTION:${'x'.repeat(1_100_000)}`)]) expect(readCalendar(utf8(text))).toBeUndefined();
  });

  it('of any bytes is read or is none, in linear time', () => {
    const nested = `BEGIN:VCALENDAR\r\n${'BEGIN:VEVENT\r\n'.repeat(30_000)}`;
    expect(readCalendar(utf8(nested))?.events).toHaveLength(20);
    const parameters = `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY${';A=",'.repeat(100_000)}`;
    expect(readCalendar(utf8(parameters))?.events).toHaveLength(1);
    expect(readCalendar(utf8(calendar('DTSTART:99999999T999999Z', 'DTEND;TZID=\u0000:20261125T100000')))?.events).toHaveLength(1);
  });
});
