/** What every verification rests on: the Authority's root, its signed directory and its CRL (docs/protocol.md §9). */
import { type Bytes, equal } from '../core/bytes.ts';
import { parseSignedData, verifySignerInfo } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { refused, SsmaxError } from '../core/error.ts';
import { OID } from '../core/oids.ts';
import { type Certificate, parseCertificate } from '../core/pki/certificate.ts';
import { checkRevocation, type Crl, parseCrl } from '../core/pki/crl.ts';
import { validatePath } from '../core/pki/path.ts';
import type { SignatureCache } from '../core/pki/signed.ts';
import { decodeDirectory, type Directory, type Organisation } from '../wire/directory.ts';

export interface Trust {
  readonly root: Certificate;
  /** The Authority's delegate: signs directory and CRL, under the root's name. */
  readonly delegate: Certificate;
  readonly directory: Directory;
  /** The Authority's CRL: organisations. */
  readonly authorityCrl: Crl;
  /** Organisations' own CRLs (users and servers), as far as they are at hand. */
  readonly organisationCrls: readonly Crl[];
  readonly signatures?: SignatureCache;
}

export interface TrustMaterial {
  /** DER certificate of the Authority's root: pinned, never taken from the network. */
  readonly root: Bytes;
  /** DER SignedData of type id-ssmax-directory. */
  readonly directory: Bytes;
  /** DER CRLs: the Authority's and any organisation's. */
  readonly crls: readonly Bytes[];
}

/** Clocks of the directory's reader and writer may differ by this much; milliseconds. */
const SKEW = 10 * 60_000;

/**
 * Verifies and assembles trust material for use at `now`. A directory that is not the Authority's throws `refused`; one
 * that is out of date, or no usable Authority CRL, throws `unavailable` (`directory-stale`, `crl-missing`, `crl-stale`).
 */
export async function loadTrust(material: TrustMaterial, now: Date, signatures?: SignatureCache): Promise<Trust> {
  const root = parseCertificate(material.root);
  const { directory, delegate } = await verifyDirectory(material.directory, root, now, signatures);
  const crls = material.crls.map(parseCrl);
  const authorityCrl = newestCrl(crls.filter((crl) => equal(crl.issuerDer, root.subjectDer)));
  if (authorityCrl === undefined) throw new SsmaxError('unavailable', 'crl-missing', { issuer: root.subject.commonName ?? '' });
  // signature and freshness of the CRL are checked on the delegate itself, before any certificate is looked up in it
  await checkRevocation({ certificate: delegate, issuer: delegate, crl: authorityCrl, at: now });
  const organisationCrls = crls.filter((crl) => !equal(crl.issuerDer, root.subjectDer));
  return { root, delegate, directory, authorityCrl, organisationCrls, ...(signatures !== undefined && { signatures }) };
}

function newestCrl(crls: readonly Crl[]): Crl | undefined {
  return crls.reduce<Crl | undefined>((best, crl) => (best === undefined || crl.number > best.number ? crl : best), undefined);
}

async function verifyDirectory(
  der: Bytes, root: Certificate, now: Date, signatures: SignatureCache | undefined,
): Promise<{ directory: Directory; delegate: Certificate }> {
  const signed = parseSignedData(der);
  const [first] = signed.certificates;
  if (first === undefined) throw refused('directory-invalid', { what: 'certificate' });
  const delegate = parseCertificate(first);
  await validatePath({ leaf: delegate, intermediates: [], root, at: now, role: 'delegate', ...(signatures && { cache: signatures }) });
  await verifySignerInfo(signed.signer, {
    contentType: OID.directory,
    eContentDigest: await sha256(signed.eContent),
    certificate: first,
    publicKey: delegate.publicKey,
  });
  const directory = decodeDirectory(signed.eContent);
  if (directory.issued.getTime() > now.getTime() + SKEW) throw new SsmaxError('unavailable', 'clock-wrong');
  if (directory.nextUpdate < now) throw new SsmaxError('unavailable', 'directory-stale');
  return { directory, delegate };
}

/** The organisation that this certificate (current or former) belongs to; throws `organisation-unknown`. */
export function organisationOfCertificate(directory: Directory, certificate: Bytes): Organisation {
  const found = directory.organisations.find((organisation) =>
    [organisation.certificate, ...organisation.formerCertificates].some((der) => equal(der, certificate)));
  if (found === undefined) throw refused('organisation-unknown');
  return found;
}

/**
 * Checks that a certificate was in force at `at`: not revoked by then, nor later with an invalidity date before it
 * (RFC 5280 §5.3.2). `now` decides whether the CRL is fresh. Throws `certificate-revoked`, or `unavailable` where the CRL
 * cannot tell.
 */
export async function requireUnrevoked(
  input: { certificate: Certificate; issuer: Certificate; crl: Crl | undefined; at: Date; now: Date },
): Promise<void> {
  if (input.crl === undefined) throw new SsmaxError('unavailable', 'crl-missing', { issuer: input.issuer.subject.commonName ?? '' });
  const status = await checkRevocation({ certificate: input.certificate, issuer: input.issuer, crl: input.crl, at: input.now });
  if (status.status === 'good') return;
  const since = status.invalidityDate !== undefined && status.invalidityDate < status.date ? status.invalidityDate : status.date;
  if (since <= input.at) throw refused('certificate-revoked', { date: since.toISOString() });
}

/** The newest CRL at hand that this organisation's certificate issued. */
export function organisationCrl(trust: Trust, issuer: Certificate): Crl | undefined {
  return newestCrl(trust.organisationCrls.filter((crl) => equal(crl.issuerDer, issuer.subjectDer)));
}
