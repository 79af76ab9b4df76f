/** The organisation's server as its members reach it: options, and trust material from there. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Bytes } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { fetchPublished, type Published } from '../flow/enrol.ts';
import type { Http } from '../flow/ports.ts';
import { loadTrust, type Trust } from '../flow/trust.ts';
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

/** Fetches and verifies what the server publishes. Throws what fetchPublished and loadTrust throw, and `trust-invalid`. */
export async function fetchTrust(http: Http, url: string, root: Bytes, now: Date): Promise<{ published: Published; trust: Trust }> {
  const published = await fetchPublished(http, url);
  const { directory, authorityCrl, organisationCrl } = published;
  try {
    return { published, trust: await loadTrust({ root, directory, crls: [authorityCrl, organisationCrl] }, now) };
  } catch (error) {
    if (!(error instanceof SsmaxError) || error.kind !== 'refused') throw error;
    throw new SsmaxError('unavailable', 'trust-invalid', { directory: url, reason: error.code }, { cause: error });
  }
}
