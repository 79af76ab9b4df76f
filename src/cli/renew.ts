/** `ssmax renew`: a new certificate for a key that has one; run it daily, it does nothing until it is time. */
import { renameSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { SsmaxError } from '../core/error.ts';
import { encodePem } from '../core/pki/pem.ts';
import { fetchTrust } from '../flow/enrol.ts';
import { renewalDue, renewCertificate } from '../flow/renew.ts';
import { createNodeCrypto } from '../platform/node-crypto.ts';
import { addKeyOptions, type KeyOptions, loadCredential } from './credential.ts';
import { readPins } from './files.ts';
import { addServerOptions, httpFor, type ServerOptions } from './member-server.ts';

interface RenewOptions extends ServerOptions, KeyOptions {
  readonly root: string;
  readonly force: boolean;
}

export function renewCommand(): Command {
  const command = new Command('renew').description('renew an address certificate at two thirds of its life, or after a change of the organisation\'s key');
  addServerOptions(command)
    .requiredOption('--root <file>', 'the Authority\'s root certificate, PEM')
    .option('--force', 'ask now, whether it is time or not', false);
  return addKeyOptions(command, true).action(renew);
}

async function renew(options: RenewOptions): Promise<void> {
  const { certificate: file, server } = options;
  // A backup with key and certificate in one file is not written anew.
  if (file === undefined) throw new SsmaxError('fault', 'certificate-missing', { file: options.key });
  const credential = await loadCredential(options);
  const now = new Date();
  const http = httpFor(options);
  const { trust } = await fetchTrust(http, server, readPins(options.root), now);
  if (!options.force && !(await renewalDue(credential.certificate, trust, now))) {
    process.stdout.write(`not due: the certificate is good until ${credential.certificate.notAfter.toISOString()}\n`);
    return;
  }
  const native = createNodeCrypto();
  const renewed = await renewCertificate({ http, url: server, trust, now, random: (length) => native.random(length), credential });
  // Whoever seals at the same time reads the old file or the new one.
  writeFileSync(`${file}.new`, encodePem('CERTIFICATE', renewed.der), { mode: 0o644 });
  renameSync(`${file}.new`, file);
  process.stdout.write(`renewed until ${renewed.notAfter.toISOString()}\n`);
}
