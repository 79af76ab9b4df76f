/** The copy of a key that a member may keep: written once, when the key is new; brought to another computer. */
import { equal, type Bytes } from '../../src/core/bytes.ts';
import { refused } from '../../src/core/error.ts';
import { type Certificate, parseCertificate } from '../../src/core/pki/certificate.ts';
import { validatePath } from '../../src/core/pki/path.ts';
import { readPkcs12, writePkcs12 } from '../../src/core/pki/pkcs12.ts';
import { enrollingOrganisation } from '../../src/flow/enrol.ts';
import { loadWebPrivateKey, unwrapFromBackup, type WebKeyPair, wrapForBackup } from '../../src/platform/web.ts';
import { type FreshKeys, keep } from './enrol.ts';
import type { Identities } from './identities.ts';
import type { MemberPorts } from './ports.ts';
import type { StoredIdentity } from './records.ts';
import type { TrustSource } from './trust-source.ts';

/** A PKCS#12 file of the key that was just made for this identity; takes seconds. */
export async function writeBackup({ native }: Pick<MemberPorts, 'native'>, identity: StoredIdentity, exportable: CryptoKey, passphrase: string): Promise<Bytes> {
  return writePkcs12({
    wrap: wrapForBackup(exportable),
    certificate: identity.certificate,
    chain: [identity.organisation],
    friendlyName: identity.address,
    password: passphrase.normalize('NFC'),
    random: (length) => native.random(length),
  });
}

/**
 * Takes the key of a backup over to this computer. A certificate that has run out comes too: old mail opens with its key.
 * Throws what readPkcs12 and TrustSource.get throw, `pkcs12-content` (no address certificate in it), `organisation-unknown`
 * and what validatePath throws (of another Authority), `key-mismatch`.
 */
export async function importBackup(
  { ports, identities, trust }: { ports: MemberPorts; identities: Identities; trust: TrustSource }, file: Bytes, passphrase: string, fresh: FreshKeys = new Map(), lock = false,
): Promise<StoredIdentity & { readonly pair: WebKeyPair }> {
  const backup = await readPkcs12(file, passphrase.normalize('NFC'));
  const certificates = backup.certificates.map((der) => parseCertificate(der));
  const own = certificates.find(({ emails }) => emails.length === 1);
  const issuer = own === undefined ? undefined : issuerOf(own, certificates);
  const [address] = own?.emails ?? [];
  if (own === undefined || issuer === undefined || address === undefined) throw refused('pkcs12-content');
  const anchors = await trust.get();
  await enrollingOrganisation(address, anchors);
  // At its beginning: whether it still holds is for those who use it to judge.
  await validatePath({ leaf: own, intermediates: [issuer], root: anchors.roots, at: own.notBefore, role: 'user' });
  const { pair, exportable } = await unwrapFromBackup(backup.key, own.publicKey);
  await loadWebPrivateKey(ports.native, pair);
  const backedUpAt = ports.clock.now();
  const known = (await identities.all()).find((one) => equal(parseCertificate(one.certificate).publicKey, own.publicKey));
  // An old backup takes back neither a renewal nor a passphrase.
  const { certificate, organisation, enrolledAt } = known !== undefined && parseCertificate(known.certificate).notAfter > own.notAfter ? known
    : { certificate: own.der, organisation: issuer.der, enrolledAt: own.notBefore };
  const identity = { address, pair, certificate, organisation, enrolledAt, backedUpAt };
  if (known !== undefined && 'wrapped' in known.pair) {
    await identities.add({ ...identity, pair: known.pair });
    return identity;
  }
  fresh.set(address, { exportable, pair }); // so that it can be locked by a passphrase
  await keep({ ports, identities }, identity, fresh, lock);
  return identity;
}

function issuerOf(own: Certificate, certificates: readonly Certificate[]): Certificate | undefined {
  const { authorityKeyIdentifier } = own;
  return certificates.find((one) => one !== own && authorityKeyIdentifier !== undefined && equal(one.subjectKeyIdentifier, authorityKeyIdentifier));
}
