/**
 * Path validation for the closed profile: leaf ← organisation ← root, or leaf ← root. It decides what RFC 5280 §6 would
 * for such paths (the tests hold OpenSSL against it); policies do not exist here, and revocation is revocation.ts.
 */
import { hex } from '../bytes.ts';
import { refused } from '../error.ts';
import type { Certificate } from './certificate.ts';
import { checkNameConstraints } from './name-constraints.ts';
import type { CertificateRole } from './object-identifiers.ts';
import { PROFILES, checkProfile, checkRootProfile, names } from './profile.ts';
import { type SignatureCache, isSignedBy } from './signed.ts';

export interface PathRequest {
  readonly leaf: Certificate;
  /** Certificates that may be the organisation's; at most 16 of the issuer's name and key are looked at, others are passed over. */
  readonly intermediates: readonly Certificate[];
  /** The Authority's root, trusted because package, policy or configuration pins it; of several, the one that the path names. */
  readonly root: Certificate | readonly Certificate[];
  /** The moment for which the path must be valid. */
  readonly at: Date;
  /** What the leaf claims to be. */
  readonly role: CertificateRole;
  readonly cache?: SignatureCache;
}

export interface Path {
  readonly leaf: Certificate;
  /** The organisation that vouches: the leaf's issuer, or the leaf itself for role `organisation`; none for a delegate. */
  readonly organisation: Certificate | undefined;
  readonly root: Certificate;
}

const MAX_INTERMEDIATES = 16;

/**
 * Validates a path. Throws SsmaxError (`refused`), the gravest reason first: `certificate-role`, `certificate-profile`,
 * `certificate-untrusted` (no signed path to this root), `certificate-name-constraint`, `certificate-not-yet-valid`,
 * `certificate-expired`.
 */
export async function validatePath(request: PathRequest): Promise<Path> {
  const { leaf, role, at, cache } = request;
  checkProfile(leaf, role);
  if (PROFILES[role].issuer === 'root') {
    const root = rootOf(leaf, request);
    await checkIssued(leaf, root, cache);
    checkDelegateName(leaf, root, role);
    checkValidity([root, leaf], at);
    return { leaf, organisation: role === 'organisation' ? leaf : undefined, root };
  }
  const { organisation, root } = await findOrganisation(request);
  if (organisation.nameConstraints !== undefined) checkNameConstraints(leaf, organisation.nameConstraints);
  checkValidity([root, organisation, leaf], at);
  return { leaf, organisation, root };
}

/**
 * The leaf's issuer. A renewed organisation keeps its key, so several certificates may fit: one that is valid at the
 * moment asked for wins.
 */
async function findOrganisation(request: PathRequest): Promise<{ organisation: Certificate; root: Certificate }> {
  const { leaf, intermediates, at, cache } = request;
  const candidates = intermediates.filter((one) => names(one, leaf)).slice(0, MAX_INTERMEDIATES);
  const organisation = candidates.find((one) => one.notBefore <= at && at <= one.notAfter) ?? candidates[0];
  if (organisation === undefined) throw refused('certificate-untrusted', { what: 'issuer not found' });
  checkProfile(organisation, 'organisation');
  const root = rootOf(organisation, request);
  await checkIssued(organisation, root, cache);
  await checkIssued(leaf, organisation, cache);
  return { organisation, root };
}

/** The pinned root that should have issued this; any other is refused by what follows. */
function rootOf(child: Certificate, { root }: PathRequest): Certificate {
  const [first, ...others] = 'der' in root ? [root] : root;
  if (first === undefined) throw refused('certificate-untrusted', { what: 'no root' });
  const found = [first, ...others].find((one) => names(one, child)) ?? first;
  checkRootProfile(found);
  return found;
}

async function checkIssued(child: Certificate, issuer: Certificate, cache: SignatureCache | undefined): Promise<void> {
  if (!names(issuer, child)) throw refused('certificate-untrusted', { what: 'other issuer' });
  const name = `${hex(child.sha256)}<${hex(issuer.spkiSha256)}`;
  if (!(await isSignedBy(child, issuer.publicKey, name, cache))) throw refused('certificate-untrusted', { what: 'signature' });
}

/** The delegate speaks in the root's name: only so are its CRLs direct ones (RFC 5280 §6.3.3 (b)(1)). */
function checkDelegateName(leaf: Certificate, root: Certificate, role: CertificateRole): void {
  const same = leaf.subjectDer.length === root.subjectDer.length && hex(leaf.subjectDer) === hex(root.subjectDer);
  if (same !== (role === 'delegate')) throw refused('certificate-profile', { role, what: 'subject' });
}

function checkValidity(path: readonly Certificate[], at: Date): void {
  for (const { notBefore, serial } of path) if (at < notBefore) throw refused('certificate-not-yet-valid', { serial, notBefore: notBefore.toISOString() });
  for (const { notAfter, serial } of path) if (at > notAfter) throw refused('certificate-expired', { serial, notAfter: notAfter.toISOString() });
}
