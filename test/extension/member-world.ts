/** A member's plugin without a mail client: tables in memory, the key server's plugin side as function calls. */
import { parseSignedData, signObject } from '../../src/core/cms/signed-data.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { OID } from '../../src/core/oids.ts';
import { encodeCertsOnly } from '../../src/core/pki/certs-only.ts';
import { issueCrl } from '../../src/core/pki/crl.ts';
import { parseCsr } from '../../src/core/pki/csr.ts';
import { issueUser } from '../../src/core/pki/issue.ts';
import type { HttpAnswer } from '../../src/flow/ports.ts';
import { createWebCrypto } from '../../src/platform/web.ts';
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { INDEX_FILE } from '../../src/wire/directory-index.ts';
import { decodeJson, encodeJson, fromBase64, toBase64 } from '../../src/wire/json.ts';
import type { Mode } from '../../src/wire/leg.ts';
import { memberRequestSchema } from '../../src/wire/member-requests.ts';
import { encodeProblem } from '../../src/wire/problem.ts';
import { Identities } from '../../extension/member/identities.ts';
import type { MemberPorts } from '../../extension/member/ports.ts';
import type { Tables } from '../../extension/member/records.ts';
import { Recovery } from '../../extension/member/recovery.ts';
import type { SearchKeys, SearchRecord } from '../../extension/member/search-index.ts';
import type { SealParts } from '../../extension/member/seal.ts';
import { SealedMails } from '../../extension/member/sealed-mails.ts';
import { TrustSource } from '../../extension/member/trust-source.ts';
import { memoryTable } from '../memory-table.ts';
import { fileOf, type TestOrganisation, type TestWorld } from '../flow/world.ts';

function memoryTables(): Tables {
  let [searchKeys, searchMails] = [memoryTable<SearchKeys>(), memoryTable<SearchRecord>()];
  return { trust: memoryTable(), settings: memoryTable(), identities: memoryTable(), pending: memoryTable(), sealed: memoryTable(), deliveries: memoryTable(), organisations: memoryTable(), correspondents: memoryTable(), preferences: memoryTable(), get searchKeys() { return searchKeys; }, get searchMails() { return searchMails; },
    eraseSearch: () => Promise.resolve(void ([searchKeys, searchMails] = [memoryTable(), memoryTable()])),
    forwards: memoryTable(), recovered: memoryTable(), chores: memoryTable(), judged: memoryTable(), copies: memoryTable() };
}

export interface FakeServer {
  /** What is asked, in order: `GET /ssmax/v1/directory/index.cms`. */
  readonly asked: string[];
  /** What its only member, an individual, last said. */
  consent: { readonly number: number; readonly inbound: boolean; readonly outbound: boolean };
  /** Gives another answer than the right one. */
  bend: (path: string) => HttpAnswer | SsmaxError | Promise<HttpAnswer> | undefined;
  code: string;
  /** Modes that the organisation permits. */
  modes: readonly Mode[];
  /** Domains outside SSMAX to which it lets mail go signed only. */
  signedOnly: readonly string[];
  /** Name for which it certifies, where that is not the one asked for. */
  certifies?: string;
}

export interface TestMember extends SealParts {
  readonly server: FakeServer;
}

const URL_BASE = 'https://keys.example';

export function createTestMember(chain: TestWorld, organisation: TestOrganisation, tables = memoryTables()): TestMember {
  const server: FakeServer = { asked: [], consent: { number: 0, inbound: false, outbound: false }, bend: () => undefined, code: 'ABCD-1234', modes: ['protect-all'], signedOnly: [] };
  const clock = { now: () => chain.now };
  const ports: MemberPorts = {
    native: createWebCrypto(), clock, tables,
    managed: () => Promise.resolve({ organisationUrl: URL_BASE, root: toBase64(chain.root.der) }),
    async http({ method, url, headers, body }) {
      const path = url.slice(URL_BASE.length);
      server.asked.push(`${method} ${path}`);
      const bent = server.bend(path);
      if (bent instanceof SsmaxError) throw bent;
      return bent ?? answer(chain, organisation, server, path, headers ?? {}, body);
    },
  };
  const identities = new Identities(ports);
  return { ports, identities, recovery: new Recovery({ ports, identities }), trust: new TrustSource(ports), sealed: new SealedMails(tables.sealed), server };
}

function ok(body: Bytes, status = 200): HttpAnswer {
  return { status, header: () => undefined, body };
}

async function answer(
  chain: TestWorld, organisation: TestOrganisation, server: FakeServer, path: string, headers: Readonly<Record<string, string>>, body: Bytes | undefined,
): Promise<HttpAnswer> {
  const { delegate, now } = chain;
  const times = { thisUpdate: new Date(now.getTime() - 1000), nextUpdate: new Date(now.getTime() + 86_400_000) };
  const file = /^\/ssmax\/v1\/directory\/(files\/[0-9a-f]{64})$/.exec(path)?.[1];
  if (file !== undefined) return ok(await fileOf(chain, file));
  switch (path) {
    case '/ssmax/v1/directory/index.cms': return ok((await chain.publish()).get(INDEX_FILE) ?? new Uint8Array(0));
    case '/ssmax/v1/crl/authority': return ok((await issueCrl({ issuer: delegate, number: 1, ...times, revoked: chain.revoked })).der);
    case '/ssmax/v1/crl/organisation': return ok((await issueCrl({ issuer: organisation.issuer, number: 1, ...times, revoked: organisation.revoked })).der);
    case '/.well-known/est/simpleenroll': {
      const [address = '', code] = new TextDecoder().decode(fromBase64((headers.Authorization ?? '').replace('Basic ', ''))).split(':');
      if (code !== server.code) {
        const problem = encodeProblem(new SsmaxError('refused', 'enrolment-refused'));
        return ok(problem.body, problem.status);
      }
      const { publicKey } = await parseCsr(fromBase64(new TextDecoder().decode(body)));
      const email = server.certifies ?? address;
      const certificate = await issueUser({
        publicKey, issuer: organisation.issuer, random: (length) => crypto.getRandomValues(new Uint8Array(length)), email, commonName: '山田 太郎',
        validity: { notBefore: new Date(now.getTime() - 60_000), notAfter: new Date(now.getTime() + 86_400_000) },
      });
      organisation.members.set(email, { mailbox: email, certificates: [certificate.der] });
      return ok(utf8(toBase64(encodeCertsOnly([certificate.der, organisation.issuer.certificate.der]))));
    }
    case '/ssmax/v1/requests': {
      const asked = decodeJson(memberRequestSchema, parseSignedData(body ?? new Uint8Array(0)).eContent);
      const { key, certificate } = organisation.issuer;
      const say = async (value: object): Promise<HttpAnswer> => ok(await signObject(
        { type: OID.organisationAnswer, value: encodeJson({ ...value, nonce: asked.nonce }), signingTime: now },
        { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
      ));
      if (asked.type === 'sending-policy') return say({ type: 'sending-policy', modes: server.modes, signedOnly: server.signedOnly });
      if (asked.type === 'consent') server.consent = { number: asked.number, inbound: asked.inbound, outbound: asked.outbound };
      else if (asked.type !== 'consent-state') return ok(new Uint8Array(0), 404);
      return say({ type: 'consent', address: [...organisation.members.keys()][0], ...server.consent });
    }
    default: return ok(new Uint8Array(0), 404);
  }
}
