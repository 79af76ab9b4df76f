/**
 * Authentication-Results (RFC 8601) as far as SPF, DKIM and DMARC go: read from a mail server that is trusted, and written
 * for programs that sort mail.
 *
 * Known gaps: comments are dropped, quoted strings are taken without their quotes, properties but the domain are not read.
 */

export const RESULTS_FIELD = 'Authentication-Results';

export interface MethodResult {
  readonly method: string;
  readonly result: string;
  /** The domain that it is about, lower case. */
  readonly domain?: string;
}

export interface AuthenticationResults {
  /** The authserv-id: who says so. Lower case. */
  readonly by: string;
  readonly results: readonly MethodResult[];
}

/** Properties that name the domain, by method. */
const DOMAINS: Readonly<Record<string, readonly string[]>> = {
  spf: ['smtp.mailfrom', 'smtp.helo'], dkim: ['header.d', 'header.i'], dmarc: ['header.from'],
};

/** Reads a field's value, unfolded; undefined where it is none of RFC 8601. */
export function readAuthenticationResults(value: string): AuthenticationResults | undefined {
  const plain = withoutComments(value);
  if (plain === undefined) return undefined;
  const [first = '', ...rest] = plain.split(';');
  const by = /^\s*"?([A-Za-z0-9._-]{1,253})"?(?:\s+1)?\s*$/.exec(first)?.[1]?.toLowerCase();
  if (by === undefined) return undefined;
  const results = rest.flatMap((part): MethodResult[] => {
    const match = /^\s*([A-Za-z0-9-]+)\s*(?:\/\s*1\s*)?=\s*([A-Za-z]+)\b(.*)$/s.exec(part);
    const [method = '', result = ''] = [match?.[1]?.toLowerCase(), match?.[2]?.toLowerCase()];
    if (match === null || DOMAINS[method] === undefined) return [];
    const properties = new Map([...(match[3] ?? '').matchAll(/([a-z]+\.[A-Za-z0-9-]+)\s*=\s*"?([^\s";]+)"?/g)].map((one) => [one[1]?.toLowerCase(), one[2]]));
    const named = DOMAINS[method].map((name) => properties.get(name)).find((one) => one !== undefined);
    const domain = named?.slice(named.lastIndexOf('@') + 1).toLowerCase();
    return [{ method, result, ...(domain !== undefined && domain !== '' && { domain }) }];
  });
  return { by, results };
}

/** Undefined where comments do not close, or a quoted string does not. */
function withoutComments(value: string): string | undefined {
  let [out, depth, quoted] = ['', 0, false];
  for (let i = 0; i < value.length; i++) {
    const letter = value.charAt(i);
    if (letter === '\\') {
      if (depth === 0) out += value.charAt(i + 1);
      i++;
    } else if (letter === '"' && depth === 0) {
      quoted = !quoted;
      out += letter;
    } else if (letter === '(' && !quoted) depth++;
    else if (letter === ')' && !quoted && depth > 0) depth--;
    else if (depth === 0) out += quoted && letter === ';' ? ' ' : letter;
  }
  return depth === 0 && !quoted ? out : undefined;
}

/** The value of a field in the name of `by`. Domains and results are what the report holds: nothing else can stand in it. */
export function formatAuthenticationResults({ by, results }: AuthenticationResults): string {
  const property: Readonly<Record<string, string>> = { spf: 'smtp.mailfrom', dkim: 'header.d', dmarc: 'header.from' };
  const parts = results.map(({ method, result, domain }) => `${method}=${result}${domain === undefined ? '' : ` ${property[method] ?? 'x'}=${domain}`}`);
  return [by, ...(parts.length === 0 ? ['none'] : parts)].join('; ');
}
