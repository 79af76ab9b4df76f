/** `ssmax authority init|run|revoke|servers|…|export`; certifying is in authority-certify.ts, the review in authority-review.ts */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { fromHex } from '../core/bytes.ts';
import { parseCertificate } from '../core/pki/certificate.ts';
import { issueDelegate, issueRoot } from '../core/pki/issue.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey } from '../platform/node-crypto.ts';
import { runAuthority } from '../server/authority/main.ts';
import { loadKey, saveKey } from '../server/shared/keystore.ts';
import { adminCall, adminOption } from './admin.ts';
import { addCertifyCommands, validity } from './authority-certify.ts';
import { copyPublished } from './authority-publish.ts';
import { addReviewCommands } from './authority-review.ts';
import { readPem, readPins, spkiHash, writeCertificate, writePins } from './files.ts';
import { passphraseFor, passphraseOption, runServer } from './serve.ts';

interface ServersOptions {
  readonly state: string;
  readonly gatewaySpki: string[];
  readonly inspectionSpki: string[];
  readonly keyServerSpki?: string;
  readonly overlap?: number;
}

export function authorityCommand(): Command {
  const command = new Command('authority').description('the body that certifies organisations and publishes the directory');
  const random = (length: number) => createNodeCrypto().random(length);
  command.command('init')
    .description('make the root (keep its key offline) and the delegate that signs directory and CRL')
    .requiredOption('--dir <directory>', 'where the files go')
    .requiredOption('--name <name>', 'the Authority\'s name')
    .addOption(passphraseOption())
    .action(async ({ dir, name, passphraseFd }: { dir: string; name: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('authority', passphraseFd, true);
      const [rootPkcs8, delegatePkcs8] = [generatePrivateKey(), generatePrivateKey()];
      const [rootKey, delegateKey] = [loadPrivateKey(rootPkcs8), loadPrivateKey(delegatePkcs8)];
      const root = await issueRoot({ key: rootKey, subject: { commonName: name, organisation: name }, validity: validity(20), random });
      const delegate = await issueDelegate({ publicKey: delegateKey.publicKey, issuer: { certificate: root, key: rootKey }, validity: validity(3), random });
      await saveKey(join(dir, 'root.key'), rootPkcs8, passphrase);
      await saveKey(join(dir, 'delegate.key'), delegatePkcs8, passphrase);
      writeCertificate(join(dir, 'root.pem'), root.der);
      writeCertificate(join(dir, 'delegate.pem'), delegate.der);
      process.stdout.write(`spki ${await spkiHash(delegateKey.publicKey)}\n`);
    });
  command.command('run')
    .description('publish directory and CRL')
    .requiredOption('--config <file>', 'authority.yaml')
    .addOption(passphraseOption())
    .action(async ({ config, passphraseFd }: { config: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('authority', passphraseFd, false);
      await runServer(() => runAuthority(config, passphrase));
    });
  addCertifyCommands(command);
  command.command('revoke <organisation>')
    .description('revoke an organisation\'s certificate at once')
    .addOption(adminOption())
    .addOption(new Option('--reason <reason>').choices(['keyCompromise', 'cessationOfOperation', 'superseded']).default('cessationOfOperation'))
    .option('--invalid-since <time>', 'ISO 8601')
    .option('--certificate <file>', 'one of its former certificates: only those of that key, which was stolen')
    .action(async (id: string, { state, reason, invalidSince, certificate }: { state: string; reason: string; invalidSince?: string; certificate?: string }) => {
      await adminCall(state, 'POST', '/revocations', {
        id, reason, ...(invalidSince !== undefined && { invalidSince: new Date(invalidSince) }), ...(certificate !== undefined && { certificate: readPem(certificate, 'CERTIFICATE') }),
      });
    });
  command.command('servers <organisation>')
    .description('enter which keys its servers have: all that are named, and no others')
    .addOption(adminOption())
    .requiredOption('--gateway-spki <hash...>', 'SHA-256 of its gateways\' keys')
    .requiredOption('--inspection-spki <hash...>', 'SHA-256 of its inspection servers\' keys')
    .option('--key-server-spki <hash>', 'SHA-256 of its key server\'s TLS key, if that is another one')
    .option('--overlap <days>', 'how long gateways\' keys that are not named any more go on counting (30; 0 for a key that was stolen)', Number)
    .action(async (id: string, { state, gatewaySpki, inspectionSpki, keyServerSpki, overlap }: ServersOptions) => {
      await adminCall(state, 'POST', '/servers', {
        id, gateways: gatewaySpki.map(fromHex), inspections: inspectionSpki.map(fromHex),
        ...(keyServerSpki !== undefined && { keyServer: fromHex(keyServerSpki) }), ...(overlap !== undefined && { overlap }),
      });
    });
  command.command('always-signed <organisation>')
    .description('publish which of its domains send nothing but signed mail: all that are named, and no others')
    .addOption(adminOption())
    .option('--domain <domain...>', 'its domains', [])
    .action(async (id: string, { state, domain }: { state: string; domain: string[] }) => {
      await adminCall(state, 'POST', '/always-signed', { id, domains: domain });
    });
  command.command('rotate-delegate')
    .description('make a new delegate, where the root key is; put its files into authority.yaml, restart, then revoke the former one')
    .requiredOption('--root <file>', 'root certificate')
    .requiredOption('--root-key <file>', 'root key')
    .requiredOption('--key <file>', 'where the new delegate\'s key goes, encrypted')
    .requiredOption('--certificate <file>', 'where its certificate goes')
    .addOption(passphraseOption())
    .action(async ({ root: rootFile, rootKey, key, certificate, passphraseFd }: { root: string; rootKey: string; key: string; certificate: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('authority', passphraseFd, false);
      const issuer = { certificate: parseCertificate(readPem(rootFile, 'CERTIFICATE')), key: loadPrivateKey(loadKey(rootKey, passphrase)) };
      const pkcs8 = generatePrivateKey();
      const { publicKey } = loadPrivateKey(pkcs8);
      const delegate = await issueDelegate({ publicKey, issuer, validity: validity(3), random });
      await saveKey(key, pkcs8, passphrase);
      writeCertificate(certificate, delegate.der);
      process.stdout.write(`spki ${await spkiHash(publicKey)}\n`);
    });
  command.command('rotate-root')
    .description('make the next root, of the same name; pin both until every certificate is by the new one (docs/admin/certificates.md)')
    .requiredOption('--root <file>', 'root certificate')
    .requiredOption('--key <file>', 'where the new root\'s key goes, encrypted')
    .requiredOption('--certificate <file>', 'where its certificate goes')
    .addOption(passphraseOption())
    .action(async ({ root: rootFile, key: file, certificate, passphraseFd }: { root: string; key: string; certificate: string; passphraseFd?: number }) => {
      const passphrase = await passphraseFor('authority', passphraseFd, true);
      const { commonName = '', organisation = '' } = parseCertificate(readPem(rootFile, 'CERTIFICATE')).subject;
      const pkcs8 = generatePrivateKey();
      const root = await issueRoot({ key: loadPrivateKey(pkcs8), subject: { commonName, organisation }, validity: validity(20), random });
      await saveKey(file, pkcs8, passphrase);
      writeCertificate(certificate, root.der);
    });
  command.command('revoke-delegate')
    .description('revoke a former delegate, once the new one is in use')
    .addOption(adminOption())
    .requiredOption('--certificate <file>', 'the former delegate\'s certificate')
    .action(async ({ state, certificate }: { state: string; certificate: string }) => {
      await adminCall(state, 'POST', '/revocations/delegates', { certificate: readPem(certificate, 'CERTIFICATE') });
    });
  command.command('export')
    .description('write root, directory and CRL into a directory, for `ssmax verify --trust`')
    .addOption(adminOption())
    .requiredOption('--root <file>', 'root certificate')
    .requiredOption('--out <directory>', 'where they go')
    .action(async ({ state, root, out }: { state: string; root: string; out: string }) => {
      writePins(join(out, 'root.pem'), readPins(root));
      await copyPublished(state, out);
    });
  addReviewCommands(command);
  return command;
}
