/**
 * Certificate revocation lists (RFC 5280 §5) in the SSMAX profile: version 2, complete and direct, always with nextUpdate,
 * authority key identifier and CRL number. Entries stay when their certificate has expired: old mail is judged by them.
 * Whatever is wrong with a CRL means "cannot check now" (`unavailable`): it never lets a certificate pass, and it says
 * nothing against the certificate either.
 */
import { type Bytes, equal, hex } from '../bytes.ts';
import { DerCursor, TAG, contextTag, readDer, readSequence } from '../der.ts';
import { sha256 } from '../digest.ts';
import { type ErrorParams, SsmaxError, refused } from '../error.ts';
import type { Certificate } from './certificate.ts';
import { crlToBeSigned } from './encode-crl.ts';
import { readAuthorityKeyIdentifier, readExtensions, readSerial } from './extensions.ts';
import type { Issuer } from './issue.ts';
import { readName, type Subject } from './names.ts';
import { PKI_OID } from './object-identifiers.ts';
import { hash } from './public-key.ts';
import { type SignatureCache, type Signed, isSignedBy, readSignatureAlgorithm, readSigned, sign } from './signed.ts';

/** Largest CRL read, in bytes: 100,000 entries with every extension. */
const MAX_CRL = 8 * 1024 * 1024;
const MAX_ENTRIES = 100_000;
/** Keys that one organisation may have had. */
const MAX_ISSUERS = 16;
/** How far the issuer's clock may be ahead of ours; milliseconds. */
const SKEW = 10 * 60_000;

/** CRLReason (RFC 5280 §5.3.1) but `removeFromCRL`, which only delta CRLs have. `unspecified` is never written. */
const REASONS = {
  unspecified: 0, keyCompromise: 1, cACompromise: 2, affiliationChanged: 3, superseded: 4, cessationOfOperation: 5, certificateHold: 6,
  privilegeWithdrawn: 9, aACompromise: 10,
} as const;
export type RevocationReason = keyof typeof REASONS;

export interface Revocation {
  /** As Certificate.serial. */
  readonly serial: string;
  /** When it was revoked. */
  readonly date: Date;
  readonly reason: RevocationReason;
  /** Since when the certificate is known or suspected to be invalid, if that is earlier. */
  readonly invalidityDate?: Date;
}

export interface Crl extends Signed {
  readonly der: Bytes;
  /** SHA-256 of `der`. */
  readonly sha256: Bytes;
  /** DER Name. */
  readonly issuerDer: Bytes;
  readonly issuer: Subject;
  readonly authorityKeyIdentifier: Bytes;
  /** Grows with every CRL of one issuer; a reader keeps the highest it has seen. */
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** By serial. */
  readonly revoked: ReadonlyMap<string, Revocation>;
}

export interface CrlOrder {
  /** The organisation, the Authority's root, or its delegate. */
  readonly issuer: Issuer;
  readonly number: number | bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly (Omit<Revocation, 'reason'> & { readonly reason?: RevocationReason })[];
}

/** Issues a CRL; returns it parsed (`der` is what to publish). Throws `crl-order` or, as a fault, `issuer-key-mismatch`. */
export async function issueCrl({ issuer, number, thisUpdate, nextUpdate, revoked }: CrlOrder): Promise<Crl> {
  const { certificate, key } = issuer;
  if (!equal(certificate.publicKey, key.publicKey)) throw new SsmaxError('fault', 'issuer-key-mismatch');
  if (!certificate.keyUsage.includes('cRLSign')) throw refused('crl-order', { what: 'issuer may not sign CRLs' });
  if (!(thisUpdate < nextUpdate)) throw refused('crl-order', { what: 'nextUpdate' });
  if (new Set(revoked.map(({ serial }) => serial)).size !== revoked.length) throw refused('crl-order', { what: 'serial twice' });
  const tbs = crlToBeSigned({
    issuer: certificate.subjectDer,
    authorityKeyIdentifier: certificate.subjectKeyIdentifier,
    number: BigInt(number),
    thisUpdate,
    nextUpdate,
    entries: revoked.map(({ reason = 'unspecified', ...entry }) => (reason === 'unspecified' ? entry : { ...entry, reason: REASONS[reason] })),
  });
  return parseCrl(await sign(tbs, key));
}

