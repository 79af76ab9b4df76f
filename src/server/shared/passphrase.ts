/**
 * Where a passphrase may come from: a prompt without echo, a file descriptor, or a systemd credential. Never from the
 * configuration, an argument or the environment, which others can read.
 */
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReadStream } from 'node:tty';
import { SsmaxError } from '../../core/error.ts';

export interface PassphraseSource {
  /** What is asked for, as the prompt shows it. */
  readonly question: string;
  /** Name of the systemd credential (`LoadCredential=NAME:…`). */
  readonly credential: string;
  /** Number of an open file descriptor; its first line is the passphrase. */
  readonly descriptor?: number | undefined;
  /** Ask twice: for a new passphrase. */
  readonly confirm?: boolean | undefined;
}

/**
 * The passphrase: from the descriptor if one is given, else from the credential if there is one, else by prompt.
 * Throws `passphrase-missing`, `passphrase-empty`, `passphrase-mismatch` (fault).
 */
export async function readPassphrase(source: PassphraseSource): Promise<string> {
  const { descriptor, credential } = source;
  const passphrase = descriptor === undefined ? (fromCredential(credential) ?? (await fromPrompt(source))) : fromDescriptor(descriptor);
  if (passphrase === '') throw new SsmaxError('fault', 'passphrase-empty', { credential });
  return passphrase;
}

function fromDescriptor(descriptor: number): string {
  try {
    return firstLine(readFileSync(descriptor, 'utf8'));
  } catch (error) {
    throw new SsmaxError('fault', 'passphrase-descriptor', { descriptor }, { cause: error });
  }
}

function fromCredential(name: string): string | undefined {
  const directory = process.env['CREDENTIALS_DIRECTORY'];
  if (directory === undefined) return undefined;
  try {
    return firstLine(readFileSync(join(directory, name), 'utf8'));
  } catch {
    return undefined;
  }
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}

async function fromPrompt({ question, credential, confirm = false }: PassphraseSource): Promise<string> {
  const passphrase = await ask(`${question}: `, credential);
  if (confirm && (await ask(`${question} (again): `, credential)) !== passphrase) throw new SsmaxError('fault', 'passphrase-mismatch');
  return passphrase;
}

/** Reads one line from the terminal in raw mode, so that nothing is shown. */
function ask(prompt: string, credential: string): Promise<string> {
  const terminal = openTerminal(credential);
  return new Promise((resolve, reject) => {
    let typed = '';
    const finish = (settle: () => void): void => {
      terminal.setRawMode(false);
      terminal.destroy();
      process.stderr.write('\n');
      settle();
    };
    // Before the prompt shows: who types at once must not be echoed.
    terminal.setRawMode(true);
    process.stderr.write(prompt);
    terminal.setEncoding('utf8');
    terminal.on('error', (error) => finish(() => reject(error)));
    terminal.on('data', (chunk: string) => {
      for (const character of chunk) {
        if (character === '\r' || character === '\n' || character === '\u0004') return finish(() => resolve(typed));
        if (character === '\u0003') return finish(() => reject(new SsmaxError('fault', 'passphrase-missing', { credential })));
        typed = character === '\u007f' || character === '\b' ? [...typed].slice(0, -1).join('') : typed + character;
      }
    });
  });
}

function openTerminal(credential: string): ReadStream {
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch (error) {
    throw new SsmaxError('fault', 'passphrase-missing', { credential }, { cause: error });
  }
}
