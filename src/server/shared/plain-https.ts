/**
 * HTTPS for plugins: they cannot show client certificates or pin, so the listener has a certificate that the mail client itself
 * trusts, and what matters in requests and answers is signed (design §3, keys in the client).
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import { SsmaxError } from '../../core/error.ts';
import type { HostPort } from './config.ts';
import { type RunningServer, type ShellOptions, listen, requestListener } from './http-shell.ts';

interface PlainHttpsOptions extends ShellOptions {
  /** PEM files, as public certificate authorities and their tools give them; read again by `reload`. */
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly listen: HostPort;
}

export interface PlainHttpsServer extends RunningServer {
  /** Takes a renewed certificate into use for new connections. */
  reload(): void;
}

/** Throws `tls-files-unusable`, `address-in-use`, `address-unusable` (fault). */
export async function startPlainHttps(options: PlainHttpsOptions): Promise<PlainHttpsServer> {
  const server: Server = guarded(options, (files) => createServer({ ...files, minVersion: 'TLSv1.3' }, (request, response) => void listener(request, response)));
  const listener = requestListener(options);
  const running = await listen(server, options.listen);
  return { ...running, reload: () => guarded(options, (files) => server.setSecureContext({ ...files, minVersion: 'TLSv1.3' })) };
}

function guarded<Result>({ keyFile, certificateFile }: PlainHttpsOptions, use: (files: { key: Buffer; cert: Buffer }) => Result): Result {
  try {
    return use({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) });
  } catch (error) {
    throw new SsmaxError('fault', 'tls-files-unusable', { keyFile, certificateFile }, { cause: error });
  }
}
