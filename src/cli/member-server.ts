/** The organisation's server as its members reach it. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Http } from '../flow/ports.ts';
import { createNodeHttp } from '../platform/node-http.ts';
import { readInput } from './files.ts';

export interface ServerOptions {
  readonly server: string;
  readonly tlsCa?: string;
}

/** Adds `--server` and `--tls-ca`. */
export function addServerOptions(command: Command): Command {
  return command
    .requiredOption('--server <url>', 'the organisation\'s key server as members reach it, https://…', parseUrl)
    .option('--tls-ca <file>', 'PEM of the authority behind its TLS certificate, where that is no public one');
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.search !== '' || url.hash !== '') throw new InvalidArgumentError('an https:// address is due');
  return url.href.replace(/\/+$/, '');
}

export function httpFor({ tlsCa }: ServerOptions): Http {
  return createNodeHttp(tlsCa === undefined ? {} : { ca: new TextDecoder().decode(readInput(tlsCa)) });
}
