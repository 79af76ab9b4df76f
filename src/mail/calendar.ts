/**
 * What a calendar object (iCalendar, RFC 5545) asks its reader: the events of an invitation, an update, a cancellation or an
 * answer (iTIP, RFC 5546), for people to read.
 *
 * Known gaps: VEVENT alone (no tasks); a rule of repetition is said to be there, not worked out; a time zone that is no
 * IANA name is resolved only where the object gives it one fixed offset, else the time is kept as it is written.
 */
import type { Bytes } from '../core/bytes.ts';
import { guessText } from './text.ts';

/** A point in time, or a day; `zone` where a wall-clock time could not be resolved: it is what stands there. */
export type CalendarTime =
  | { readonly kind: 'moment'; readonly at: Date }
  | { readonly kind: 'day'; readonly year: number; readonly month: number; readonly day: number }
  | { readonly kind: 'wall'; readonly text: string; readonly zone: string };

export interface CalendarPerson {
  /** Empty where only the address is known. */
  readonly name: string;
  /** As it stands there; empty where it is no mail address. */
  readonly address: string;
}

export interface CalendarEvent {
  readonly summary: string;
  readonly start?: CalendarTime;
  /** The first moment after it; of whole days, the last day. */
  readonly end?: CalendarTime;
  readonly location: string;
  readonly description: string;
  readonly organizer?: CalendarPerson;
  readonly attendees: readonly CalendarPerson[];
  readonly repeats: boolean;
  readonly cancelled: boolean;
}

export interface Calendar {
  /** iTIP method in upper case: REQUEST, CANCEL, REPLY, PUBLISH…; empty where it has none. */
  readonly method: string;
  readonly events: readonly CalendarEvent[];
}

interface Property {
  readonly name: string;
  readonly params: ReadonlyMap<string, string>;
  readonly value: string;
}

const LARGEST = 1_000_000;
const MOST_EVENTS = 20;
const MOST_PEOPLE = 200;

/** Reads it; undefined for what is none, or is larger than anybody's invitation. Never throws. */
export function readCalendar(bytes: Bytes): Calendar | undefined {
  if (bytes.length > LARGEST) return undefined;
  const lines = (guessText(bytes) ?? new TextDecoder().decode(bytes)).replace(/^\ufeff/, '').replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  if (!/^BEGIN:VCALENDAR\s*$/i.test(lines[0] ?? '')) return undefined;
  const open: string[] = [];
  let method = '';
  const events: Property[][] = [];
  const zones = new Map<string, Set<string>>();
  let zone = '';
  for (const property of lines.flatMap(parseLine)) {
    const { name, value } = property;
    if (name === 'BEGIN') {
      open.push(value.toUpperCase());
      if (open.at(-1) === 'VEVENT') events.push([]);
    } else if (name === 'END') open.pop();
    else if (open.at(-1) === 'VCALENDAR' && name === 'METHOD') method = value.toUpperCase();
    else if (open.at(-1) === 'VEVENT') events.at(-1)?.push(property);
    else if (open.at(-1) === 'VTIMEZONE' && name === 'TZID') zone = value;
    else if (open.at(-2) === 'VTIMEZONE' && name === 'TZOFFSETTO') zones.set(zone, (zones.get(zone) ?? new Set()).add(value));
  }
  if (events.length === 0) return undefined;
  return { method, events: events.slice(0, MOST_EVENTS).map((one) => eventOf(one, zones)) };
}

/** `NAME;PARAM=value;PARAM="quoted":value` */
function parseLine(line: string): Property[] {
  const head = /^([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)$/s.exec(line);
  if (head === null) return [];
  const params = [...(head[2] ?? '').matchAll(/;([A-Za-z0-9-]+)=("[^"]*"|[^";:]*)/g)].map(([, name = '', value = '']) => [name.toUpperCase(), value.replace(/^"|"$/g, '')] as const);
  return [{ name: (head[1] ?? '').toUpperCase(), params: new Map(params), value: head[3] ?? '' }];
}

