/** `ssmax verify`: the verdict that the plugin would show, by the same function (src/flow/open.ts). */
import { Command, InvalidArgumentError } from 'commander';
import type { Bytes } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { type Judgement, judgeMail, type Person, type Reader } from '../flow/open.ts';
import type { Trust } from '../flow/trust.ts';
import { authorOf } from '../mail/address.ts';
import { parseMime } from '../mail/mime.ts';
import { createNodeCrypto } from '../platform/node-crypto.ts';
import { verifySmime } from '../server/shared/smime.ts';
import type { Inspection } from '../wire/leg.ts';
import type { Smime } from '../wire/outside-report.ts';
import { addKeyOptions, type KeyOptions, loadCredential } from './credential.ts';
import { readInput } from './files.ts';
import { reportText, smimeText } from './outside-words.ts';
import { printable } from '../mail/shown-text.ts';
import { forwardedLines, inspectionWords, type Language, languageOf, modeWords, sentenceOf, stateWords } from './sentences.ts';
import { loadTrustDirectory, trustOption } from './trust-directory.ts';

interface VerifyOptions extends Partial<KeyOptions> {
  readonly json: boolean;
  readonly trust?: string;
  readonly smimeTrust?: string;
  readonly at?: Date;
}

/** Exit codes for verdicts: 0 verified, then these; the first of them that occurs among several files. */
const EXIT_CODES = [['problem', 5], ['cannot-check', 3], ['outside', 6]] as const;

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('judge mails as the plugin would; exit 0 only when all are verified')
    .argument('<file...>', 'mails as they stand in a mailbox or at a hop')
    .option('--json', 'an array with one object for each file', false)
    .addOption(trustOption())
    .option('--smime-trust <file>', 'authorities to trust behind a plain S/MIME signature, with their CRLs; PEM')
    .option('--at <time>', 'judge as at this time, ISO 8601', parseTime);
  return addKeyOptions(command, false).action(async (files: string[], options: VerifyOptions) => {
    const reader = await readerFor(options);
    const judged: Judged[] = [];
    for (const file of files) {
      const judgement = await judgeFile(file, reader);
      // A member's mail to readers outside is S/MIME alone: who is inside, or has no directory, is told as well what it is worth.
      const smime = judgement.state === 'outside' || judgement.code === 'impersonation' || judgement.code === 'trust-missing' ? await smimeOf(file, options.smimeTrust) : undefined;
      judged.push({ file, judgement, ...(smime !== undefined && { smime }) });
    }
    process.stdout.write(options.json ? `${JSON.stringify(judged.map(toJson), undefined, 2)}\n` : judged.map((one) => toText(one, languageOf(process.env))).join(''));
    process.exitCode = verdictExitCode(judged.map(({ judgement }) => judgement));
  });
}

export function parseTime(text: string): Date {
  // Without a zone it would mean another time on another machine.
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? new Date(text) : undefined;
  if (time === undefined || Number.isNaN(time.getTime())) throw new InvalidArgumentError('a time with its zone, such as 2026-11-22T09:00:00Z');
  return time;
}

/** 0 when all are verified. */
export function verdictExitCode(judgements: readonly Judgement[]): number {
  return EXIT_CODES.find(([state]) => judgements.some((one) => one.state === state))?.[1] ?? 0;
}

interface ReaderOptions extends Partial<KeyOptions> {
  readonly trust?: string;
  readonly at?: Date;
}

/** With a key: its owner, who reads his mail. Without: an auditor, for whom nothing is opened. */
export async function readerFor({ key, trust, at = new Date(), ...rest }: ReaderOptions): Promise<Reader> {
  const credential = key === undefined ? undefined : await loadCredential({ key, ...rest });
  return {
    native: createNodeCrypto(),
    credentials: credential === undefined ? [] : [credential],
    addresses: credential?.certificate.emails,
    trust: await trustOrReason(trust, at),
    now: at,
  };
}

async function trustOrReason(directory: string | undefined, now: Date): Promise<Trust | SsmaxError> {
  try {
    return await loadTrustDirectory(directory, now);
  } catch (error) {
    if (error instanceof SsmaxError && error.kind === 'unavailable') return error;
    throw error;
  }
}

/** A file that cannot be read does not keep the others from being judged. */
async function judgeFile(file: string, reader: Reader): Promise<Judgement> {
  let raw: Bytes;
  try {
    raw = readInput(file);
  } catch (error) {
    if (!(error instanceof SsmaxError)) throw error;
    return { state: 'cannot-check', code: error.code, organisations: [], content: 'not-opened' };
  }
  return judgeMail(raw, reader);
}

