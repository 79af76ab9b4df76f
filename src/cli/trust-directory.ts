/**
 * The trust material that `--trust DIR` names:
 *
 * ```
 * root.pem         the Authority's pinned certificates, its root at least: whoever can write here decides what is believed
 * index.cms        the signed index of the directory, and files/ with what it names
 * *.crl            revocation lists, DER: the Authority's and the organisations'
 * ```
 *
 * `ssmax authority export` and `ssmax trust fetch` write it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { type Bytes, concat } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { decodePem } from '../core/pki/pem.ts';
import { readDirectory } from './directory-copy.ts';
import { loadTrust, marksOfCopies, parsePins, type Trust, type TrustMarks, type TrustMaterial } from '../flow/trust.ts';

export const ROOT_FILE = 'root.pem';
export const CRL_EXTENSION = '.crl';

export function trustOption(): Option {
  return new Option('--trust <directory>', 'root.pem, index.cms with its files, and *.crl, as `ssmax trust fetch` writes them');
}

/**
 * Verified trust material for use at `now`. Throws `unavailable`: `trust-missing`, `directory-missing`, `crl-missing`,
 * `directory-stale`, `crl-stale` …, and `trust-invalid` for files that are not this Authority's.
 */
export async function loadTrustDirectory(directory: string | undefined, now: Date): Promise<Trust> {
  if (directory === undefined) throw new SsmaxError('unavailable', 'trust-missing', { directory: '(none given)' });
  const material = readMaterial(directory);
  try {
    return await loadTrust(material, now);
  } catch (error) {
    if (!(error instanceof SsmaxError) || error.kind !== 'refused') throw error;
    // Not the Authority's: nothing can be checked by it, and it says nothing against any mail.
    throw new SsmaxError('unavailable', 'trust-invalid', { directory, reason: error.code }, { cause: error });
  }
}

/** How new what is there is, be it out of date by now; undefined where there is nothing, or nothing good. */
export function marksOfDirectory(directory: string): Promise<TrustMarks | undefined> {
  return (async () => marksOfCopies(readMaterial(directory)))().catch(() => undefined);
}

function readMaterial(directory: string): TrustMaterial {
  const root = read(directory, ROOT_FILE, 'trust-missing');
  const crls = readdirSync(directory).filter((name) => name.endsWith(CRL_EXTENSION)).sort().map((name) => read(directory, name, 'crl-missing'));
  return { root: rootFromPem(directory, root), directory: readDirectory(directory), crls };
}

function read(directory: string, name: string, code: string): Bytes {
  try {
    return new Uint8Array(readFileSync(join(directory, name)));
  } catch (cause) {
    throw new SsmaxError('unavailable', code, { directory, name }, { cause });
  }
}

function rootFromPem(directory: string, pem: Bytes): Bytes {
  try {
    const pins = concat(...decodePem(new TextDecoder().decode(pem), 'CERTIFICATE').map(({ der }) => der));
    parsePins(pins);
    return pins;
  } catch (cause) {
    throw new SsmaxError('unavailable', 'trust-invalid', { directory, reason: ROOT_FILE }, { cause });
  }
}
