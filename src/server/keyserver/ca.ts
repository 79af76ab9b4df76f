/** The organisation's private CA: address certificates, server certificates, revocation, the CRL. */
import { type Bytes, concat, equal } from '../../core/bytes.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { issueCrl, type RevocationReason } from '../../core/pki/crl.ts';
import { type Issuer, issueMailSigner, issueServer, issueUser } from '../../core/pki/issue.ts';
import type { Clock } from '../../flow/ports.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import { nextNumber } from '../shared/crl-number.ts';
import { requireNotSuspended } from './suspension.ts';
import type { Store } from './tables.ts';

const DAY = 86_400_000;
/** Address certificates are renewed in silence; servers' by their administrators. */
const USER_VALIDITY = 365 * DAY;
const SERVER_VALIDITY = 2 * 365 * DAY;
/** How long ago a mail may have been signed that goes outside now (docs/protocol.md §10): its mail signer is in force at that time. */
const SEALED_FOR = 5 * DAY;
/** A CRL is good for a day and made anew every hour, so that a short outage stops no mail. */
const CRL_VALIDITY = DAY;

export interface Ca {
  readonly certificate: Certificate;
  /** `codeHash`: the enrolment code that this certificate answers; the certificate is written into its row. */
  issueUser(member: { id: string; address: string; displayName: string; pseudonym: boolean }, publicKey: Bytes, codeHash?: Bytes): Promise<Certificate>;
  issueServer(role: 'gateway' | 'inspection' | 'key-server', hostName: string, publicKey: Bytes): Promise<Certificate>;
  /** For mail from this address to readers outside SSMAX. */
  issueMailSigner(address: string, publicKey: Bytes): Promise<Certificate>;
  /** Revokes at once and publishes a new CRL. Throws `certificate-unknown`. */
  revoke(serial: string, reason: RevocationReason, invalidSince?: Date): Promise<void>;
  /** The CRLs in force, DER, one after the other: that of the key in use first. */
  crl(): Promise<Bytes>;
  /** Makes the CRL anew. */
  publishCrl(): Promise<void>;
}

/** Who signs: the organisation's key in use; former ones go on listing what they issued. */
export interface CaKeys {
  readonly inUse: Issuer;
  /** Those that the directory names, the one in use first. */
  readonly listed: readonly Issuer[];
}

