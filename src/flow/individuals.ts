/**
 * Members of an ISP are individuals (design §2, docs/protocol.md §10): nothing of theirs is inspected, in a direction to
 * which they did not consent by a statement of their own key. Key server and gateway both decide by this file: the key
 * server by what it keeps, the gateway by the statements that it is shown.
 */
import type { Bytes } from '../core/bytes.ts';
import { equal } from '../core/bytes.ts';
import { parseSignedData, verifySignedObject } from '../core/cms/signed-data.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { validatePath } from '../core/pki/path.ts';
import { type ConsentStatement, consentStatementSchema } from '../wire/consent.ts';
import type { Organisation } from '../wire/directory.ts';
import { decodeJson } from '../wire/json.ts';
import type { Direction, Inspection } from '../wire/leg.ts';
import type { Consent } from '../wire/relay.ts';
import { ownEntry } from './organisation-keys.ts';
import { organisationCrl, requireUnrevoked, type Trust } from './trust.ts';

/** Whether mail of this direction is inspected for this address: outbound the sender's, inbound a recipient's as it was written. */
export type Inspected = (direction: Direction, address: string) => boolean;

/** An organisation inspects everything. */
const always: Inspected = () => true;

/** The rule that a key server keeps: `consented` are the pairs of direction and address for which it has statements. */
export function inspectedAt(own: Organisation, consented: readonly Pick<Consent, 'direction' | 'address'>[]): Inspected {
  if (own.type !== 'isp') return always;
  return (direction, address) => consented.some((one) => one.direction === direction && one.address === address);
}

/** What stands in the leg of a mail that was not inspected. */
function notInspected(direction: Direction): Inspection {
  return { direction, result: 'not-inspected', policy: 'no-consent', codes: [] };
}

/** What an attestation says of each direction due: the verdict's result, or that there was no inspection. */
export function inspectionsOf(
  due: readonly Direction[], addresses: { sender: string; recipient: string | undefined }, inspected: Inspected, verdicts: readonly Inspection[],
): Inspection[] {
  return due.map((direction) => {
    if (!inspected(direction, addressOf(direction, addresses))) return notInspected(direction);
    const verdict = verdicts.find((one) => one.direction === direction);
    if (verdict === undefined) throw refused('verdict-missing', { direction });
    return verdict;
  });
}

/** Directions due in which a split is inspected. */
export function inspectedDirections(
  due: readonly Direction[], addresses: { sender: string; recipient: string | undefined }, inspected: Inspected,
): Direction[] {
  return due.filter((direction) => inspected(direction, addressOf(direction, addresses)));
}

function addressOf(direction: Direction, { sender, recipient = '' }: { sender: string; recipient: string | undefined }): string {
  return direction === 'outbound' ? sender : recipient;
}

/** A statement, verified: whose it is. */
export interface VerifiedConsent extends ConsentStatement {
  readonly certificate: Certificate;
}

/**
 * Verifies a statement: by the key of a member of the organisation `own` whose certificate was in force when it was made,
 * for its own address. Throws `consent-invalid` and what a signature, path or revocation check throws.
 */
export async function verifyConsent(der: Bytes, own: { id: string; certificate: Certificate }, trust: Trust, now: Date): Promise<VerifiedConsent> {
  const signed = parseSignedData(der);
  const certificate = signed.certificates.map((one) => parseCertificate(one))
    .find((one) => equal(one.subjectKeyIdentifier, signed.signer.subjectKeyIdentifier));
  if (certificate === undefined) throw refused('consent-invalid', { what: 'certificate' });
  await verifySignedObject(signed, { contentType: OID.userRequest, certificate: certificate.der, publicKey: certificate.publicKey });
  const statement = decodeJson(consentStatementSchema, signed.eContent);
  if (statement.audience !== own.id) throw refused('consent-invalid', { what: 'audience' });
  if (statement.time > now && statement.time.getTime() - now.getTime() > 10 * 60_000) throw refused('consent-invalid', { what: 'time' });
  const intermediates = await formerOf(own.certificate, trust);
  const { organisation: issuer } = await validatePath({ leaf: certificate, intermediates, root: trust.roots, at: statement.time, role: 'user' });
  if (issuer === undefined) throw refused('consent-invalid', { what: 'certificate' });
  // Each key of the organisation has a list of its own; one that was lost vouches for nobody.
  await requireUnrevoked({ certificate: issuer, issuer: trust.delegate, crl: trust.authorityCrl, at: statement.time, now });
  await requireUnrevoked({ certificate, issuer, crl: organisationCrl(trust, issuer), at: statement.time, now });
  if (certificate.emails.join() !== statement.address) throw refused('consent-invalid', { what: 'address' });
  return { ...statement, certificate };
}

/** An organisation's certificates, now and formerly: a statement outlives a renewal. */
async function formerOf(own: Certificate, trust: Trust): Promise<Certificate[]> {
  const { formerCertificates } = await ownEntry(trust, own);
  return [own, ...formerCertificates.map((der) => parseCertificate(der))];
}

/**
 * The rule as a gateway knows it: each consent that its key server claims must be shown by statements that say so. Throws
 * `key-server-answer-invalid`. `holders` are the addresses whose statements opened the way for a recipient.
 */
export async function inspectedByStatements(
  consents: readonly Consent[], own: { entry: Organisation; certificate: Certificate }, trust: Trust, now: Date,
): Promise<{ inspected: Inspected; holders: ReadonlyMap<string, ReadonlySet<string>> }> {
  const holders = new Map<string, Set<string>>();
  for (const { direction, address, statements } of consents) {
    if (statements.length === 0) throw refused('key-server-answer-invalid', { what: 'consent' });
    const verified = await Promise.all(statements.map((der) => verifyStatement(der, own, trust, now)));
    if (verified.some((statement) => !statement[direction])) throw refused('key-server-answer-invalid', { what: 'consent' });
    if (direction === 'outbound' && verified.some((statement) => statement.address !== address)) throw refused('key-server-answer-invalid', { what: 'consent' });
    if (direction === 'inbound') holders.set(address, new Set(verified.map((statement) => statement.address)));
  }
  return { inspected: inspectedAt(own.entry, consents), holders };
}

async function verifyStatement(der: Bytes, own: { entry: Organisation; certificate: Certificate }, trust: Trust, now: Date): Promise<VerifiedConsent> {
  try {
    return await verifyConsent(der, { id: own.entry.id, certificate: own.certificate }, trust, now);
  } catch (error) {
    if (!(error instanceof SsmaxError) || error.kind !== 'refused') throw error;
    throw refused('key-server-answer-invalid', { what: `consent: ${error.code}` }, error);
  }
}
