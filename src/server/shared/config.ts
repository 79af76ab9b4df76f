/**
 * One readable YAML file per server. Whatever is wrong in it is reported with file, line, key and what to do; unknown keys
 * and secrets are errors. Relative paths are relative to the file.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LineCounter, isMap, isNode, isScalar, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';
import { z } from 'zod';
import { fromHex } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';

/** Building blocks for a server's schema. */
export interface ConfigFields {
  /** A file or directory; becomes an absolute path. */
  readonly path: z.ZodType<string>;
  /** `host:port` or `[v6]:port`. */
  readonly address: z.ZodType<HostPort>;
  /** SHA-256 of a SubjectPublicKeyInfo: 64 hexadecimal digits. */
  readonly spki: z.ZodType<Uint8Array<ArrayBuffer>>;
  /** Lower-case mail domain, A-labels. */
  readonly domain: z.ZodType<string>;
  /** `postgresql://…` without a password, or a path as above. */
  readonly database: z.ZodType<string>;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads and checks a configuration file.
 *
 * @param schema gets the building blocks and gives a zod schema; use `z.strictObject`, so that unknown keys are errors
 * @throws SsmaxError `config-unreadable`, `config-syntax`, `config-secret`, `config-unknown-key`, `config-invalid` (fault), with
 *   `file` and, where known, `line`, `key` and `problem`
 */
export function loadConfig<Schema extends z.ZodType>(file: string, schema: (fields: ConfigFields) => Schema): z.output<Schema> {
  const absolute = resolve(file);
  const source = new Source(absolute, readText(absolute));
  source.refuseSecrets();
  const result = schema(fieldsFor(dirname(absolute))).safeParse(source.value());
  if (result.success) return result.data;
  throw source.describe(result.error.issues);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SsmaxError('fault', 'config-unreadable', { file }, { cause: error });
  }
}

function fieldsFor(directory: string): ConfigFields {
  const path = z.string().min(1).transform((text) => resolve(directory, text));
  return {
    path,
    address: z.string().transform(parseAddress),
    spki: z.string().regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits (SHA-256 of the public key)').transform(fromHex),
    domain: z.string().regex(/^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/, 'must be a domain in lower case (A-labels)'),
    database: z.string().min(1).transform((text) => (/^postgres(?:ql)?:/.test(text) ? text : resolve(directory, text))),
  };
}

function parseAddress(text: string, context: z.RefinementCtx): HostPort {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:]+)\]|(?<host>[^:[\]\s]+)):(?<port>\d{1,5})$/.exec(text);
  const port = Number(match?.groups?.['port']);
  if (match === null || port > 65_535) {
    context.addIssue({ code: 'custom', message: 'must be host:port, for example 127.0.0.1:8443' });
    return z.NEVER;
  }
  return { host: match.groups?.['v6'] ?? match.groups?.['host'] ?? '', port };
}

type Path = readonly PropertyKey[];

class Source {
  readonly #file: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const [error] = this.#document.errors;
    if (error !== undefined) throw new SsmaxError('fault', 'config-syntax', { file, line: this.#lineAt(error.pos[0]), problem: error.message });
  }

  value(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: 0 }) ?? {};
    } catch (error) {
      throw new SsmaxError('fault', 'config-syntax', { file: this.#file, line: 1, problem: 'aliases are not allowed' }, { cause: error });
    }
  }

  /** Configuration files are copied, backed up and shown; only the names of key files belong there. */
  refuseSecrets(): void {
    visit(this.#document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || typeof key.value !== 'string') return;
        const text = isScalar(value) && typeof value.value === 'string' ? value.value : '';
        const secret = /pass(?:word|phrase)|secret|token/i.test(key.value) || /-----BEGIN [A-Z ]*PRIVATE KEY/.test(text);
        if (secret) throw new SsmaxError('fault', 'config-secret', { file: this.#file, line: this.#lineAt(key.range?.[0] ?? 0), key: key.value });
      },
    });
  }

  /** The first problem by line; the others are counted. */
  describe(issues: readonly z.core.$ZodIssue[]): SsmaxError {
    const problems = issues.flatMap((issue) => this.#problems(issue)).sort((a, b) => a.line - b.line);
    const [first] = problems;
    if (first === undefined) return new SsmaxError('fault', 'config-invalid', { file: this.#file });
    const { code, ...params } = first;
    return new SsmaxError('fault', code, { file: this.#file, ...params, ...(problems.length > 1 ? { more: problems.length - 1 } : {}) });
  }

  #problems(issue: z.core.$ZodIssue): { code: string; line: number; key: string; problem: string }[] {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ code: 'config-unknown-key', line: this.#lineOf([...issue.path, key]), key: dotted([...issue.path, key]), problem: 'unknown key' }));
    }
    return [{ code: 'config-invalid', line: this.#lineOf(issue.path), key: dotted(issue.path), problem: issue.message }];
  }

  /** The line of the deepest part of the path that is there. */
  #lineOf(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const parent = this.#document.getIn(path.slice(0, length - 1), true);
      const last = path[length - 1];
      if (isMap(parent)) {
        const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
        if (pair !== undefined && isNode(pair.key)) return this.#lineAt(pair.key.range?.[0] ?? 0);
      }
      const node = this.#document.getIn(path.slice(0, length), true);
      if (isNode(node)) return this.#lineAt(node.range?.[0] ?? 0);
    }
    return 1;
  }

  #lineAt(offset: number): number {
    return this.#lines.linePos(offset).line;
  }
}

function dotted(path: Path): string {
  return path.length === 0 ? '(whole file)' : path.map(String).join('.');
}
