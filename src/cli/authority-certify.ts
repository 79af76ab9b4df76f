/** The verbs of `ssmax authority ` that certify: `issue` where the root's key is, without a network; `enter` where the Authority runs; `certify` does both on one machine. */
import { type Command, Option } from 'commander';
import { fromHex, hex } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { parseCsr } from '../core/pki/csr.ts';
import { issueOrganisation } from '../core/pki/issue.ts';
import { validatePath } from '../core/pki/path.ts';
import { parsePins } from '../flow/trust.ts';
import { createNodeCrypto, loadPrivateKey } from '../platform/node-crypto.ts';
import { loadKey } from '../server/shared/keystore.ts';
import { adminCall, adminOption } from './admin.ts';
import { readPem, readPins, spkiHash, writeCertificate } from './files.ts';
import { passphraseFor, passphraseOption } from './serve.ts';

const YEAR = 365 * 86_400_000;

/** From now, minus what clocks may differ by. */
export function validity(years: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - 10 * 60_000), notAfter: new Date(now + years * YEAR) };
}

/** What the certificate says. */
interface IssueOptions {
  readonly root: string;
  readonly rootKey: string;
  readonly csr: string;
  readonly organisationSpki?: string;
  readonly id: string;
  readonly nameJa: string;
  readonly domain: string[];
  readonly hostName: string[];
  readonly out: string;
  readonly passphraseFd?: number;
}

/** What the directory says beside it. */
interface EnterOptions {
  readonly state: string;
  readonly nameEn: string;
  readonly alwaysSigned: string[];
  readonly type: 'organisation' | 'isp';
  readonly vetted: string;
  readonly gatewaySpki: string[];
  readonly inspectionSpki: string[];
  readonly keyServerSpki: string;
  readonly overlap?: number;
}

const REQUEST = 'the organisation\'s certification request';

export function addCertifyCommands(command: Command): void {
  const organisationSpki = (): Option => new Option('--organisation-spki <hash>', 'SHA-256 of its key, as its administrator read it out: a request for another key is refused');
  withCertificate(command.command('issue'))
    .description('issue an organisation\'s certificate into a file, where the root key is (docs/admin/key-ceremony.md)')
    .addOption(organisationSpki().makeOptionMandatory())
    .action(async (options: IssueOptions) => {
      const certificate = await issue(options);
      writeCertificate(options.out, certificate.der);
      await tell(certificate);
    });
  withEntry(command.command('enter'))
    .description('enter an organisation in the directory, with the certificate that `issue` made')
    .requiredOption('--root <file>', 'root certificate, or several')
    .requiredOption('--certificate <file>', 'the certificate that was issued')
    .requiredOption('--csr <file>', REQUEST)
    .action(async ({ root, certificate: file, csr, ...options }: EnterOptions & { root: string; certificate: string; csr: string }) => {
      const certificate = parseCertificate(readPem(file, 'CERTIFICATE'));
      await validatePath({ leaf: certificate, role: 'organisation', intermediates: [], root: parsePins(readPins(root)).roots, at: new Date() });
      const { publicKey } = await parseCsr(readPem(csr, 'CERTIFICATE REQUEST'));
      if (hex(publicKey) !== hex(certificate.publicKey)) throw refused('certificate-not-for-request', { file, csr });
      await enter(certificate, options);
      await tell(certificate);
    });
  withEntry(withCertificate(command.command('certify')))
    .description('issue and enter in one, where the root key is on the running Authority\'s machine')
    .addOption(organisationSpki())
    .action(async (options: IssueOptions & EnterOptions) => {
      const certificate = await issue(options);
      await enter(certificate, options);
      writeCertificate(options.out, certificate.der);
    });
}

