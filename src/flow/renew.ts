/** Renewal of an address certificate, unseen by its holder: a new certificate for the same key (docs/protocol-life.md §2). */
import { equal } from '../core/bytes.ts';
import { signObject } from '../core/cms/signed-data.ts';
import { refused } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { encodeJson } from '../wire/json.ts';
import type { RenewalRequest } from '../wire/life-requests.ts';
import { enrollingOrganisation, ownCertificate, readAnswer } from './enrol.ts';
import type { Credential, Http } from './ports.ts';
import type { Trust } from './trust.ts';

/** At two thirds of its life there is time for many attempts. */
function dueAt({ notBefore, notAfter }: Certificate): number {
  return notBefore.getTime() + (notAfter.getTime() - notBefore.getTime()) * 2 / 3;
}

/** Whether a certificate is to be renewed now: by its age, or because its organisation has another key since. */
export async function renewalDue(certificate: Certificate, trust: Trust, now: Date): Promise<boolean> {
  const organisation = parseCertificate((await enrollingOrganisation(certificate.emails[0] ?? '', trust)).certificate);
  return now.getTime() >= dueAt(certificate) || !equal(certificate.authorityKeyIdentifier, organisation.subjectKeyIdentifier);
}

export interface RenewalOrder {
  readonly http: Http;
  /** Base URL of the organisation's server, without a slash at its end. */
  readonly url: string;
  readonly trust: Trust;
  readonly now: Date;
  readonly random: (length: number) => RenewalRequest['nonce'];
  readonly credential: Credential;
}

/**
 * The new certificate. The request is signed by the key itself, so that nothing else is needed; asking again gives the same one.
 * Throws `organisation-unknown`, `certificate-revoked`, `certificate-suspended`, `renewal-too-late` and what else the server refuses
 * with, `enrolment-answer-invalid`, `network-unreachable`.
 */
export async function renewCertificate({ http, url, trust, now, random, credential: { key, certificate } }: RenewalOrder): Promise<Certificate> {
  const [address] = certificate.emails;
  if (address === undefined) throw refused('certificate-role', { expected: 'user', found: 'none' });
  const organisation = await enrollingOrganisation(address, trust);
  const request: RenewalRequest = { type: 'renewal', audience: organisation.id, time: now, nonce: random(32) };
  const body = await signObject(
    { type: OID.userRequest, value: encodeJson(request), signingTime: now },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
  const answer = await http({ method: 'POST', url: `${url}/.well-known/est/simplereenroll`, headers: { 'Content-Type': 'application/cms' }, body });
  return ownCertificate(readAnswer(answer), organisation, { address, key, trust, now });
}
