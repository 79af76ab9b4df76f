/** What a member asks of his organisation's server: trust material, and a certificate for a key made here (docs/protocol.md §9.2). */
import { type Bytes, equal, fromUtf8, utf8 } from '../core/bytes.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { PrivateKey } from '../core/keys.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { decodeCertsOnly } from '../core/pki/certs-only.ts';
import { createCsr } from '../core/pki/csr.ts';
import { validatePath } from '../core/pki/path.ts';
import { domainOf } from '../mail/address.ts';
import type { Organisation } from '../wire/directory.ts';
import { INDEX_FILE } from '../wire/directory-index.ts';
import { fromBase64, toBase64 } from '../wire/json.ts';
import { decodeProblem } from '../wire/problem.ts';
import type { DirectorySource } from './directory-files.ts';
import type { Http, HttpAnswer } from './ports.ts';
import { loadTrust, type Trust, type TrustCache } from './trust.ts';

/** Trust material as it was published; lists in DER. */
interface Published {
  readonly directory: DirectorySource;
  readonly authorityCrl: Bytes;
  readonly organisationCrl: Bytes;
}

/**
 * Fetches trust material and verifies it up to the pinned root; `url` without a slash at its end. Throws `unavailable`:
 * `network-unreachable`, `server-refused`, `trust-invalid`, and what loadTrust throws of that kind.
 */
export async function fetchTrust(
  http: Http, url: string, root: Bytes, now: Date, cache?: TrustCache,
): Promise<{ published: Published; trust: Trust }> {
  const published = await fetchPublished(http, url);
  const { directory, authorityCrl, organisationCrl } = published;
  try {
    return { published, trust: await loadTrust({ root, directory, crls: [authorityCrl, organisationCrl] }, now, cache) };
  } catch (error) {
    if (!(error instanceof SsmaxError) || error.kind !== 'refused') throw error;
    // Somebody answers in the organisation's name with what the Authority never signed: nothing can be checked by it.
    throw new SsmaxError('unavailable', 'trust-invalid', { directory: url, reason: error.code }, { cause: error });
  }
}

async function fetchPublished(http: Http, url: string): Promise<Published> {
  const get = async (path: string): Promise<Bytes> => {
    const { status, body } = await http({ method: 'GET', url: `${url}${path}` });
    // Whatever it says, there is nothing to check by now.
    if (status !== 200) throw new SsmaxError('unavailable', 'server-refused', { path, status }, { cause: decodeProblem(status, body) });
    return body;
  };
  const file = (name: string): Promise<Bytes> => get(`/ssmax/v1/directory/${name}`);
  const [index, authorityCrl, organisationCrl] = await Promise.all([
    file(INDEX_FILE), get('/ssmax/v1/crl/authority'), get('/ssmax/v1/crl/organisation'),
  ]);
  return { directory: { index, file }, authorityCrl, organisationCrl };
}

export interface EnrolmentOrder {
  readonly http: Http;
  /** Base URL of the organisation's server, without a slash at its end. */
  readonly url: string;
  readonly trust: Trust;
  readonly now: Date;
  /** Normalised. */
  readonly address: string;
  /** The one-time code as it was given; white space does not count. */
  readonly code: string;
  readonly key: PrivateKey;
}

/** The organisation that would certify this address. Throws `organisation-unknown`. */
export async function enrollingOrganisation(address: string, { directory }: Trust): Promise<Organisation> {
  const organisation = await directory.byDomain(domainOf(address));
  if (organisation === undefined) throw refused('organisation-unknown', { domain: domainOf(address) });
  return organisation;
}

/**
 * Enrols: the address certificate for the key. The same code with the same key again gets the same certificate, so an
 * answer lost on the way can be asked for again. Throws SsmaxError: `organisation-unknown`, `enrolment-refused`,
 * `enrolment-rate-limited` and what else the server refuses with, `answer-invalid`, `enrolment-answer-invalid`,
 * `network-unreachable`.
 */
export async function requestCertificate(order: EnrolmentOrder): Promise<Certificate> {
  const { http, url, address, code, key } = order;
  const organisation = await enrollingOrganisation(address, order.trust);
  const answer = await http({
    method: 'POST',
    url: `${url}/.well-known/est/simpleenroll`,
    headers: {
      'Authorization': `Basic ${toBase64(utf8(`${address}:${code.replace(/\s+/g, '')}`))}`,
      'Content-Type': 'application/pkcs10',
      'Content-Transfer-Encoding': 'base64',
    },
    body: utf8(toBase64(await createCsr(key, { email: address }))),
  });
  return ownCertificate(readAnswer(answer), organisation, order);
}

/** The certificates of an EST answer; throws what the server refused with, `enrolment-answer-invalid`. */
export function readAnswer({ status, body }: HttpAnswer): readonly Certificate[] {
  if (status !== 200) throw decodeProblem(status, body);
  try {
    return decodeCertsOnly(fromBase64(fromUtf8(body.subarray(0, 65_536)).replace(/\s+/g, ''))).map((der) => parseCertificate(der));
  } catch (cause) {
    throw refused('enrolment-answer-invalid', { what: 'format' }, cause);
  }
}

/** The certificate in the answer that is for this key, checked as every reader of its mail will. */
export async function ownCertificate(
  certificates: readonly Certificate[], organisation: Organisation, { address, key, trust, now }: Pick<EnrolmentOrder, 'address' | 'key' | 'trust' | 'now'>,
): Promise<Certificate> {
  const own = certificates.find(({ publicKey }) => equal(publicKey, key.publicKey));
  const [email, ...others] = own?.emails ?? [];
  if (own === undefined || email !== address || others.length > 0) throw refused('enrolment-answer-invalid', { what: 'certificate' });
  const intermediates = [organisation.certificate, ...organisation.formerCertificates].map((der) => parseCertificate(der));
  try {
    await validatePath({ leaf: own, intermediates, root: trust.roots, at: now, role: 'user' });
  } catch (cause) {
    throw refused('enrolment-answer-invalid', { what: cause instanceof SsmaxError ? cause.code : 'path' }, cause);
  }
  return own;
}