/** Reads one DER CRL. Throws SsmaxError (`unavailable`) `crl-too-large` or `crl-malformed`. */
export function parseCrl(der: Uint8Array): Crl {
  if (der.length > MAX_CRL) throw unusable('crl-too-large', { bytes: der.length });
  const own = Uint8Array.from(der);
  try {
    const signed = readDer(own, (cursor) => readSigned(cursor, 'crl-malformed'));
    return { der: own, sha256: hash(own), ...signed, ...readDer(signed.tbs, readTbs) };
  } catch (error) {
    if (error instanceof SsmaxError && error.kind === 'refused') throw unusable('crl-malformed', error.params, error);
    throw error;
  }
}

/** Reads a CRL; the same bytes again give the same object. */
export type CrlReader = (der: Bytes) => Promise<Crl>;

/** Lists are read far more often than they change, and a long one takes a second: the last `limit` are kept. */
export function createCrlReader(limit = 64): CrlReader {
  const known = new Map<string, Crl>();
  return async (der) => {
    const name = hex(await sha256(der));
    const crl = known.get(name) ?? parseCrl(der);
    known.delete(name);
    known.set(name, crl); // the latest stands last
    const [oldest] = known.keys();
    if (known.size > limit && oldest !== undefined) known.delete(oldest);
    return crl;
  };
}

/** CRLs that stand one after the other in `bytes`: an organisation has one for each of its keys. Throws `crl-malformed` (unavailable). */
export function splitCrls(bytes: Bytes): Bytes[] {
  try {
    return DerCursor.over(bytes).list((cursor) => cursor.element(TAG.sequence).full, MAX_ISSUERS);
  } catch (error) {
    if (error instanceof SsmaxError && error.kind === 'refused') throw unusable('crl-malformed', error.params, error);
    throw error;
  }
}

function unusable(code: string, params: ErrorParams = {}, cause?: unknown): SsmaxError {
  return new SsmaxError('unavailable', code, params, cause === undefined ? undefined : { cause });
}

type Body = Omit<Crl, 'der' | 'sha256' | keyof Signed>;

function readTbs(cursor: DerCursor): Body {
  return readSequence(cursor, (tbs) => {
    if (tbs.small() !== 1) throw refused('crl-malformed', { what: 'version' });
    readSignatureAlgorithm(tbs, 'crl-malformed');
    const { der: issuerDer, subject: issuer } = readName(tbs);
    const thisUpdate = tbs.rfc5280Time();
    const nextUpdate = tbs.rfc5280Time();
    if (nextUpdate < thisUpdate) throw refused('crl-malformed', { what: 'nextUpdate' });
    const revoked = tbs.peek() === TAG.sequence ? readEntries(tbs) : new Map<string, Revocation>();
    const extensions = readSequence(tbs, readCrlExtensions, contextTag(0));
    return { issuerDer, issuer, thisUpdate, nextUpdate, revoked, ...extensions };
  });
}

function readEntries(tbs: DerCursor): Map<string, Revocation> {
  const revoked = new Map<string, Revocation>();
  readSequence(tbs, (list) => list.list((entry) => {
    const revocation = readSequence(entry, readEntry);
    if (revoked.has(revocation.serial)) throw refused('crl-malformed', { what: 'serial twice' });
    revoked.set(revocation.serial, revocation);
  }, MAX_ENTRIES));
  if (revoked.size === 0) throw refused('crl-malformed', { what: 'empty list' }); // RFC 5280 §5.1.2.6: then it is absent
  return revoked;
}

