/**
 * Who signs for readers outside SSMAX (docs/decisions/0028-signed-only-outside.md): one key, and a certificate for each address
 * that writes there, made when it first does.
 */
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { encodeSpki } from '../../core/pki/public-key.ts';
import { sha256 } from '../../core/digest.ts';
import type { PrivateKey } from '../../core/keys.ts';
import type { Clock, OutsideSigner } from '../../flow/ports.ts';
import type { Ca } from './ca.ts';
import type { Store } from './tables.ts';

/** What is signed today can be checked for at least this long; milliseconds. */
const LEFT = 365 * 86_400_000;

export function createMailSigners(store: Store, ca: Ca, key: PrivateKey, clock: Clock): Pick<OutsideSigner, 'credentialFor'> {
  /** The newest in force that the organisation's key in use issued. */
  async function newest(address: string): Promise<Certificate | undefined> {
    // No certificate outlives the organisation's own.
    const until = Math.min(clock.now().getTime() + LEFT, ca.certificate.notAfter.getTime() - 1000);
    const row = await store.query.selectFrom('certificates').select('der')
      .where('role', '=', 'mail-signer').where('address', '=', address).where('spki_hash', '=', await sha256(encodeSpki(key.publicKey)))
      .where('issuer', '=', ca.certificate.subjectKeyIdentifier).where('revoked', 'is', null)
      .where('not_after', '>', until).orderBy('not_after', 'desc').executeTakeFirst();
    return row === undefined ? undefined : parseCertificate(row.der);
  }

  return {
    async credentialFor(address) {
      return { key, certificate: await newest(address) ?? await ca.issueMailSigner(address, key.publicKey) };
    },
  };
}
