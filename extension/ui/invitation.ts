/** An invitation in words: who, when in this computer's time, where, what. */
import type { Bytes } from '../../src/core/bytes.ts';
import { type CalendarEvent, type CalendarPerson, type CalendarTime, readCalendar } from '../../src/mail/calendar.ts';
import { shownLines, shownName, shownText } from '../../src/mail/shown-text.ts';
import type { DetailGroup } from './detail-group.ts';
import type { MessageKey, Words } from './words.ts';

export interface InvitationView {
  readonly heading: string;
  /** One an event: what it is called, and what else there is to know. */
  readonly events: readonly DetailGroup[];
  /** What to do about it. */
  readonly hint: string;
}

/** Events on one card. */
const MOST_SHOWN = 5;
const LONGEST_DESCRIPTION = 2_000;

const HEADINGS: Readonly<Record<string, MessageKey>> = { REQUEST: 'invitation_request', CANCEL: 'invitation_cancel', REPLY: 'invitation_reply', COUNTER: 'invitation_reply' };

export function isCalendar({ name, type }: { readonly name: string; readonly type: string }): boolean {
  return type === 'text/calendar' || type === 'application/ics' || /\.ics$/i.test(name);
}

/** `sender`: the verified address of who sent it. Undefined for what is no calendar. */
export function invitationOf(words: Words, bytes: Bytes, sender: string | undefined): InvitationView | undefined {
  const calendar = readCalendar(bytes);
  if (calendar === undefined) return undefined;
  const cancelled = calendar.method === 'CANCEL' || calendar.events.every((event) => event.cancelled);
  return {
    heading: words.text(cancelled ? 'invitation_cancel' : HEADINGS[calendar.method] ?? 'invitation_event'),
    events: calendar.events.slice(0, MOST_SHOWN).map((event) => ({ title: shownText(event.summary) || words.text('invitation_untitled'), rows: rowsOf(words, event, sender) })),
    hint: words.text(calendar.method === 'REQUEST' && !cancelled ? 'invitation_answer' : 'invitation_keep'),
  };
}

function rowsOf(words: Words, { start, end, location, organizer, attendees, repeats, description }: CalendarEvent, sender: string | undefined): DetailGroup['rows'] {
  const other = organizer !== undefined && organizer.address !== '' && sender !== undefined && organizer.address.toLowerCase() !== sender;
  const rows: readonly (readonly [MessageKey, string])[] = [
    ['invitation_when', whenOf(words, start, end) + (repeats ? words.text('invitation_repeats') : '')],
    ['invitation_where', location],
    ['invitation_organizer', organizer === undefined ? '' : personOf(words, organizer) + (other ? words.text('invitation_other_organizer') : '')],
    ['invitation_attendees', words.list(attendees.map((one) => personOf(words, one)).filter((one) => one !== ''))],
    ['invitation_description', description.length > LONGEST_DESCRIPTION ? `${description.slice(0, LONGEST_DESCRIPTION)}…` : description],
  ];
  return rows.filter(([, value]) => value !== '').map(([name, value]) => [words.text(name), shownLines(value)]);
}

function personOf(words: Words, person: CalendarPerson): string {
  const address = shownText(person.address);
  const name = shownName(person.name);
  if (name === '') return address;
  return address === '' ? name : words.text('name_and_address', { name, address });
}

function whenOf(words: Words, start: CalendarTime | undefined, end: CalendarTime | undefined): string {
  if (start === undefined) return '';
  // A time in a zone that nobody knows is not this computer's.
  if (start.kind === 'wall') return words.text('invitation_wall', { time: start.text, zone: start.zone });
  const date = dateOf(start);
  const last = end === undefined || end.kind === 'wall' ? undefined : dateOf(end);
  return words.span(date, last !== undefined && last > date ? last : undefined, start.kind === 'moment');
}

function dateOf(time: Exclude<CalendarTime, { kind: 'wall' }>): Date {
  return time.kind === 'moment' ? time.at : new Date(time.year, time.month - 1, time.day);
}
