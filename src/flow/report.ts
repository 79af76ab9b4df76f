/**
 * Reporting abuse (design §2, docs/protocol-abuse.md): a member reports a mail by leg 3's signature, which only his own
 * organisation could make; that organisation reports by leg 2's, which only the sender's could make. Nobody can report a
 * mail that was never sent, and no content is needed to prove that it was.
 */
import { type Bytes, equal } from '../core/bytes.ts';
import { decodeSignerInfo, parseSignedData, signObject, verifySignedObject } from '../core/cms/signed-data.ts';
import { refused } from '../core/error.ts';
import type { NativeCrypto, PrivateKey } from '../core/keys.ts';
import { OID } from '../core/oids.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import { validatePath } from '../core/pki/path.ts';
import { domainOf } from '../mail/address.ts';
import { findCarrier } from '../mail/carrier.ts';
import { parseMime } from '../mail/mime.ts';
import type { Organisation } from '../wire/directory.ts';
import { decodeJson, encodeJson } from '../wire/json.ts';
import { decodeLeg } from '../wire/leg.ts';
import {
  type Complaint, type DeliveryEvidence, type OrganisationReport, organisationReportSchema, reportAnswerSchema, type ReportRequest,
} from '../wire/report.ts';
import { askOrganisation } from './member-request.ts';
import { openSubmission } from './open-submission.ts';
import { certificatesOf, requireNotRetired } from './organisation-keys.ts';
import type { Credential, Http } from './ports.ts';
import { sealTo } from './seal-to.ts';
import { cacheOf, requireUnrevoked, type Trust } from './trust.ts';
import { type SignedLeg, verifySigner } from './verify-leg.ts';

export interface Reporter {
  readonly http: Http;
  /** Base URL of the reporter's organisation's server, without a slash at its end. */
  readonly url: string;
  readonly credential: Credential;
  /** The reporter's organisation. */
  readonly organisation: Organisation;
  readonly now: Date;
  readonly random: (length: number) => Bytes;
}

export interface FiledReport {
  /** What the desk calls it. */
  readonly report: string;
  /** It had been filed before. */
  readonly known: boolean;
}

/**
 * Reports a mail as it lies in the reporter's mailbox (a whole RFC 5322 mail) to his organisation's desk. Throws SsmaxError:
 * `report-not-sealed` for a mail outside SSMAX, what the desk refuses with (`report-not-recipient`, `report-evidence`,
 * `evidence-erased`, `rate-limited`), `answer-mismatch`, `network-unreachable`.
 */
export async function reportMail(reporter: Reporter, mail: Bytes, complaint: Complaint): Promise<FiledReport> {
  const { organisation, now } = reporter;
  const { contentDigest: digest, evidence } = deliveryEvidence(mail);
  const request: ReportRequest = {
    type: 'report', contentDigest: digest, audience: organisation.id, time: now, nonce: reporter.random(32), evidence, complaint,
  };
  const { report, known, nonce, contentDigest: about } = await askOrganisation(reporter, organisation, request, reportAnswerSchema);
  if (!equal(nonce, request.nonce) || !equal(about, digest)) throw refused('answer-mismatch');
  return { report, known };
}

/** What a report needs of a delivered mail: the leg's signature, not its content. Throws `report-not-sealed` and what parsing throws. */
export function deliveryEvidence(mail: Bytes): { contentDigest: Bytes; evidence: DeliveryEvidence } {
  const carrier = findCarrier(parseMime(mail, 'outer'));
  if (carrier.kind === 'none') throw refused('report-not-sealed');
  const { signer, certificates } = parseSignedData(carrier.cms);
  const { leg } = signer.attributes;
  if (leg === undefined) throw refused('leg-missing');
  return { contentDigest: decodeLeg(leg).contentDigest, evidence: { signerInfo: signer.der, certificates: [...certificates] } };
}

interface Desk {
  /** The own organisation's certificate. */
  readonly own: Certificate;
  readonly trust: Trust;
  readonly now: Date;
}

/**
 * The receiving desk's check: leg 3 is the own organisation's word that this mail was delivered to `reporter` (undefined: to
 * whom it says). Throws `report-evidence`, `report-not-recipient`, and what verification of a signer throws.
 */
export async function verifyDelivery(
  { own, trust, now }: Desk, evidence: DeliveryEvidence, digest: Bytes, reporter: string | undefined,
): Promise<SignedLeg & { readonly deliveredTo: string; readonly previous: Bytes }> {
  const signed = await verifyEvidence(3, evidence.signerInfo, evidence.certificates, trust, now);
  const { leg, organisation } = signed;
  if (leg.leg !== 3 || organisation.id !== own.subject.organisationId) throw refused('report-evidence', { what: 'leg' });
  if (!equal(leg.contentDigest, digest)) throw refused('report-evidence', { what: 'content' });
  const [deliveredTo] = leg.recipients;
  if (deliveredTo === undefined || leg.previous === undefined) throw refused('report-evidence', { what: 'leg' });
  if (reporter !== undefined && reporter !== deliveredTo) throw refused('report-not-recipient');
  return { ...signed, deliveredTo, previous: leg.previous };
}