/** `signer`: the organisation's keys, or its only one. */
export function createCa(store: Store, signer: CaKeys | Issuer, random: (length: number) => Bytes, clock: Clock): Ca {
  const keys: CaKeys = 'listed' in signer ? signer : { inUse: signer, listed: [signer] };
  const validity = (duration: number, before = 0): { notBefore: Date; notAfter: Date } => {
    const now = clock.now().getTime();
    return { notBefore: new Date(now - before - 10 * 60_000), notAfter: new Date(now + duration) };
  };

  async function keep(certificate: Certificate, issuer: Issuer, role: string, address: string, member: string | null, codeHash?: Bytes): Promise<void> {
    // Together or not at all: the chain is what shows a certificate that should not be there.
    await store.transaction(async (tx) => {
      if (member !== null) await requireNotSuspended(tx, member);
      await tx.insertInto('certificates').values({
        serial: certificate.serial, role, address, member, der: certificate.der, spki_hash: certificate.spkiSha256,
        not_after: certificate.notAfter.getTime(), revoked: null, reason: null, invalid_since: null,
        issuer: issuer.certificate.subjectKeyIdentifier,
      }).execute();
      // With it, as who counts the address's certificates would else see this one twice: as issued and as being issued.
      if (codeHash !== undefined) await tx.updateTable('enrolment_codes').set({ serial: certificate.serial }).where('code_hash', '=', codeHash).execute();
      await appendAuditIn(tx, clock.now(), 'certified', { role, serial: certificate.serial, member });
    });
  }

  /** A list for each key: what it issued. What was issued before issuers were told apart stands in each. */
  async function publishCrl(): Promise<void> {
    for (const issuer of keys.listed) await publishFor(issuer);
  }

  async function publishFor(issuer: Issuer): Promise<void> {
    const id = issuer.certificate.subjectKeyIdentifier;
    await store.transaction(async (tx) => {
      const rows = await tx.selectFrom('certificates').select(['serial', 'revoked', 'reason', 'invalid_since']).where('revoked', 'is not', null)
        .where((e) => e.or([e('issuer', 'is', null), e('issuer', '=', id)])).execute();
      const last = await tx.selectFrom('issuer_crls').select('number').where('issuer', '=', id).executeTakeFirst()
        ?? await tx.selectFrom('crl').select('number').where('id', '=', 1).executeTakeFirst(); // of a version that knew one key only
      const now = clock.now();
      const number = nextNumber(last?.number, now);
      const crl = await issueCrl({
        issuer, number, thisUpdate: now, nextUpdate: new Date(now.getTime() + CRL_VALIDITY),
        revoked: rows.map((row) => ({
          serial: row.serial, date: new Date(row.revoked ?? 0), reason: (row.reason ?? 'unspecified') as RevocationReason,
          ...(row.invalid_since !== null && { invalidityDate: new Date(row.invalid_since) }),
        })),
      });
      await tx.insertInto('issuer_crls').values({ issuer: id, number, der: crl.der })
        .onConflict((conflict) => conflict.column('issuer').doUpdateSet({ number, der: crl.der })).execute();
    });
  }

  return {
    get certificate() {
      return keys.inUse.certificate;
    },
    async issueUser({ id, address, displayName, pseudonym }, publicKey, codeHash) {
      const issuer = keys.inUse;
      const certificate = await issueUser({
        publicKey, issuer, validity: validity(USER_VALIDITY), random, email: address, commonName: displayName, pseudonymous: pseudonym,
      });
      await keep(certificate, issuer, 'user', address, id, codeHash);
      return certificate;
    },
    async issueServer(role, hostName, publicKey) {
      const issuer = keys.inUse;
      const certificate = await issueServer({ publicKey, issuer, validity: validity(SERVER_VALIDITY), random, role, dnsNames: [hostName] });
      await keep(certificate, issuer, role, '', null);
      return certificate;
    },
    async issueMailSigner(address, publicKey) {
      const issuer = keys.inUse;
      const certificate = await issueMailSigner({ publicKey, issuer, validity: validity(SERVER_VALIDITY, SEALED_FOR), random, email: address });
      await keep(certificate, issuer, 'mail-signer', address, null);
      return certificate;
    },
    async revoke(serial, reason, invalidSince) {
      const { numUpdatedRows } = await store.query.updateTable('certificates')
        .set({ revoked: clock.now().getTime(), reason, invalid_since: invalidSince?.getTime() ?? null })
        .where('serial', '=', serial).where((e) => e.or([e('revoked', 'is', null), e('reason', '=', 'certificateHold')])).executeTakeFirst();
      if (numUpdatedRows === 0n) throw refused('certificate-unknown', { serial });
      await publishCrl();
    },
    async crl() {
      const rows = await store.query.selectFrom('issuer_crls').select(['issuer', 'der']).execute();
      const lists = keys.listed.map(({ certificate: { subjectKeyIdentifier, subject } }) => {
        const row = rows.find(({ issuer }) => equal(issuer, subjectKeyIdentifier));
        if (row === undefined) throw new SsmaxError('unavailable', 'crl-missing', { issuer: subject.commonName ?? '' });
        return row.der;
      });
      return concat(...lists);
    },
    publishCrl,
  };
}

/**
 * The certificate in force that the CA gave last to a server of this role; one whose key the directory lists goes before others,
 * so that a new key comes into use when the directory has it. When they end does not say which is newer: no certificate
 * outlives the organisation's. Throws `unavailable` `server-not-certified`.
 */
export async function serverCertificate(store: Store, role: 'inspection', listed: readonly Bytes[], now: Date): Promise<Certificate> {
  const rows = await store.query.selectFrom('certificates').select('der')
    .where('role', '=', role).where('revoked', 'is', null).where('not_after', '>', now.getTime()).execute();
  const certificates = rows.map(({ der }) => parseCertificate(der)).sort((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
  const found = certificates.find(({ spkiSha256 }) => listed.some((one) => equal(one, spkiSha256))) ?? certificates[0];
  if (found === undefined) throw new SsmaxError('unavailable', 'server-not-certified', { role });
  return found;
}
