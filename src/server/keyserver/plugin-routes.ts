/** The key server's HTTPS interface for plugins: EST (RFC 7030), directory, CRLs, signed requests (docs/protocol.md §9). */
import { Hono } from 'hono';
import type { z } from 'zod';
import { cors } from 'hono/cors';
import { type Bytes, equal, fromUtf8 } from '../../core/bytes.ts';
import { parseSignedData, signObject, verifySignedObject } from '../../core/cms/signed-data.ts';
import { refused } from '../../core/error.ts';
import { OID } from '../../core/oids.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { encodeCertsOnly } from '../../core/pki/certs-only.ts';
import { parseCsr } from '../../core/pki/csr.ts';
import type { Clock, Credential } from '../../flow/ports.ts';
import { INDEX_FILE } from '../../wire/directory-index.ts';
import { decodeJson, encodeJson, fromBase64, toBase64 } from '../../wire/json.ts';
import type { Mode } from '../../wire/leg.ts';
import { memberRequestSchema, REQUEST_SKEW } from '../../wire/member-requests.ts';
import { limiterOf, RateLimiter } from '../shared/rate-limit.ts';
import type { TrustSource } from '../shared/trust-source.ts';
import type { AbuseDesk } from './abuse-desk.ts';
import type { Ca } from './ca.ts';
import { type ConsentStore, requireIsp } from './consents.ts';
import type { KeyServerRecords } from './records.ts';
import type { Registry } from './registry.ts';

interface Parts {
  readonly registry: Pick<Registry, 'enrol' | 'certificateByKey'>;
  readonly ca: Ca;
  readonly records: KeyServerRecords;
  readonly consents: ConsentStore;
  /** As the Authority's directory has the own organisation now; undefined where it does not. */
  readonly organisationType: () => Promise<'organisation' | 'isp' | undefined>;
  readonly desk: AbuseDesk;
  /** Throws where a member's certificate is not in force; a suspended member's is. */
  readonly requireInForce: (certificate: Certificate) => Promise<void>;
  /** What members may send. */
  readonly policy: { readonly modes: readonly Mode[]; readonly signedOnly: readonly string[] };
  /** The organisation's identifier. */
  readonly id: string;
  /** Who signs answers. */
  readonly keys: { readonly inUse: Credential };
  /** DER certificates of the Authority's roots. */
  readonly roots: readonly Bytes[];
  /** The directory's files and the Authority's CRL as fetched. */
  readonly published: Pick<TrustSource, 'copy' | 'file' | 'hasFile'>;
  readonly clock: Clock;
}

export const PKCS7 = { 'content-type': 'application/pkcs7-mime; smime-type=certs-only', 'content-transfer-encoding': 'base64' };
const CRL = { 'content-type': 'application/pkix-crl' };
/** Named by its hash: it never changes. */
const FILE = { 'content-type': 'application/octet-stream', 'cache-control': 'public, max-age=31536000, immutable' };
export const CMS = { 'content-type': 'application/cms' };

export function pluginRoutes(parts: Parts): Hono {
  const { registry, ca, records, id, clock } = parts;
  const app = new Hono();
  app.use(pluginCors());

  app.get('/.well-known/est/cacerts', (context) =>
    context.body(toBase64(encodeCertsOnly([ca.certificate.der, ...parts.roots])), 200, PKCS7));

  app.post('/.well-known/est/simpleenroll', async (context) => {
    const { address, code } = basicCredentials(context.req.header('authorization'));
    const request = await parseCsr(fromBase64((await context.req.text()).replace(/\s/g, '')));
    const certificate = await registry.enrol(address, code, request.publicKey);
    return context.body(toBase64(encodeCertsOnly([certificate.der, ca.certificate.der])), 200, PKCS7);
  });

  const { published } = parts;
  const requireRate = limiterOf(new RateLimiter({ burst: 600, perMinute: 300 }));
  app.get(`/ssmax/v1/directory/${INDEX_FILE}`, (context) => context.body(published.copy('index'), 200, { ...CMS, 'cache-control': 'no-cache' }));
  app.get('/ssmax/v1/directory/files/:hash{[0-9a-f]{64}}', async (context) => {
    const name = `files/${context.req.param('hash')}`;
    // Anybody may ask, also for what does not exist: only so often is a question handed on.
    if (!published.hasFile(name)) requireRate(context);
    return context.body(await published.file(name), 200, FILE);
  });
  app.get('/ssmax/v1/crl/authority', (context) => context.body(published.copy('authority'), 200, CRL));
  app.get('/ssmax/v1/crl/organisation', async (context) => context.body(await ca.crl(), 200, CRL));

  app.post('/ssmax/v1/requests', async (context) => {
    const answer = await answerRequest(new Uint8Array(await context.req.arrayBuffer()));
    return context.body(answer, 200, CMS);
  });

  async function answerRequest(der: Bytes): Promise<Bytes> {
    const signed = parseSignedData(der);
    const [first] = signed.certificates;
    if (first === undefined) throw refused('request-invalid', { what: 'certificate' });
    const claimed = parseCertificate(first);
    const known = await registry.certificateByKey(claimed.spkiSha256);
    if (known === undefined || !equal(known.der, first)) throw refused('request-invalid', { what: 'certificate' });
    await verifySignedObject(signed, { contentType: OID.userRequest, certificate: first, publicKey: known.publicKey });
    const request = decodeJson(memberRequestSchema, signed.eContent);
    const now = clock.now();
    if (request.audience !== id) throw refused('request-invalid', { what: 'audience' });
    if (Math.abs(now.getTime() - request.time.getTime()) > REQUEST_SKEW) throw refused('clock-wrong');
    const value = encodeJson({ ...await answerTo(request, der, known), nonce: request.nonce });
    const { key, certificate } = parts.keys.inUse;
    return signObject(
      { type: OID.organisationAnswer, value, signingTime: now },
      { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
    );
  }

  async function answerTo(request: z.output<typeof memberRequestSchema>, der: Bytes, member: Certificate): Promise<object> {
    if (request.type === 'refusal') {
      return { type: 'refusal', contentDigest: request.contentDigest, params: {}, ...await records.refusal(request.contentDigest, member.emails[0] ?? '') };
    }
    if (request.type === 'report') {
      const { contentDigest, evidence, complaint } = request;
      await parts.requireInForce(member);
      return { type: 'report', contentDigest, ...await parts.desk.file({ contentDigest, evidence, complaint, reporter: member.emails[0] ?? '' }) };
    }
    if (request.type === 'sending-policy') return { type: 'sending-policy', ...parts.policy };
    requireIsp(await parts.organisationType());
    return { type: 'consent', ...request.type === 'consent' ? await parts.consents.keep(request, der, member) : await parts.consents.state(member) };
  }

  return app;
}

/** An add-on asks from an origin of its own (its identifier is new on every installation) and without cookies. */
export function pluginCors(): ReturnType<typeof cors> {
  return cors({ origin: '*', allowHeaders: ['authorization', 'content-type', 'content-transfer-encoding'], maxAge: 600 });
}

/** HTTP Basic (RFC 7617) as EST uses it: the address and the one-time code. */
function basicCredentials(header: string | undefined): { address: string; code: string } {
  const match = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(header ?? '');
  if (match?.[1] === undefined) throw refused('enrolment-refused');
  let text: string;
  try {
    text = fromUtf8(fromBase64(match[1]));
  } catch {
    throw refused('enrolment-refused');
  }
  const colon = text.lastIndexOf(':');
  if (colon < 1) throw refused('enrolment-refused');
  return { address: text.slice(0, colon), code: text.slice(colon + 1) };
}
