/** The organisation's private CA: address certificates, server certificates, revocation, the CRL. */
import type { Bytes } from '../../core/bytes.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { issueCrl, type RevocationReason } from '../../core/pki/crl.ts';
import { type Issuer, issueServer, issueUser } from '../../core/pki/issue.ts';
import type { Clock } from '../../flow/ports.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import { nextNumber } from '../shared/crl-number.ts';
import type { Store } from './tables.ts';

const DAY = 86_400_000;
/** Address certificates are renewed in silence; servers' by their administrators. */
const USER_VALIDITY = 365 * DAY;
const SERVER_VALIDITY = 2 * 365 * DAY;
/** A CRL is good for a day and made anew every hour, so that a short outage stops no mail. */
const CRL_VALIDITY = DAY;

export interface Ca {
  readonly certificate: Certificate;
  issueUser(member: { id: string; address: string; displayName: string; pseudonym: boolean }, publicKey: Bytes): Promise<Certificate>;
  issueServer(role: 'gateway' | 'inspection' | 'key-server', hostName: string, publicKey: Bytes): Promise<Certificate>;
  /** Revokes at once and publishes a new CRL. Throws `certificate-unknown`. */
  revoke(serial: string, reason: RevocationReason, invalidSince?: Date): Promise<void>;
  /** The CRL in force, DER. */
  crl(): Promise<Bytes>;
  /** Makes the CRL anew. */
  publishCrl(): Promise<void>;
}

export function createCa(store: Store, issuer: Issuer, random: (length: number) => Bytes, clock: Clock): Ca {
  const validity = (duration: number): { notBefore: Date; notAfter: Date } => {
    const now = clock.now().getTime();
    return { notBefore: new Date(now - 10 * 60_000), notAfter: new Date(now + duration) };
  };

  async function keep(certificate: Certificate, role: string, address: string, member: string | null): Promise<void> {
    // Together or not at all: the chain is what shows a certificate that should not be there.
    await store.transaction(async (tx) => {
      await tx.insertInto('certificates').values({
        serial: certificate.serial, role, address, member, der: certificate.der, spki_hash: certificate.spkiSha256,
        not_after: certificate.notAfter.getTime(), revoked: null, reason: null, invalid_since: null,
        issuer: issuer.certificate.subjectKeyIdentifier,
      }).execute();
      await appendAuditIn(tx, clock.now(), 'certified', { role, serial: certificate.serial, member });
    });
  }

  async function publishCrl(): Promise<void> {
    await store.transaction(async (tx) => {
      const rows = await tx.selectFrom('certificates').select(['serial', 'revoked', 'reason', 'invalid_since']).where('revoked', 'is not', null).execute();
      const last = await tx.selectFrom('crl').select('number').where('id', '=', 1).executeTakeFirst();
      const now = clock.now();
      const number = nextNumber(last?.number, now);
      const crl = await issueCrl({
        issuer, number, thisUpdate: now, nextUpdate: new Date(now.getTime() + CRL_VALIDITY),
        revoked: rows.map((row) => ({
          serial: row.serial, date: new Date(row.revoked ?? 0), reason: (row.reason ?? 'unspecified') as RevocationReason,
          ...(row.invalid_since !== null && { invalidityDate: new Date(row.invalid_since) }),
        })),
      });
      await tx.insertInto('crl').values({ id: 1, number, der: crl.der })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ number, der: crl.der })).execute();
    });
  }

  return {
    certificate: issuer.certificate,
    async issueUser({ id, address, displayName, pseudonym }, publicKey) {
      const certificate = await issueUser({
        publicKey, issuer, validity: validity(USER_VALIDITY), random, email: address, commonName: displayName, pseudonymous: pseudonym,
      });
      await keep(certificate, 'user', address, id);
      return certificate;
    },
    async issueServer(role, hostName, publicKey) {
      const certificate = await issueServer({ publicKey, issuer, validity: validity(SERVER_VALIDITY), random, role, dnsNames: [hostName] });
      await keep(certificate, role, '', null);
      return certificate;
    },
    async revoke(serial, reason, invalidSince) {
      const { numUpdatedRows } = await store.query.updateTable('certificates')
        .set({ revoked: clock.now().getTime(), reason, invalid_since: invalidSince?.getTime() ?? null })
        .where('serial', '=', serial).where('revoked', 'is', null).executeTakeFirst();
      if (numUpdatedRows === 0n) throw refused('certificate-unknown', { serial });
      await publishCrl();
    },
    async crl() {
      const row = await store.query.selectFrom('crl').select('der').where('id', '=', 1).executeTakeFirst();
      if (row === undefined) throw new SsmaxError('unavailable', 'crl-missing', { issuer: issuer.certificate.subject.commonName ?? '' });
      return row.der;
    },
    publishCrl,
  };
}

/** The newest certificate in force that the CA gave to a server of this role. Throws `unavailable` `server-not-certified`. */
export async function serverCertificate(store: Store, role: 'inspection', now: Date): Promise<Certificate> {
  const row = await store.query.selectFrom('certificates').select('der')
    .where('role', '=', role).where('revoked', 'is', null).where('not_after', '>', now.getTime())
    .orderBy('not_after', 'desc').executeTakeFirst();
  if (row === undefined) throw new SsmaxError('unavailable', 'server-not-certified', { role });
  return parseCertificate(row.der);
}
