/**
 * Structured logs: one JSON object per line on standard error (journald and containers take it from there).
 *
 * What may stand in a line is an allow-list, so that content, keys and subjects cannot get in by mistake. Addresses appear
 * only as a hash under a key made anew at each start: lines of one run can be matched with each other, an address cannot be
 * read or guessed from them; for anything longer-lived there is the evidence store, found by contentDigest. Of errors that
 * are not our own only the name and the stack's frames are written, as their messages may quote the input.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { SsmaxError } from '../../core/error.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

export interface LogFields {
  /** Stable error or event code. */
  readonly code?: string | undefined;
  /** Role of the other server. */
  readonly peer?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly method?: string | undefined;
  /** The route's pattern, never the path as it came. */
  readonly route?: string | undefined;
  readonly status?: number | undefined;
  readonly milliseconds?: number | undefined;
  readonly bytes?: number | undefined;
  readonly count?: number | undefined;
  readonly attempt?: number | undefined;
  readonly leg?: number | undefined;
  readonly direction?: string | undefined;
  /** Of an inspection. */
  readonly result?: string | undefined;
  /** Lower-case hexadecimal. */
  readonly contentDigest?: string | undefined;
  /** Mail domain of an organisation. */
  readonly domain?: string | undefined;
  /** Written as a keyed hash. */
  readonly address?: string | undefined;
  /** Certificate serial, hexadecimal. */
  readonly serial?: string | undefined;
  /** SHA-256 of a SubjectPublicKeyInfo, hexadecimal. */
  readonly spki?: string | undefined;
  readonly seq?: number | undefined;
  readonly file?: string | undefined;
  readonly version?: string | undefined;
  /** The server's identifier of an SMTP session. */
  readonly session?: string | undefined;
  readonly error?: unknown;
}

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const allowed = new Set([
  'code', 'peer', 'host', 'port', 'method', 'route', 'status', 'milliseconds', 'bytes', 'count', 'attempt', 'leg', 'direction', 'result',
  'contentDigest', 'domain', 'serial', 'spki', 'seq', 'file', 'version', 'session',
]);

interface LogOptions {
  /** Which program writes. */
  readonly server: string;
  /** The lowest level written. */
  readonly level: LogLevel;
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
}

export function createLogger({ server, level, write = toStandardError, now = () => new Date() }: LogOptions): Logger {
  const addressKey = randomBytes(32);
  const lowest = levels.indexOf(level);
  const line = (at: LogLevel, event: string, fields: LogFields): void => {
    if (levels.indexOf(at) < lowest) return;
    write(`${JSON.stringify({ time: now().toISOString(), level: at, server, event, ...written(fields, addressKey) })}\n`);
  };
  return {
    debug: (event, fields = {}) => line('debug', event, fields),
    info: (event, fields = {}) => line('info', event, fields),
    warn: (event, fields = {}) => line('warn', event, fields),
    error: (event, fields = {}) => line('error', event, fields),
  };
}

function toStandardError(line: string): void {
  process.stderr.write(line);
}

function written(fields: LogFields, addressKey: Buffer): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    // Checked at run time too: a spread object can carry more than its type says.
    if (allowed.has(name) && value !== undefined) out[name] = value;
  }
  if (fields.address !== undefined) out['address'] = createHmac('sha256', addressKey).update(fields.address).digest('hex').slice(0, 12);
  if (fields.error !== undefined) out['error'] = describe(fields.error);
  return out;
}

function describe(error: unknown): unknown {
  if (error instanceof SsmaxError) {
    const cause = error.cause === undefined ? {} : { cause: describe(error.cause) };
    // Parameters can name addresses and files of users; kind and code suffice to find the sentence and its remedy.
    return error.kind === 'fault' ? { kind: error.kind, code: error.code, at: frames(error), ...cause } : { kind: error.kind, code: error.code, ...cause };
  }
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { name: error.name, ...code, at: frames(error) };
}

function frames(error: Error): string[] {
  return (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)).slice(0, 8).map((line) => line.trim().slice(3));
}
