/** `ssmax keyserver …` */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { generatePrivateKey } from '../platform/node-crypto.ts';
import { runKeyServer } from '../server/keyserver/main.ts';
import { saveKey } from '../server/shared/keystore.ts';
import { decodeJson } from '../wire/json.ts';
import { bytesField } from '../wire/json.ts';
import { adminCall, adminOption } from './admin.ts';
import { newKeyWithRequest, readPem, writeCertificate, writeNew } from './files.ts';
import { passphraseFor, passphraseOption, runServer } from './serve.ts';

export function keyServerCommand(): Command {
  const command = new Command('keyserver').description('the server that holds the organisation\'s key');
  command.command('init')
    .description('make the organisation\'s key, its certification request for the Authority, and a TLS key')
    .requiredOption('--dir <directory>', 'where the files go')
    .requiredOption('--name <name>', 'the organisation\'s legal name')
    .requiredOption('--host-name <name>', 'the key server\'s host name')
    .addOption(passphraseOption())
    .action(async ({ dir, name, hostName, passphraseFd }: { dir: string; name: string; hostName: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('keyserver', passphraseFd, true);
      const organisation = await newKeyWithRequest({ key: join(dir, 'organisation.key'), request: join(dir, 'organisation.csr') }, passphrase, { commonName: name });
      const spki = await newKeyWithRequest({ key: join(dir, 'tls.key'), request: join(dir, 'tls.csr') }, passphrase, { commonName: hostName, dnsName: hostName });
      process.stdout.write(`spki ${spki}\norganisation-spki ${organisation}\n`);
    });
  command.command('rotate-key')
    .description('make the organisation\'s next key and its certification request for the Authority (docs/admin/certificates.md)')
    .requiredOption('--dir <directory>', 'where the files go: organisation-next.key, organisation-next.csr')
    .requiredOption('--name <name>', 'the organisation\'s legal name')
    .addOption(passphraseOption())
    .action(async ({ dir, name, passphraseFd }: { dir: string; name: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('keyserver', passphraseFd, false);
      const spki = await newKeyWithRequest({ key: join(dir, 'organisation-next.key'), request: join(dir, 'organisation-next.csr') }, passphrase, { commonName: name });
      process.stdout.write(`spki ${spki}\n`);
    });
  command.command('outside-key')
    .description('make the key that signs mail to recipients outside SSMAX (docs/admin/outside-mail.md)')
    .requiredOption('--out <file>', 'where the key goes')
    .addOption(passphraseOption())
    .action(async ({ out, passphraseFd }: { out: string; passphraseFd?: number }) => {
      await saveKey(out, generatePrivateKey(), await passphraseFor('keyserver', passphraseFd, false));
    });
  command.command('run')
    .description('run the key server')
    .requiredOption('--config <file>', 'keyserver.yaml')
    .addOption(passphraseOption())
    .action(async ({ config, passphraseFd }: { config: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('keyserver', passphraseFd, false);
      await runServer(() => runKeyServer(config, passphrase));
    });
  command.command('certify')
    .description('certify a gateway or an inspection server of this organisation')
    .addOption(adminOption())
    .addOption(new Option('--role <role>', 'what it is').choices(['gateway', 'inspection']).makeOptionMandatory())
    .requiredOption('--csr <file>', 'its certification request')
    .requiredOption('--host-name <name>', 'its host name')
    .requiredOption('--out <file>', 'where the certificate goes')
    .action(async ({ state, role, csr, hostName, out }: { state: string; role: string; csr: string; hostName: string; out: string }) => {
      const answer = await adminCall(state, 'POST', '/certifications', { role, hostName, request: readPem(csr, 'CERTIFICATE REQUEST') });
      writeCertificate(out, decodeJson(z.object({ certificate: bytesField() }), answer).certificate);
    });
  command.command('export-crl')
    .description('write the organisation\'s CRL to a file')
    .addOption(adminOption())
    .requiredOption('--out <file>', 'where it goes')
    .action(async ({ state, out }: { state: string; out: string }) => {
      writeNew(out, await adminCall(state, 'GET', '/crl'));
    });
  command.command('refresh')
    .description('fetch directory and CRL from the Authority now')
    .addOption(adminOption())
    .action(async ({ state }: { state: string }) => {
      await adminCall(state, 'POST', '/refresh', {});
    });
  return command;
}
