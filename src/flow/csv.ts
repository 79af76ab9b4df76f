/**
 * Tables as text (RFC 4180), as spreadsheets write them: UTF-8 with or without byte order mark, or Shift_JIS as Excel writes
 * it in Japan (code page 932); commas or tabs; CRLF, LF or CR.
 *
 * Decisions beyond the RFC: a quotation mark inside an unquoted field, text after a closing one and a missing closing one are
 * refused, for a row that is read in two ways must not become somebody's identity. Lines that are empty or hold empty fields
 * only are passed over.
 */
import { type Bytes, concat, utf8 } from '../core/bytes.ts';
import { refused } from '../core/error.ts';

export type TableEncoding = 'utf-8' | 'shift_jis';

export interface CsvRow {
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * The text of a table, without byte order mark. Shift_JIS is what is no UTF-8. (Japanese in Shift_JIS that happens to be UTF-8
 * as well is half-width kana only, and never one of the column names.) Throws `csv-encoding`.
 */
export function decodeTable(bytes: Bytes): { readonly text: string; readonly encoding: TableEncoding } {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) throw refused('csv-encoding');
  for (const encoding of ['utf-8', 'shift_jis'] as const) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      if (!text.includes('\0')) return { text, encoding };
    } catch {
      // the next one
    }
  }
  throw refused('csv-encoding');
}

/** The rows of a table. Throws `csv-quotes` with the line. */
export function parseCsv(text: string): CsvRow[] {
  const separator = separatorOf(text);
  const rows: CsvRow[] = [];
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const start = line;
    const fields: string[] = [];
    for (let more = true; more;) {
      const field = readField(text, at, separator, line);
      fields.push(field.value);
      at = field.end;
      line += field.lines;
      more = text[at] === separator;
      if (more) at++;
    }
    if (text[at] === '\r' && text[at + 1] === '\n') at++;
    at++;
    line++;
    if (fields.some((value) => value.trim() !== '')) rows.push({ line: start, fields });
  }
  return rows;
}

/** Tabs if the first line has some and no comma. */
function separatorOf(text: string): ',' | '\t' {
  const [first = ''] = text.split(/[\r\n]/, 1);
  return first.includes('\t') && !first.includes(',') ? '\t' : ',';
}

function readField(text: string, start: number, separator: string, line: number): { value: string; end: number; lines: number } {
  if (text[start] !== '"') {
    let end = start;
    for (let c = text[end]; c !== undefined && c !== separator && c !== '\r' && c !== '\n'; c = text[++end]) {
      if (c === '"') throw refused('csv-quotes', { line });
    }
    return { value: text.slice(start, end), end, lines: 0 };
  }
  let value = '';
  for (let from = start + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) throw refused('csv-quotes', { line });
    value += text.slice(from, quote);
    if (text[quote + 1] === '"') {
      value += '"';
      from = quote + 2;
      continue;
    }
    const end = quote + 1;
    const next = text[end];
    if (next !== undefined && next !== separator && next !== '\r' && next !== '\n') throw refused('csv-quotes', { line });
    return { value, end, lines: value.split(/\r\n|\r|\n/).length - 1 };
  }
}

/**
 * A table for spreadsheets: UTF-8 with byte order mark (Excel takes it for Shift_JIS without), CRLF, every field quoted. What a
 * spreadsheet would take for a formula (`=`, `+`, `-`, `@` or a tab in front) gets an apostrophe before it.
 */
export function encodeCsv(rows: readonly (readonly string[])[]): Bytes {
  const text = rows.map((fields) => `${fields.map((field) => `"${harmless(field).replaceAll('"', '""')}"`).join(',')}\r\n`).join('');
  return concat(new Uint8Array([0xef, 0xbb, 0xbf]), utf8(text));
}

function harmless(field: string): string {
  return /^['=+\-@\t\r]/.test(field) ? `'${field}` : field;
}

/** What {@link encodeCsv} put before a field is taken off again. */
export function fieldOf(text: string): string {
  return /^'['=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}
