/** An organisation's report on a mail from outside SSMAX: signed by its gateway, believed by its own members only. */
import { type Bytes, equal } from '../core/bytes.ts';
import { parseSignedData, signObject, verifySignedObject } from '../core/cms/signed-data.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { parseCertificate } from '../core/pki/certificate.ts';
import { validatePath } from '../core/pki/path.ts';
import { domainOf } from '../mail/address.ts';
import type { Entity } from '../mail/mime.ts';
import { mailDigest } from '../mail/outside-digest.ts';
import type { Organisation } from '../wire/directory.ts';
import { fromBase64 } from '../wire/json.ts';
import { decodeOutsideReport, encodeOutsideReport, type OutsideReport } from '../wire/outside-report.ts';
import type { Credential } from './ports.ts';
import { organisationCrl, requireUnrevoked, type Trust } from './trust.ts';

export const OUTSIDE_FIELD = 'X-SSMAX-Outside';
export const REPORT_FIELD = 'X-SSMAX-Outside-Report';

export interface BelievedReport extends OutsideReport {
  /** The organisation that says so. */
  readonly names: Organisation['names'];
}

export function signOutsideReport(report: OutsideReport, { key, certificate }: Credential): Promise<Bytes> {
  return signObject(
    { type: OID.outsideReport, value: encodeOutsideReport(report), signingTime: report.time },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
}

/**
 * The report in a mail, if there is one to believe: about this very mail, by a gateway that the directory lists for the
 * organisation of one of the reader's `addresses` (undefined: of any organisation). Undefined where there is none; throws
 * what makes one unbelievable.
 */
export async function readOutsideReport(
  raw: Bytes, outer: Entity, addresses: readonly string[] | undefined, trust: Trust, now: Date,
): Promise<BelievedReport | undefined> {
  const [field, ...others] = outer.headers.all(REPORT_FIELD);
  if (field === undefined) return undefined;
  if (others.length > 0) throw refused('outside-report-invalid', { what: 'several' });
  const signed = parseSignedData(fromBase64(field.replace(/\s+/g, '')));
  const certificate = signed.certificates.map((der) => parseCertificate(der)).find((one) => equal(one.subjectKeyIdentifier, signed.signer.subjectKeyIdentifier));
  if (certificate === undefined) throw refused('outside-report-invalid', { what: 'certificate' });
  await verifySignedObject(signed, { contentType: OID.outsideReport, certificate: certificate.der, publicKey: certificate.publicKey });
  const report = decodeOutsideReport(signed.eContent);
  const organisation = await trust.directory.byId(report.organisation);
  if (organisation === undefined) throw refused('organisation-unknown');
  const own = addresses && await Promise.all(addresses.map(async (address) => (await trust.directory.byDomain(domainOf(address)))?.id));
  if (own?.includes(organisation.id) === false) throw refused('outside-report-invalid', { what: 'organisation' });
  if (!organisation.gateways.some((hash) => equal(hash, certificate.spkiSha256))) throw refused('gateway-unknown');
  const intermediates = [organisation.certificate, ...organisation.formerCertificates].map((der) => parseCertificate(der));
  const { organisation: issuer } = await validatePath({ leaf: certificate, intermediates, root: trust.roots, at: report.time, role: 'gateway' });
  const crl = issuer === undefined ? undefined : organisationCrl(trust, issuer);
  if (issuer !== undefined && crl !== undefined) await requireUnrevoked({ certificate, issuer, crl, at: report.time, now });
  if (report.time.getTime() - now.getTime() > 10 * 60_000) throw new SsmaxError('refused', 'clock-wrong');
  if (!equal(report.mail, await mailDigest(raw))) throw refused('outside-report-invalid', { what: 'mail' });
  return { ...report, names: organisation.names };
}

/** The domain that a report confirms as the mail's: From's, by DMARC. It says nothing about the person. */
export function confirmedDomain({ dmarc }: OutsideReport): string | undefined {
  return dmarc?.result === 'pass' ? dmarc.domain : undefined;
}

/** What a report says against its mail: a signature that does not hold, or a From whose domain did not send it; undefined where it says nothing. */
export function objectionOf({ dmarc, smime }: OutsideReport): { readonly kind: 'signature' } | { readonly kind: 'domain'; readonly domain: string } | undefined {
  if (smime?.result === 'invalid' || smime?.revocation === 'revoked') return { kind: 'signature' };
  return dmarc?.result === 'fail' ? { kind: 'domain', domain: dmarc.domain ?? '' } : undefined;
}
