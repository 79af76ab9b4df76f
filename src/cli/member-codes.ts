/** `ssmax member codes` and `letters`: codes for a whole organisation, and the letters that bring them. */
import { closeSync, fstatSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { refused, SsmaxError } from '../core/error.ts';
import { decodeTable, encodeCsv, fieldOf, parseCsv } from '../flow/csv.ts';
import { decodeJson, timeField } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { readInput } from './files.ts';
import { letters, type Letter } from './letters.ts';
import type { Language } from './sentences.ts';

const HEADER = ['address', 'reference', 'name', 'code', 'expires'] as const;
const codesSchema = z.object({
  codes: z.array(z.object({ address: z.string(), reference: z.string(), name: z.string(), code: z.string(), expires: timeField })),
});

export function memberCodesCommand(): Command {
  return new Command('codes')
    .description('codes for all who have no certificate yet, into a CSV file that only you can read')
    .addOption(adminOption())
    .requiredOption('--csv <file>', 'a new file')
    .option('--reissue', 'also for those who have an open code, which counts no longer', false)
    .addOption(daysOption())
    .action(async ({ state, csv, reissue, days }: { state: string; csv: string; reissue: boolean; days?: number }) => {
      // First the file: codes that cannot be written down would be lost, as the server keeps hashes only.
      const file = create(csv);
      try {
        const { codes } = decodeJson(codesSchema, await adminCall(state, 'POST', '/codes/all', { reissue, ...(days !== undefined && { days }) }));
        writeFileSync(file, encodeCsv([HEADER, ...codes.map(({ address, reference, name, code, expires }) => [address, reference, name, code, expires.toISOString()])]));
        process.stdout.write(`${codes.length} codes in ${csv}\n`);
      } catch (error) {
        if (fstatSync(file).size === 0) unlinkSync(csv);
        throw error;
      } finally {
        closeSync(file);
      }
    });
}

/** Shared with `code`. */
export function daysOption(): Option {
  return new Option('--days <number>', 'how long a code may be used').argParser((text) => {
    const days = Number(text);
    if (!Number.isInteger(days) || days < 1 || days > 90) throw new InvalidArgumentError('1 to 90 days');
    return days;
  });
}

interface LetterOptions {
  readonly codes: string;
  readonly out: string;
  readonly organisation: string;
  readonly contact: string;
  readonly language: Language;
}

export function memberLettersCommand(): Command {
  return new Command('letters')
    .description('letters with the codes, one page for each member, to be printed from a browser')
    .requiredOption('--codes <file>', 'the CSV file of `ssmax member codes`')
    .requiredOption('--out <file>', 'a new HTML file')
    .requiredOption('--organisation <name>', 'who writes')
    .requiredOption('--contact <text>', 'whom to ask: department and telephone')
    .addOption(new Option('--language <language>').choices(['ja', 'en']).default('ja'))
    .action(({ codes, out, organisation, contact, language }: LetterOptions) => {
      const list = readCodes(codes);
      const file = create(out);
      try {
        writeFileSync(file, letters(list, { organisation, contact, language, date: new Date() }));
      } finally {
        closeSync(file);
      }
      process.stdout.write(`${list.length} letters in ${out}\n`);
    });
}

/** A new file of mode 600: what goes into it lets others enrol. */
function create(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (cause) {
    throw new SsmaxError('fault', 'file-exists', { file }, { cause });
  }
}

/** The file that `codes` wrote, also after a spreadsheet saved it. Throws `codes-unusable`. */
function readCodes(file: string): Letter[] {
  const [header, ...rows] = parseCsv(decodeTable(readInput(file)).text);
  const columns = HEADER.map((name) => header?.fields.indexOf(name) ?? -1);
  if (columns.includes(-1) || rows.length === 0) throw refused('codes-unusable', { file });
  return rows.map(({ fields }) => {
    const [address = '', reference = '', name = '', code = '', expires = ''] = columns.map((column) => fieldOf(fields[column] ?? ''));
    const until = new Date(expires);
    if (address === '' || !/^[0-9A-Z]{4}(?:-[0-9A-Z]{4})+$/.test(code) || Number.isNaN(until.getTime())) throw refused('codes-unusable', { file });
    return { address, reference, name, code, expires: until };
  });
}
