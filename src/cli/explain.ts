/** Turns an error into the one line that the command line shows: `<sentence>: <remedy> (code)`. */
import { SsmaxError } from '../core/error.ts';
import { explanations } from './explanations.ts';

export function explain(error: unknown): string {
  // Messages of other errors may quote what was read, so only programmers' faults get here, and by name.
  if (!(error instanceof SsmaxError)) return `unexpected ${error instanceof Error ? `${error.name}: ${error.message}` : typeof error}: please report this with the command (internal)`;
  const { code, params } = error;
  const known = explanations[code];
  if (known === undefined) return `${code.replaceAll('-', ' ')}${describe(params)} (${code})`;
  const [sentence, remedy] = known;
  return `${fill(sentence, params)}: ${fill(remedy, params)} (${code})`;
}

function fill(text: string, params: SsmaxError['params']): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? '?'));
}

function describe(params: SsmaxError['params']): string {
  const parts = Object.entries(params).map(([name, value]) => `${name} ${value}`);
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}
