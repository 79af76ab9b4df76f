/** The table of members that an administrator imports: which column means what, and what is wrong with a row. */
import { type Bytes } from '../core/bytes.ts';
import { type ErrorParams, refused, SsmaxError } from '../core/error.ts';
import { normalizeAddress } from '../mail/address.ts';
import { type CsvRow, decodeTable, parseCsv, type TableEncoding } from './csv.ts';
import { holdsIndividualNumber } from './identifiers.ts';

/** Column names, the first of each language to be used in documents; case, width and blanks do not matter. */
export const COLUMNS = {
  reference: ['職員番号', 'employee number', '社員番号', '従業員番号', '契約番号', '契約者番号', 'employee or contract number', 'contract number', 'employee id', 'reference'],
  address: ['メールアドレス', 'address', 'アドレス', '電子メール', 'mail', 'email', 'e-mail', 'mail address', 'email address'],
  aliases: ['別名', 'aliases', '別アドレス', 'エイリアス', 'alias'],
  name: ['氏名', 'name', '表示名', '名前', 'display name'],
  pseudonym: ['仮名', 'pseudonym'],
  identityCheck: ['本人確認', 'identity check', '本人確認番号', '本人確認の記録', 'identity check reference'],
  kind: ['種別', 'kind', '区分'],
} as const;
export type Column = keyof typeof COLUMNS;
const REQUIRED: readonly Column[] = ['reference', 'address', 'name', 'identityCheck'];

const KINDS: Readonly<Record<string, 'person' | 'service'>> = {
  '': 'person', '個人': 'person', '人': 'person', '職員': 'person', person: 'person', 'サービス': 'service', 'システム': 'service', service: 'service',
};

export interface MemberRow {
  readonly line: number;
  readonly address: string;
  readonly reference: string;
  /** What the certificate shows: the pseudonym where there is one. */
  readonly displayName: string;
  readonly pseudonym: boolean;
  /** Name of who stands behind a pseudonym; empty where the row does not say. */
  readonly person: string;
  readonly identityCheck: string;
  readonly kind: 'person' | 'service';
  /** Normalised; undefined where the table has no such column. */
  readonly aliases: readonly string[] | undefined;
}

/** What is wrong with a row: a code of docs/errors.md. */
export interface RowError {
  readonly line: number;
  /** The column as the table names it; absent where the row as a whole is meant. */
  readonly column?: string;
  readonly code: string;
  readonly params: ErrorParams;
}

export interface MemberTable {
  readonly encoding: TableEncoding;
  readonly rows: readonly MemberRow[];
  readonly errors: readonly RowError[];
  /** Names of columns that mean nothing here. */
  readonly unused: readonly string[];
}

/** Most rows of one table. */
const MAX_ROWS = 100_000;
/** Most aliases of one mailbox. */
const MAX_ALIASES = 20;

/**
 * Reads a table. What is wrong with single rows comes back with them, all of it at once. Throws what makes the whole unreadable:
 * `csv-encoding`, `csv-quotes`, `csv-empty`, `csv-too-long`, `column-missing`, `column-twice`.
 */
export function readMemberTable(bytes: Bytes): MemberTable {
  const { text, encoding } = decodeTable(bytes);
  const [header, ...body] = parseCsv(text);
  if (header === undefined || body.length === 0) throw refused('csv-empty');
  if (body.length > MAX_ROWS) throw refused('csv-too-long', { maximum: MAX_ROWS });
  const columns = readHeader(header);
  const errors: RowError[] = [];
  const rows = withAliasesOfMailbox(body.flatMap((row) => readRow(row, header.fields, columns, errors)));
  errors.push(...repeated(rows));
  return { encoding, rows, errors: errors.sort((a, b) => a.line - b.line), unused: header.fields.filter((name, index) => name.trim() !== '' && ![...columns.values()].includes(index)) };
}

function canonical(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/[\s_-]+/g, '');
}

function readHeader({ fields }: CsvRow): ReadonlyMap<Column, number> {
  const found = new Map<Column, number>();
  for (const [index, field] of fields.entries()) {
    const column = (Object.keys(COLUMNS) as Column[]).find((one) => COLUMNS[one].some((name) => canonical(name) === canonical(field)));
    if (column === undefined) continue;
    if (found.has(column)) throw refused('column-twice', { column: field.trim() });
    found.set(column, index);
  }
  // A pseudonym is a name too: who has no other in the registry needs no column for it.
  const missing = REQUIRED.find((column) => !found.has(column) && !(column === 'name' && found.has('pseudonym')));
  if (missing !== undefined) throw refused('column-missing', { column: COLUMNS[missing].slice(0, 2).join(' / ') });
  return found;
}