/**
 * A leg's signatures at its own time: evidence outlives certificates. Its number comes first: another organisation's leg 1
 * would be told "later" for ever, as nobody else has the revocation list of its users.
 */
async function verifyEvidence(number: 2 | 3, signerInfo: Bytes, certificates: readonly Bytes[], trust: Trust, now: Date): Promise<SignedLeg> {
  const signer = decodeSignerInfo(signerInfo);
  const { leg } = signer.attributes;
  if (leg === undefined || decodeLeg(leg).leg !== number) throw refused('report-evidence', { what: 'leg' });
  return verifySigner({ signer, certificates, eContentDigest: undefined, trust, now, at: signer.attributes.signingTime });
}

/**
 * The sending desk's check: leg 2 is the own organisation's word, countersigned by a gateway of its own, that its member sent
 * this mail to the organisation that reports it. `certificates`: the own ones, of the organisation and its gateways.
 * Throws `report-evidence` and what verification of a signer throws.
 */
export async function verifySent(
  { own, trust, now }: Desk, report: OrganisationReport, certificates: readonly Bytes[],
): Promise<SignedLeg & { readonly previous: Bytes }> {
  const signed = await verifyEvidence(2, report.leg, certificates, trust, now);
  const { leg, organisation } = signed;
  if (leg.leg !== 2 || organisation.id !== own.subject.organisationId || leg.previous === undefined) throw refused('report-evidence', { what: 'leg' });
  if (!equal(leg.contentDigest, report.contentDigest)) throw refused('report-evidence', { what: 'content' });
  const from = await trust.directory.byId(report.from);
  if (from === undefined) throw refused('organisation-unknown');
  if (!leg.recipients.every((address) => from.domains.includes(domainOf(address)))) throw refused('report-evidence', { what: 'recipients' });
  return { ...signed, previous: leg.previous };
}

/**
 * A report as it travels: signed by the reporting organisation, sealed to the one whose member sent, of which `entry` is the directory's word. Its
 * key must be one that the root certified for it, as a delegate alone could have reports sealed to another: throws what a path or
 * revocation check throws, `organisation-unknown`. A suspended organisation gets them all the same. DER AuthEnvelopedData.
 */
export async function sealReport(
  native: NativeCrypto, report: OrganisationReport, signer: { readonly key: PrivateKey; readonly certificate: Certificate }, entry: Organisation, trust: Trust, now: Date,
): Promise<Bytes> {
  const { key, certificate } = signer;
  const [target] = certificatesOf(entry);
  if (target?.subject.organisationId !== entry.id) throw refused('organisation-unknown');
  await validatePath({ leaf: target, intermediates: [], root: trust.roots, at: now, role: 'organisation', ...cacheOf(trust) });
  await requireUnrevoked({ certificate: target, issuer: trust.delegate, crl: trust.authorityCrl, at: now, now, suspended: 'allowed' });
  const value = await signObject(
    { type: OID.report, value: encodeJson(report), signingTime: report.time },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
  return sealTo(native, value, { purpose: 'report', target, sealer: certificate, recipient: `abuse@${entry.domains[0] ?? ''}` });
}

/**
 * Opens a report that the Authority handed on as coming from the organisation `from`, and verifies whose word it is. Throws
 * `report-invalid`, `organisation-unknown`, `content-invalid`, and what opening and certificate checks throw.
 */
export async function openReport(
  native: NativeCrypto, sealed: Bytes, own: Credential, from: string, trust: Trust, now: Date,
): Promise<OrganisationReport> {
  const organisation = await trust.directory.byId(from);
  if (organisation === undefined) throw refused('organisation-unknown');
  // A report may have been on its way while its organisation changed keys.
  const certificates = certificatesOf(organisation);
  const sealers = (): Promise<Bytes[]> => Promise.resolve(certificates.map(({ sha256: hash }) => hash));
  const { contents: [content] } = await openSubmission(sealed, { credential: own, native, sealers, purpose: 'report' }, 'sealed');
  if (content === undefined) throw refused('report-invalid', { what: 'content' });
  const signed = parseSignedData(content);
  const certificate = certificates.find((one) => equal(one.sha256, signed.signer.attributes.certificateHash));
  if (certificate === undefined) throw refused('report-invalid', { what: 'signer' });
  await verifySignedObject(signed, { contentType: OID.report, certificate: certificate.der, publicKey: certificate.publicKey });
  await validatePath({ leaf: certificate, intermediates: [], root: trust.roots, at: now, role: 'organisation', ...cacheOf(trust) });
  requireNotRetired(organisation, 'organisation', certificate.spkiSha256, now);
  await requireUnrevoked({ certificate, issuer: trust.delegate, crl: trust.authorityCrl, at: now, now });
  const report = decodeJson(organisationReportSchema, signed.eContent);
  if (report.from !== from) throw refused('report-invalid', { what: 'from' });
  if (report.to !== own.certificate.subject.organisationId) throw refused('report-invalid', { what: 'to' });
  return report;
}
