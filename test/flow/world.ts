/**
 * A whole SSMAX world in memory: an Authority and organisations with key service, gateway and inspection. Real keys,
 * real certificates, the product's own code; only the wires between the servers are function calls.
 */
import type { Bytes } from '../../src/core/bytes.ts';
import { signObject } from '../../src/core/cms/signed-data.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { NativeCrypto, OrganisationKey, PrivateKey } from '../../src/core/keys.ts';
import { OID } from '../../src/core/oids.ts';
import { type Certificate } from '../../src/core/pki/certificate.ts';
import { type Crl, issueCrl, type Revocation } from '../../src/core/pki/crl.ts';
import { issueDelegate, issueOrganisation, issueRoot, issueServer, issueUser, type Issuer } from '../../src/core/pki/issue.ts';
import { createKeyService, type KeyService, type KeyServiceParts } from '../../src/flow/key-service.ts';
import { directoryFiles } from '../../src/flow/directory-files.ts';
import type { Credential, Member } from '../../src/flow/ports.ts';
import type { GatewayParts } from '../../src/flow/relay.ts';
import { loadTrust, type Trust, type TrustMaterial } from '../../src/flow/trust.ts';
import { createNodeCrypto, generatePrivateKey, loadOrganisationKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import type { Organisation } from '../../src/wire/directory.ts';
import { INDEX_FILE } from '../../src/wire/directory-index.ts';
import { decodeKemct } from '../../src/wire/kemct.ts';
import { decodeLabel } from '../../src/wire/label.ts';
import { encodeVerdict, recipientsHash, type Verdict } from '../../src/wire/verdict.ts';
import { MODES } from '../../src/wire/leg.ts';
import { readLegContent } from '../../src/flow/leg-content.ts';
import { decodeSignedSubmission, type SubmissionForm } from '../../src/flow/open-submission.ts';
import { parseKemRecipientInfo } from '../../src/core/cms/kem-recipient-info.ts';

export const native = createNodeCrypto();

/** Where a world's keys and random numbers come from. */
export interface Source {
  readonly native: NativeCrypto;
  key(): PrivateKey;
  organisationKey(): OrganisationKey;
}
const fresh: Source = { native, key: () => loadPrivateKey(generatePrivateKey()), organisationKey: () => loadOrganisationKey(generatePrivateKey()) };

export const NOW = new Date('2026-11-22T03:00:00Z');
const YEAR = 365 * 86_400_000;
const around = (now: Date) => ({ notBefore: new Date(now.getTime() - YEAR), notAfter: new Date(now.getTime() + YEAR) });

export interface TestOrganisation {
  readonly id: string;
  readonly issuer: Issuer;
  readonly gateway: Credential;
  readonly inspection: Credential;
  readonly members: Map<string, Member>;
  readonly users: Map<string, Credential>;
  readonly revoked: Revocation[];
  readonly alerts: string[];
  /** Mailboxes of a group or alias. */
  readonly aliases: Map<string, readonly string[]>;
  /** Signed statements by `direction address`, as an ISP's key server keeps them. */
  readonly consents: Map<string, readonly Bytes[]>;
  /** Multiplications by the organisation's key in its key service so far. */
  readonly multiplied: { count: number };
  readonly entry: Organisation;
  readonly serviceParts: KeyServiceParts;
  service: KeyService;
  parts: GatewayParts;
  /** What the inspection server will say. */
  verdict: Pick<Verdict, 'result' | 'findings'>;
}

export interface TestWorld {
  now: Date;
  readonly root: Certificate;
  /** Who signs directory and CRL. */
  delegate: Issuer;
  /** The root certifies another one. */
  newDelegate(validity?: { notBefore: Date; notAfter: Date }): Promise<Issuer>;
  readonly organisations: Map<string, TestOrganisation>;
  readonly revoked: Revocation[];
  /** The directory at `now`, by file name; what was published before can still be had from `published`. */
  publish(): Promise<ReadonlyMap<string, Bytes>>;
  readonly published: Map<string, Bytes>;
  /** What the Authority and the organisations publish at `now`. */
  material(): Promise<TrustMaterial>;
  trust(): Promise<Trust>;
  addOrganisation(domain: string, names: { ja: string; en: string }, type?: Organisation['type']): Promise<TestOrganisation>;
  /** The directory names a new certificate of the organisation, for `key` or for the same one as before; the former one still counts. */
  certifyAnew(organisation: TestOrganisation, key?: PrivateKey): Promise<Certificate>;
  addUser(organisation: TestOrganisation, address: string, commonName: string, pseudonymous?: boolean, pkcs8?: Bytes): Promise<Credential>;
}

export async function createWorld(start = NOW, source: Source = fresh): Promise<TestWorld> {
  const random = (length: number): Bytes => source.native.random(length);
  const validity = around(start);
  const rootKey = source.key();
  const root = await issueRoot({ key: rootKey, subject: { commonName: 'SSMAX Authority', organisation: 'SSMAX' }, validity, random });
  const newDelegate: TestWorld['newDelegate'] = async (period = validity) => {
    const key = source.key();
    return { key, certificate: await issueDelegate({ publicKey: key.publicKey, issuer: { certificate: root, key: rootKey }, validity: period, random }) };
  };
  const organisations = new Map<string, TestOrganisation>();
  const revoked: Revocation[] = [];

  const world: TestWorld = {
    now: start, root, delegate: await newDelegate(), newDelegate, organisations, revoked,
    published: new Map(),
    async publish() {
      const times = { issued: new Date(world.now.getTime() - 1000), nextUpdate: new Date(world.now.getTime() + 86_400_000) };
      const files = await directoryFiles([...organisations.values()].map(({ entry }) => entry), times, world.delegate);
      for (const [name, bytes] of files) world.published.set(name, bytes);
      return files;
    },
    async material() {
      const { delegate } = world;
      const index = (await world.publish()).get(INDEX_FILE) ?? new Uint8Array(0);
      const crls = await Promise.all([
        crl(delegate, revoked, world.now), ...[...organisations.values()].map((one) => crl(one.issuer, one.revoked, world.now)),
      ]);
      return { root: root.der, directory: { index, file: (name) => fileOf(world, name) }, crls: crls.map(({ der }) => der) };
    },
    async trust() {
      return loadTrust(await world.material(), world.now);
    },
    async addOrganisation(domain, names, type = 'organisation') {
      const key = source.organisationKey();
      const id = `NTRJP-${String(organisations.size + 1).padStart(13, '0')}`;
      const certificate = await issueOrganisation({
        publicKey: key.publicKey, issuer: { certificate: root, key: rootKey }, validity, random, name: names.ja, organisationId: id,
        country: 'JP', mailDomains: [domain], hostNames: [domain],
      });
      const issuer = { certificate, key };
      const gateway = await server(source, issuer, validity, 'gateway', `gateway.${domain}`);
      const inspection = await server(source, issuer, validity, 'inspection', `inspection.${domain}`);
      const entry: Organisation = {
        id, certificate: certificate.der, formerCertificates: [], names, vetted: '2026-10-01', domains: [domain], type,
        alwaysSigned: [domain], gateways: [gateway.certificate.spkiSha256], inspections: [inspection.certificate.spkiSha256],
      };
      const members = new Map<string, Member>();
      const seen = new Map<string, Bytes>();
      const alerts: string[] = [];
      const clock = { now: () => world.now };
      const aliases = new Map<string, readonly string[]>();
      const consents = new Map<string, readonly Bytes[]>();
      const multiplied = { count: 0 };
      const counting: OrganisationKey = {
        ...key,
        sharedX: (point) => {
          multiplied.count++;
          return key.sharedX(point);
        },
      };
      const serviceParts: KeyServiceParts = {
        native: source.native, key: counting, certificate, clock, trust: () => world.trust(),
        inspection: () => Promise.resolve(inspection.certificate),
        modes: MODES,
        members: { expand: (address) => Promise.resolve((aliases.get(address) ?? [address]).map((mailbox) => members.get(mailbox)).filter((one) => one !== undefined)) },
        consents: { given: (direction, address) => Promise.resolve(consents.get(`${direction} ${address}`) ?? []) },
        seen: {
          record(c1, hash) {
            const name = Buffer.from(c1).toString('hex');
            const known = seen.get(name) ?? hash;
            seen.set(name, known);
            return Promise.resolve(known);
          },
        },
        records: {
          evidence: () => Promise.resolve(),
          alert: (code) => { alerts.push(code); return Promise.resolve(); },
        },
      };
      const service = createKeyService(serviceParts);
      const organisation: TestOrganisation = {
        id, issuer, gateway, inspection, members, users: new Map(), revoked: [], alerts, aliases, consents, multiplied, entry, serviceParts, service,
        verdict: { result: 'pass', findings: [] },
        parts: {
          native: source.native, credential: gateway, organisation: certificate, keyServer: service, clock, trust: () => world.trust(),
          inspection: {
            async inspect(submission, leg, direction, sender, form) {
              const { contentDigest, recipients } = await readSubmission(submission, form);
              return signVerdict(organisation, { contentDigest, leg, direction, time: world.now, sender }, recipients);
            },
          },
        },
      };
      organisations.set(domain, organisation);
      return organisation;
    },
    async certifyAnew({ id, entry, issuer }, key = issuer.key) {
      const [mailDomain = ''] = entry.domains;
      const certificate = await issueOrganisation({
        publicKey: key.publicKey, issuer: { certificate: root, key: rootKey }, validity, random, name: entry.names.ja, organisationId: id,
        country: 'JP', mailDomains: [mailDomain], hostNames: [mailDomain],
      });
      Object.assign(entry, { certificate: certificate.der, formerCertificates: [...entry.formerCertificates, entry.certificate] });
      return certificate;
    },
    async addUser(organisation, address, commonName, pseudonymous = false, pkcs8) {
      const key = pkcs8 === undefined ? source.key() : loadPrivateKey(pkcs8);
      const certificate = await issueUser({
        publicKey: key.publicKey, issuer: organisation.issuer, validity, random, email: address, commonName, pseudonymous,
      });
      const credential = { key, certificate };
      organisation.users.set(address, credential);
      organisation.members.set(address, {
        mailbox: address, certificates: [...(organisation.members.get(address)?.certificates ?? []), certificate.der],
      });
      return credential;
    },
  };
  return world;
}

/** As a web server gives it. */
export function fileOf({ published }: Pick<TestWorld, 'published'>, name: string): Promise<Bytes> {
  const found = published.get(name);
  return found === undefined ? Promise.reject(new SsmaxError('unavailable', 'directory-damaged', { file: name })) : Promise.resolve(found);
}

async function server(
  source: Source, issuer: Issuer, validity: ReturnType<typeof around>, role: 'gateway' | 'inspection', name: string,
): Promise<Credential> {
  const key = source.key();
  const random = (length: number): Bytes => source.native.random(length);
  return { key, certificate: await issueServer({ publicKey: key.publicKey, issuer, validity, random, role, dnsNames: [name] }) };
}

let crlNumber = 0;
function crl(issuer: Issuer, revoked: readonly Revocation[], now: Date): Promise<Crl> {
  return issueCrl({
    issuer, number: ++crlNumber, thisUpdate: new Date(now.getTime() - 1000), nextUpdate: new Date(now.getTime() + 86_400_000), revoked,
  });
}

/** What an inspection server learns of a submission without opening it. */
export async function readSubmission(submission: Bytes, form: SubmissionForm): Promise<{ contentDigest: Bytes; recipients: readonly string[] }> {
  const { eContent, recipients } = form === 'signed' ? decodeSignedSubmission(submission) : { eContent: submission, recipients: [] };
  const { contentDigest, recipientInfos } = await readLegContent({ eContentType: form === 'sealed' ? OID.authEnvelopedData : OID.data, eContent });
  const labels = recipientInfos.flat().map((der) => decodeLabel(decodeKemct(parseKemRecipientInfo(der).kemct).label));
  return { contentDigest, recipients: [...recipients, ...labels.flatMap((label) => label.recipients)] };
}

/** A verdict as the organisation's inspection server signs it on a leg for these recipients; fields may be overridden. */
export async function signVerdict(
  organisation: TestOrganisation, fields: Partial<Verdict> & { contentDigest: Bytes }, recipients: readonly string[] = ['hanako@tsukimi.example'],
): Promise<Bytes> {
  const value = encodeVerdict({
    recipients: await recipientsHash(recipients),
    leg: 1, direction: 'outbound', organisation: organisation.id, policy: 'test-1', time: NOW, sender: 'taro@hinode.example', ...organisation.verdict, ...fields,
  });
  const { key, certificate } = organisation.inspection;
  return signObject({ type: OID.verdict, value, signingTime: NOW }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier });
}

export function codeOf(error: unknown): string {
  return error instanceof SsmaxError ? error.code : String(error);
}