function readRow(row: CsvRow, header: readonly string[], columns: ReadonlyMap<Column, number>, errors: RowError[]): MemberRow[] {
  const { line, fields } = row;
  const before = errors.length;
  const add = (column: string | undefined, { code, params }: SsmaxError): void => {
    errors.push({ line, ...(column !== undefined && { column }), code, params });
  };
  const nameOf = (column: Column): string => header[columns.get(column) ?? -1]?.trim() ?? COLUMNS[column][0];
  const value = (column: Column): string => fields[columns.get(column) ?? -1]?.normalize('NFC').trim() ?? '';
  const address = (column: Column, text: string): string => {
    try {
      return normalizeAddress(text);
    } catch (error) {
      if (!(error instanceof SsmaxError)) throw error;
      add(nameOf(column), error);
      return '';
    }
  };
  // Also in columns that are not used: nobody shall leave such a number in a file because nothing was said.
  for (const [index, field] of fields.entries()) if (holdsIndividualNumber(field)) add(header[index]?.trim() ?? '', refused('national-number'));
  if (fields.length > header.length && fields.slice(header.length).some((field) => field.trim() !== '')) add(undefined, refused('row-too-long'));
  const kind = KINDS[value('kind').normalize('NFKC').toLowerCase()];
  if (kind === undefined) add(nameOf('kind'), refused('kind-unknown'));
  for (const column of ['reference', 'address', 'identityCheck'] as const) {
    const text = value(column);
    if (text === '' && !(column === 'identityCheck' && kind === 'service')) add(nameOf(column), refused('field-empty'));
    else if (text.length > 64 && column !== 'address') add(nameOf(column), refused('field-too-long', { maximum: 64 }));
    else if (/\p{Cc}|\p{Cf}/u.test(text)) add(nameOf(column), refused('field-invalid'));
  }
  const [name, pseudonym] = [value('name'), value('pseudonym')];
  const displayName = pseudonym === '' ? name : pseudonym;
  const shown = pseudonym === '' && columns.has('name') ? 'name' : 'pseudonym';
  if (displayName === '') add(nameOf(shown), refused('field-empty'));
  for (const text of [name, pseudonym]) if ([...text].length > 64) add(nameOf(text === pseudonym ? 'pseudonym' : 'name'), refused('field-too-long', { maximum: 64 }));
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u.test(name + pseudonym)) add(nameOf(shown), refused('field-invalid'));
  const aliases = columns.has('aliases')
    ? [...new Set(value('aliases').split(/[\s,;、，；]+/).filter((text) => text !== '').map((text) => address('aliases', text)))].sort() : undefined;
  if (aliases !== undefined && aliases.length > MAX_ALIASES) add(nameOf('aliases'), refused('too-many-aliases', { maximum: MAX_ALIASES }));
  const own = value('address') === '' ? '' : address('address', value('address'));
  if (errors.length > before || kind === undefined) return [];
  return [{
    line, address: own, reference: value('reference'), displayName, pseudonym: pseudonym !== '', person: pseudonym === '' ? '' : name,
    identityCheck: value('identityCheck'), kind, aliases,
  }];
}

/** Aliases belong to the mailbox: its holders share them, whichever row names them. */
function withAliasesOfMailbox(rows: readonly MemberRow[]): MemberRow[] {
  const aliases = new Map<string, Set<string>>();
  for (const row of rows) aliases.set(row.address, new Set([...(aliases.get(row.address) ?? []), ...(row.aliases ?? [])]));
  return rows.map((row) => ({ ...row, aliases: row.aliases && [...(aliases.get(row.address) ?? [])].sort() }));
}

/** The same member twice, one alias for two mailboxes, an alias that is a mailbox itself. */
function repeated(rows: readonly MemberRow[]): RowError[] {
  const errors: RowError[] = [];
  const add = (line: number, { code, params }: SsmaxError): void => {
    errors.push({ line, code, params });
  };
  const members = new Map<string, number>();
  const mailboxes = new Set(rows.map(({ address }) => address));
  const owners = new Map<string, string>();
  for (const { line, address, reference, aliases = [] } of rows) {
    const key = `${address}\0${reference}`;
    const first = members.get(key);
    if (first !== undefined) add(line, refused('row-repeated', { line: first }));
    else members.set(key, line);
    for (const alias of aliases) {
      const owner = owners.get(alias);
      if (mailboxes.has(alias) || (owner !== undefined && owner !== address)) add(line, refused('address-taken', { address: alias }));
      else owners.set(alias, address);
    }
  }
  return errors;
}
