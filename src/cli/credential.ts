/** A member's key and certificate, as options name them: encrypted PKCS#8 in PEM beside a certificate, or one PKCS#12 backup. */
import type { Command } from 'commander';
import { type Bytes, equal } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import type { PrivateKey } from '../core/keys.ts';
import { parseCertificate } from '../core/pki/certificate.ts';
import { readPkcs12 } from '../core/pki/pkcs12.ts';
import type { Credential } from '../flow/ports.ts';
import { loadPrivateKey } from '../platform/node-crypto.ts';
import { loadKey } from '../server/shared/keystore.ts';
import { readPassphrase } from '../server/shared/passphrase.ts';
import { readInput, readPem } from './files.ts';
import { passphraseOption } from './serve.ts';

export interface KeyOptions {
  readonly key: string;
  readonly certificate?: string;
  readonly passphraseFd?: number;
}

/** Adds `--key`, `--certificate` and `--passphrase-fd`. */
export function addKeyOptions(command: Command, mandatory: boolean): Command {
  const key = command.createOption('--key <file>', 'private key: encrypted PEM, or a PKCS#12 backup').makeOptionMandatory(mandatory);
  return command.addOption(key)
    .option('--certificate <file>', 'its address certificate in PEM; a backup has it inside')
    .addOption(passphraseOption());
}

/** The passphrase of a member's key, from the descriptor, the systemd credential `ssmax-key`, or a prompt. */
export function keyPassphrase(descriptor: number | undefined, confirm: boolean): Promise<string> {
  return readPassphrase({ question: 'Passphrase of the key', credential: 'ssmax-key', descriptor, confirm });
}

/**
 * Loads key and certificate. Throws, kind fault: `file-unreadable`, `certificate-missing`, `certificate-key-mismatch`, what loadKey
 * throws; `refused`: what readPkcs12 throws.
 */
export async function loadCredential({ key: file, certificate, passphraseFd }: KeyOptions): Promise<Credential> {
  const passphrase = await keyPassphrase(passphraseFd, false);
  const content = readInput(file);
  // A PKCS#12 file is DER, hence begins with a SEQUENCE; PEM begins with text.
  const { key, certificates } = content[0] === 0x30 ? await fromBackup(content, passphrase) : { key: loadPrivateKey(loadKey(file, passphrase)), certificates: [] };
  const candidates = certificate === undefined ? certificates : [readPem(certificate, 'CERTIFICATE')];
  if (candidates.length === 0) throw new SsmaxError('fault', 'certificate-missing', { file });
  const own = candidates.map((der) => parseCertificate(der)).find(({ publicKey }) => equal(publicKey, key.publicKey));
  if (own === undefined) throw new SsmaxError('fault', 'certificate-key-mismatch', { file: certificate ?? file });
  return { key, certificate: own };
}

async function fromBackup(der: Bytes, passphrase: string): Promise<{ key: PrivateKey; certificates: readonly Bytes[] }> {
  const { key, certificates } = await readPkcs12(der, passphrase);
  const pkcs8 = await crypto.subtle.decrypt({ name: 'AES-CBC', iv: key.iv }, key.wrappingKey, key.ciphertext);
  return { key: loadPrivateKey(new Uint8Array(pkcs8)), certificates };
}