function eventOf(properties: readonly Property[], zones: ReadonlyMap<string, ReadonlySet<string>>): CalendarEvent {
  const first = (name: string): Property | undefined => properties.find((one) => one.name === name);
  const text = (name: string): string => unescaped(first(name)?.value ?? '').trim();
  const start = timeOf(first('DTSTART'), zones);
  const end = endOf(start, timeOf(first('DTEND'), zones), first('DURATION')?.value);
  const organizer = first('ORGANIZER');
  return {
    summary: text('SUMMARY'), location: text('LOCATION'), description: text('DESCRIPTION'),
    ...(start !== undefined && { start }), ...(end !== undefined && { end }),
    ...(organizer !== undefined && { organizer: personOf(organizer) }),
    attendees: properties.filter(({ name }) => name === 'ATTENDEE').slice(0, MOST_PEOPLE).map(personOf),
    repeats: first('RRULE') !== undefined || first('RDATE') !== undefined,
    cancelled: text('STATUS').toUpperCase() === 'CANCELLED',
  };
}

function unescaped(value: string): string {
  return value.replace(/\\([\\;,nN])/g, (_, letter: string) => (letter.toLowerCase() === 'n' ? '\n' : letter));
}

function personOf({ params, value }: Property): CalendarPerson {
  const address = /^mailto:(.*)$/is.exec(value)?.[1] ?? '';
  return { name: params.get('CN') ?? '', address };
}

function timeOf(property: Property | undefined, zones: ReadonlyMap<string, ReadonlySet<string>>): CalendarTime | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(property?.value ?? '');
  if (property === undefined || match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (match[4] === undefined) return { kind: 'day', year, month, day };
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const zone = property.params.get('TZID') ?? '';
  if (match[7] === 'Z') return { kind: 'moment', at: new Date(wall) };
  // A time without a zone is the reader's own (RFC 5545 §3.3.5).
  if (zone === '') return { kind: 'moment', at: new Date(year, month - 1, day, hour, minute, second) };
  const at = inZone(wall, zone) ?? inFixedZone(wall, zones.get(zone));
  if (at !== undefined) return { kind: 'moment', at };
  return { kind: 'wall', text: `${match.slice(1, 4).join('-')} ${match[4]}:${match[5] ?? ''}`, zone };
}

/** The moment at which clocks of an IANA zone show this; undefined for other names. */
function inZone(wall: number, zone: string): Date | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
  } catch {
    return undefined;
  }
  const shown = (at: number): number => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(part['year'] ?? 0, (part['month'] ?? 1) - 1, part['day'] ?? 1, part['hour'] ?? 0, part['minute'] ?? 0, part['second'] ?? 0);
  };
  // The offset at the moment guessed first may be that of the other side of a change of clocks: look once more.
  const guess = wall - (shown(wall) - wall);
  return new Date(wall - (shown(guess) - guess));
}

function inFixedZone(wall: number, offsets: ReadonlySet<string> | undefined): Date | undefined {
  const [only, ...others] = offsets ?? [];
  const match = /^([+-])(\d\d)(\d\d)$/.exec(only ?? '');
  if (match === null || others.length > 0) return undefined;
  const offset = (Number(match[2]) * 60 + Number(match[3])) * 60_000;
  return new Date(wall + (match[1] === '-' ? offset : -offset));
}

const DAY = 86_400_000;

function endOf(start: CalendarTime | undefined, end: CalendarTime | undefined, duration: string | undefined): CalendarTime | undefined {
  // DTEND of whole days is the day after the last.
  if (end?.kind === 'day') return dayBefore(end);
  if (end !== undefined || start === undefined || duration === undefined) return end;
  const match = /^\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration);
  if (match === null) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  if (start.kind === 'moment') return { kind: 'moment', at: new Date(start.at.getTime() + (weeks * 7 + days) * DAY + ((hours * 60 + minutes) * 60 + seconds) * 1000) };
  if (start.kind === 'day') return dayBefore(dayAfter(start, weeks * 7 + days));
  return undefined;
}

type Day = CalendarTime & { readonly kind: 'day' };

function dayAfter({ year, month, day }: Day, days: number): Day {
  const date = new Date(Date.UTC(year, month - 1, day) + days * DAY);
  return { kind: 'day', year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function dayBefore(day: Day): Day {
  return dayAfter(day, -1);
}