function readEntry(entry: DerCursor): Revocation {
  const serial = readSerial(entry);
  const date = entry.rfc5280Time();
  let reason: RevocationReason = 'unspecified';
  let invalidityDate: Date | undefined;
  if (!entry.done) {
    readExtensions(entry, {
      [PKI_OID.reasonCode]: (value) => (reason = readReason(value)),
      [PKI_OID.invalidityDate]: (value) => {
        invalidityDate = value.generalizedTime();
      },
    });
  }
  return { serial, date, reason, ...(invalidityDate === undefined ? {} : { invalidityDate }) };
}

function readReason(value: DerCursor): RevocationReason {
  const number = value.small(TAG.enumerated);
  const found = (Object.keys(REASONS) as RevocationReason[]).find((reason) => REASONS[reason] === number);
  if (found === undefined) throw refused('crl-malformed', { what: 'reason' });
  return found;
}

function readCrlExtensions(cursor: DerCursor): Pick<Crl, 'authorityKeyIdentifier' | 'number'> {
  let authorityKeyIdentifier: Bytes | undefined;
  let number: bigint | undefined;
  // Delta CRLs, indirect CRLs and CRLs by reason announce themselves by a critical extension, which is refused.
  readExtensions(cursor, {
    [PKI_OID.authorityKeyIdentifier]: (value) => (authorityKeyIdentifier = readAuthorityKeyIdentifier(value)),
    [PKI_OID.crlNumber]: (value) => (number = value.integer()),
  });
  if (authorityKeyIdentifier === undefined || number === undefined || number >> 159n !== 0n) {
    throw refused('crl-malformed', { what: 'extensions' });
  }
  return { authorityKeyIdentifier, number };
}

export interface RevocationRequest {
  readonly certificate: Certificate;
  /** Who must have signed the CRL: the certificate's issuer, or the Authority's delegate for what the root issued. Validated by the caller. */
  readonly issuer: Certificate;
  readonly crl: Crl;
  /** The present moment: whether the CRL is fresh. (Whether a revocation reaches back to an old mail is the caller's to judge.) */
  readonly at: Date;
  readonly cache?: SignatureCache;
}

export type RevocationStatus =
  | { readonly status: 'good' }
  | ({ readonly status: 'revoked' } & Revocation);

/**
 * Looks the certificate up. Throws SsmaxError (`unavailable`) where the CRL cannot tell: `crl-wrong-issuer`,
 * `crl-signature`, `crl-not-yet-valid`, `crl-stale` (nextUpdate has passed).
 */
export async function checkRevocation({ certificate, issuer, crl, at, cache }: RevocationRequest): Promise<RevocationStatus> {
  const rightIssuer =
    equal(certificate.issuerDer, crl.issuerDer) && equal(issuer.subjectDer, crl.issuerDer) &&
    equal(issuer.subjectKeyIdentifier, crl.authorityKeyIdentifier) && issuer.keyUsage.includes('cRLSign');
  if (!rightIssuer) throw unusable('crl-wrong-issuer');
  if (!(await signedByIssuer(crl, issuer, cache))) throw unusable('crl-signature');
  if (crl.thisUpdate.getTime() > at.getTime() + SKEW) throw unusable('crl-not-yet-valid', { thisUpdate: crl.thisUpdate.toISOString() });
  if (crl.nextUpdate < at) throw unusable('crl-stale', { nextUpdate: crl.nextUpdate.toISOString() });
  const found = crl.revoked.get(certificate.serial);
  if (found === undefined) return { status: 'good' };
  return { ...found, status: 'revoked' };
}

/** Issuers whose signature a parsed list was found to carry: hashing megabytes for every look-up would be the most of its cost. */
const signers = new WeakMap<Crl, Set<string>>();

async function signedByIssuer(crl: Crl, issuer: Certificate, cache: SignatureCache | undefined): Promise<boolean> {
  const key = hex(issuer.spkiSha256);
  const known = signers.get(crl) ?? new Set();
  if (known.has(key)) return true;
  if (!(await isSignedBy(crl, issuer.publicKey, `${hex(crl.sha256)}<${key}`, cache))) return false;
  signers.set(crl, known.add(key));
  return true;
}