/** What a plain S/MIME signature is worth, of a mail from outside. */
async function smimeOf(file: string, trust: string | undefined): Promise<Smime | undefined> {
  const mail = parseMime(readInput(file), 'outer');
  return verifySmime(mail, authorOf(mail.headers), trust);
}

interface Judged {
  readonly file: string;
  readonly judgement: Judgement;
  readonly smime?: Smime;
}

interface LegDetails {
  readonly leg: number;
  readonly organisation: string;
  readonly names: { readonly ja: string; readonly en: string };
  readonly signedAt: Date;
  readonly inspections: readonly Inspection[];
  /** Of the leg that the file holds; earlier ones are known by what their organisations attest. */
  readonly recipients?: readonly string[];
  /** Leg 3: the alias or group that the sender wrote. */
  readonly addressedAs?: string;
  /** Leg 3: addressed by Bcc. */
  readonly hidden?: boolean;
}

/** What is known of each leg, in their order: attested ones, and the one in the file. Empty unless verified. */
function legsOf({ leg, sender, signedAt, organisations, recipients = [], addressedAs, hidden }: Judgement): LegDetails[] {
  if (leg === undefined || sender === undefined || signedAt === undefined) return [];
  const own = { recipients, ...(addressedAs !== undefined && { addressedAs }), ...(hidden !== undefined && { hidden }) };
  if (leg === 1) return [{ leg, organisation: sender.organisation.id, names: sender.organisation.names, signedAt, inspections: [], ...own }];
  return organisations.map(({ id, names, leg: number, signedAt: at, inspections }) =>
    ({ leg: number, organisation: id, names, signedAt: at, inspections, ...(number === leg && own) }));
}

function toJson({ file, judgement, smime }: Judged): unknown {
  const { state, code, detail, params, sender, content, contentDigest, mode, forwarded = [] } = judgement;
  const legs = legsOf(judgement);
  return {
    file, state, code,
    ...(detail !== undefined && { detail }),
    ...(params !== undefined && Object.keys(params).length > 0 && { params }),
    sender: sender === undefined ? null : personJson(sender),
    organisations: legs.filter((leg, i) => legs.findIndex(({ organisation }) => organisation === leg.organisation) === i).map(({ organisation: id, names }) => ({ id, names })),
    legs: legs.map(({ leg, organisation, signedAt, inspections, recipients, addressedAs, hidden }) => ({ leg, organisation, signedAt, inspections, recipients, addressedAs, hidden })),
    ...(mode !== undefined && { mode }),
    ...(forwarded.length > 0 && { forwarded: forwarded.map(({ kind, writer, forwarders, deliveredAt, of }) =>
      ({ kind, writer: personJson(writer), forwarders: forwarders.map(personJson), deliveredAt, of })) }),
    content: content === 'opened' ? 'opened' : 'not opened',
    ...(contentDigest !== undefined && { contentDigest }),
    ...(judgement.report !== undefined && { report: reportText(judgement.report) }),
    ...(smime !== undefined && { smime }),
  };
}

function personJson({ address, displayName, pseudonym, organisation }: Person): object {
  return { address, displayName, pseudonym, organisation: organisation.id };
}

function toText({ file, judgement, smime }: Judged, language: Language): string {
  const { state, code, detail, content } = judgement;
  const check = detail ?? code;
  const mode = modeWords(judgement, language);
  const lines = [
    `${printable(file)}: ${stateWords(state, language)}${state === 'problem' || state === 'cannot-check' ? ` (${code}${check === code ? '' : `: ${check}`})` : ''}`,
    `  ${sentenceOf(judgement, language)}`,
    ...legsOf(judgement).map((leg) => `  ${legText(leg, language)}`),
    ...(mode === undefined ? [] : [`  ${mode}`]),
    ...forwardedLines(judgement, language).map((line) => `  ${line}`),
    ...judgement.report === undefined ? [] : [`  ${printable(reportText(judgement.report))}`],
    ...smime === undefined ? [] : [`  S/MIME: ${printable(smimeText(smime))}`],
    `  content: ${content === 'opened' ? 'opened' : 'not opened'}`,
  ];
  return `${lines.join('\n')}\n`;
}

function legText({ leg, names, signedAt, inspections, recipients }: LegDetails, language: Language): string {
  const parts = [names[language], signedAt.toISOString(), ...inspections.map((one) => inspectionWords(one, language))];
  return `leg ${leg}: ${parts.map(printable).join(', ')}${recipients === undefined ? '' : ` → ${recipients.join(', ')}`}`;
}
