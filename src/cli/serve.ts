/** What the four server programs share on the command line: passphrase, signals, an orderly end. */
import { Option } from 'commander';
import { readPassphrase } from '../server/shared/passphrase.ts';

export function passphraseOption(): Option {
  return new Option('--passphrase-fd <number>', 'read the passphrase from this file descriptor').argParser(Number);
}

/** From the descriptor, a systemd credential named `ssmax-<server>`, or a prompt. */
export function passphraseFor(server: string, descriptor: number | undefined, confirm: boolean): Promise<string> {
  return readPassphrase({ question: `Passphrase of the ${server}'s keys`, credential: `ssmax-${server}`, descriptor, confirm });
}

/** Runs until SIGTERM or SIGINT, then closes. */
export async function runServer(start: () => Promise<{ close(): Promise<void> }>): Promise<void> {
  const server = await start();
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { resolve(); });
  });
  await server.close();
}
