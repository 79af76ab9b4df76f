/** What a member asks his organisation: a request signed by his key, an answer signed by the organisation's (docs/protocol.md §9.3). */
import type { z } from 'zod';
import { parseSignedData, signObject, verifySignedObject } from '../core/cms/signed-data.ts';
import { OID } from '../core/oids.ts';
import { parseCertificate } from '../core/pki/certificate.ts';
import type { Organisation } from '../wire/directory.ts';
import { decodeJson, encodeJson } from '../wire/json.ts';
import { decodeProblem } from '../wire/problem.ts';
import type { Credential, Http } from './ports.ts';

/**
 * Asks; the caller compares the answer's nonce with the request's. Throws what the server refused with, `answer-invalid`,
 * `network-unreachable`, and what a signature that is not the organisation's throws.
 */
export async function askOrganisation<T>(
  { http, url, credential }: { http: Http; url: string; credential: Credential }, organisation: Organisation, request: { time: Date }, schema: z.ZodType<T>,
): Promise<T> {
  const { certificate, key } = credential;
  const body = await signObject(
    { type: OID.userRequest, value: encodeJson(request), signingTime: request.time },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
  const answer = await http({ method: 'POST', url: `${url}/ssmax/v1/requests`, headers: { 'Content-Type': 'application/cms' }, body });
  if (answer.status !== 200) throw decodeProblem(answer.status, answer.body);
  const signed = parseSignedData(answer.body);
  const issuer = parseCertificate(organisation.certificate);
  await verifySignedObject(signed, { contentType: OID.organisationAnswer, certificate: issuer.der, publicKey: issuer.publicKey });
  return decodeJson(schema, signed.eContent);
}
