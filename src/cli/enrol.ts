/** `ssmax enrol`: a key and an address certificate for a system that sends, by a one-time code, as the plugin gets them. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { SsmaxError } from '../core/error.ts';
import type { PrivateKey } from '../core/keys.ts';
import { enrollingOrganisation, fetchTrust, requestCertificate } from '../flow/enrol.ts';
import { normalizeAddress } from '../mail/address.ts';
import { generatePrivateKey, loadPrivateKey } from '../platform/node-crypto.ts';
import { loadKey, saveKey } from '../server/shared/keystore.ts';
import { readPassphrase } from '../server/shared/passphrase.ts';
import { keyPassphrase } from './credential.ts';
import { readPins, writeCertificate } from './files.ts';
import { addServerOptions, httpFor, type ServerOptions } from './member-server.ts';
import { passphraseOption } from './serve.ts';

interface EnrolOptions extends ServerOptions {
  readonly address: string;
  readonly root: string;
  readonly key: string;
  readonly certificate: string;
  readonly codeFd?: number;
  readonly passphraseFd?: number;
}

export function enrolCommand(): Command {
  const command = new Command('enrol').description('get a key and an address certificate, by a one-time code');
  return addServerOptions(command)
    .requiredOption('--address <address>', 'the address that the certificate is for')
    .requiredOption('--root <file>', 'the Authority\'s root certificate, PEM, had by a way that you trust')
    .requiredOption('--key <file>', 'where the key goes, encrypted; a key that is there from an attempt before is used')
    .requiredOption('--certificate <file>', 'where the certificate goes')
    .option('--code-fd <number>', 'read the one-time code from this file descriptor', Number)
    .addOption(passphraseOption())
    .action(enrol);
}

async function enrol(options: EnrolOptions): Promise<void> {
  const { server, certificate: file, codeFd } = options;
  const address = normalizeAddress(options.address);
  // First what needs no code: none of these failures must use it up.
  if (existsSync(file)) throw new SsmaxError('fault', 'file-exists', { file });
  const root = readPins(options.root);
  const http = httpFor(options);
  const now = new Date();
  const { trust } = await fetchTrust(http, server, root, now);
  const { names } = await enrollingOrganisation(address, trust);
  const code = await readPassphrase({ question: 'One-time code', credential: 'ssmax-code', descriptor: codeFd });
  const key = await keyIn(options);
  const certificate = await requestCertificate({ http, url: server, trust, now, address, code, key });
  writeCertificate(file, certificate.der);
  process.stdout.write(`${address} is enrolled with ${names.en} (${names.ja}) until ${certificate.notAfter.toISOString()}\n`);
}

/** The key from an attempt before, for whom the code may already have been used; else a new one. */
async function keyIn({ key: file, passphraseFd }: EnrolOptions): Promise<PrivateKey> {
  const exists = existsSync(file);
  const passphrase = await keyPassphrase(passphraseFd, !exists);
  if (exists) return loadPrivateKey(loadKey(file, passphrase));
  const pkcs8 = generatePrivateKey();
  await saveKey(file, pkcs8, passphrase);
  return loadPrivateKey(pkcs8);
}