function withCertificate(command: Command): Command {
  return command
    .requiredOption('--root <file>', 'root certificate')
    .requiredOption('--root-key <file>', 'root key')
    .requiredOption('--csr <file>', REQUEST)
    .requiredOption('--id <identifier>', 'NTRJP- and the corporate number')
    .requiredOption('--name-ja <name>', 'legal name in Japanese')
    .requiredOption('--domain <domain...>', 'mail domains')
    .requiredOption('--host-name <name...>', 'domains of its servers\' host names')
    .requiredOption('--out <file>', 'where the certificate goes')
    .addOption(passphraseOption());
}

function withEntry(command: Command): Command {
  return command
    .addOption(adminOption())
    .requiredOption('--name-en <name>', 'legal name in English')
    .option('--always-signed <domain...>', 'domains whose every mail is signed', [])
    .addOption(new Option('--type <type>').choices(['organisation', 'isp']).default('organisation'))
    .requiredOption('--vetted <date>', 'date of vetting, YYYY-MM-DD')
    .requiredOption('--gateway-spki <hash...>', 'SHA-256 of its gateways\' keys')
    .requiredOption('--inspection-spki <hash...>', 'SHA-256 of its inspection servers\' keys')
    .requiredOption('--key-server-spki <hash>', 'SHA-256 of its key server\'s TLS key')
    .option('--overlap <days>', 'how long its keys that this replaces go on counting (30; 0 for a key that was stolen)', Number);
}

async function issue(options: IssueOptions): Promise<Certificate> {
  const { publicKey } = await parseCsr(readPem(options.csr, 'CERTIFICATE REQUEST'));
  const asked = await spkiHash(publicKey);
  if (options.organisationSpki !== undefined && asked !== options.organisationSpki.toLowerCase()) throw refused('request-of-another-key', { file: options.csr, spki: asked });
  const passphrase = await passphraseFor('authority', options.passphraseFd, false);
  const issuer = { certificate: parseCertificate(readPem(options.root, 'CERTIFICATE')), key: loadPrivateKey(loadKey(options.rootKey, passphrase)) };
  return issueOrganisation({
    publicKey, issuer, validity: validity(3), random: (length) => createNodeCrypto().random(length), name: options.nameJa, organisationId: options.id, country: 'JP',
    mailDomains: options.domain, hostNames: options.hostName,
  });
}

/** Name, identifier and domains are those of the certificate: only what the root's holders signed is entered. */
async function enter(certificate: Certificate, options: EnterOptions): Promise<void> {
  const { organisation = '', organisationId = '' } = certificate.subject;
  const corporateNumber = /^NTRJP-(\d{13})$/.exec(organisationId)?.[1];
  await adminCall(options.state, 'POST', '/organisations', {
    ...(options.overlap !== undefined && { overlap: options.overlap }),
    keyServer: fromHex(options.keyServerSpki),
    entry: {
      id: organisationId, certificate: certificate.der, formerCertificates: [], names: { ja: organisation, en: options.nameEn },
      ...(corporateNumber !== undefined && { corporateNumber }), vetted: options.vetted, domains: domainsOf(certificate), type: options.type,
      alwaysSigned: options.alwaysSigned, gateways: options.gatewaySpki.map(fromHex), inspections: options.inspectionSpki.map(fromHex),
    },
  });
}

function domainsOf({ nameConstraints }: Certificate): string[] {
  return [...nameConstraints?.mailDomains ?? []];
}

/** What the witnesses write down where it was issued, and compare where it is entered. */
async function tell(certificate: Certificate): Promise<void> {
  const { subject: { organisation = '', organisationId = '' }, nameConstraints, notBefore, notAfter } = certificate;
  const fingerprint = hex(certificate.sha256).toUpperCase().replace(/..(?=.)/g, '$&:');
  process.stdout.write([
    `organisation ${organisationId} ${organisation}`, `domains ${domainsOf(certificate).join(' ')}`, `host names ${nameConstraints?.hostNames.join(' ') ?? ''}`,
    `organisation-spki ${await spkiHash(certificate.publicKey)}`, `valid ${notBefore.toISOString()} to ${notAfter.toISOString()}`, `sha256 fingerprint ${fingerprint}`,
  ].map((line) => `${line}\n`).join(''));
}
