/** `ssmax trust fetch`: keeps the directory for `--trust` up to date, as often as a system runs it. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { equal } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { fetchTrust } from '../flow/enrol.ts';
import { requireSuccessor, type Trust } from '../flow/trust.ts';
import { CRL_FILE } from '../wire/directory-index.ts';
import { replace, writeDirectory } from './directory-copy.ts';
import { readPins, writePins } from './files.ts';
import { addServerOptions, httpFor, type ServerOptions } from './member-server.ts';
import { CRL_EXTENSION, marksOfDirectory, ROOT_FILE } from './trust-directory.ts';

interface FetchOptions extends ServerOptions {
  readonly root?: string;
  readonly out: string;
}

export function trustCommand(): Command {
  const command = new Command('trust').description('what verification rests on');
  const fetch = command.command('fetch')
    .description('fetch directory and revocation lists from an organisation; once more for each organisation whose members are judged on leg 1')
    .requiredOption('--out <directory>', 'where they go, for --trust')
    .option('--root <file>', 'the Authority\'s root certificate, PEM; from the second time on, the one that is there');
  addServerOptions(fetch).action(async (options: FetchOptions) => {
    const { server, out } = options;
    const rootFile = join(out, ROOT_FILE);
    const root = readPins(options.root ?? rootFile);
    if (existsSync(rootFile) && !equal(readPins(rootFile), root)) throw new SsmaxError('fault', 'root-differs', { file: rootFile });
    // Verified before anything is replaced: what is there and good stays if what comes is not.
    const { published, trust } = await fetchTrust(httpFor(options), server, root, new Date());
    await requireSuccessor(trust, await marksOfDirectory(out));
    mkdirSync(out, { recursive: true });
    if (!existsSync(rootFile)) writePins(rootFile, root);
    await writeDirectory(out, published.directory, trust.directory);
    replace(join(out, CRL_FILE), published.authorityCrl);
    replace(join(out, `${await crlOwner(trust)}${CRL_EXTENSION}`), published.organisationCrl);
  });
  return command;
}

/** The organisation whose list came along, by its identifier; it names the file. */
async function crlOwner({ directory, organisationCrls }: Trust): Promise<string> {
  const id = organisationCrls[0]?.issuer.organisationId;
  const owner = id === undefined ? undefined : await directory.byId(id);
  if (owner === undefined) throw new SsmaxError('unavailable', 'crl-wrong-issuer');
  return owner.id.replace(/[^A-Za-z0-9-]/g, '_');
}
