/** Renewal at the key server: a new certificate for a key that has one (docs/protocol-life.md §2). */
import { equal } from '../../core/bytes.ts';
import { refused } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import type { Clock } from '../../flow/ports.ts';
import type { Ca } from './ca.ts';
import type { KeyHolder } from './member-keys.ts';
import type { Store } from './tables.ts';

/** A computer may have been off for a while: the key is still its holder's. Milliseconds. */
const GRACE = 90 * 86_400_000;

/** Throws `renewal-too-late`, `member-unknown`. */
export async function renew(store: Store, ca: Ca, clock: Clock, { certificate, member: id }: KeyHolder): Promise<Certificate> {
  const now = clock.now();
  if (now.getTime() > certificate.notAfter.getTime() + GRACE) throw refused('renewal-too-late', { date: certificate.notAfter.toISOString() });
  const member = await store.query.selectFrom('members').select(['address', 'display_name', 'pseudonym'])
    .where('id', '=', id).where('left_at', 'is', null).executeTakeFirst();
  const [address = ''] = certificate.emails;
  if (member?.address !== address) throw refused('member-unknown', { address });
  const rows = await store.query.selectFrom('certificates').select('der').where('spki_hash', '=', certificate.spkiSha256)
    .where('member', '=', id).where('role', '=', 'user').where('revoked', 'is', null).execute();
  // The newest by its beginning: several end together, with the organisation's own.
  const [known] = rows.map(({ der }) => parseCertificate(der)).sort((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
  // Asked again, for instance as the answer was lost: the same one, as long as it is fresh.
  if (known !== undefined && isFresh(known, ca.certificate, now)) return known;
  return ca.issueUser({ id, address, displayName: member.display_name, pseudonym: member.pseudonym === 1 }, certificate.publicKey);
}

/** More than half of its life is left, and the key in use signed it. */
function isFresh({ notBefore, notAfter, authorityKeyIdentifier }: Certificate, issuer: Certificate, now: Date): boolean {
  const middle = (notBefore.getTime() + notAfter.getTime()) / 2;
  return now.getTime() < middle && equal(authorityKeyIdentifier, issuer.subjectKeyIdentifier);
}
