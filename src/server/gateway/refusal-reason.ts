/** Why a mail was refused, kept at the key server for its sender's plugin, which asks for it by contentDigest (docs/protocol.md §9.3). */
import type { Bytes } from '../../core/bytes.ts';
import { equal, hex } from '../../core/bytes.ts';
import { parseSignedData, type SignedData, verifySignerInfo } from '../../core/cms/signed-data.ts';
import { sha256 } from '../../core/digest.ts';
import { SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import { names } from '../../core/pki/profile.ts';
import { isSignedBy } from '../../core/pki/signed.ts';
import { contentTypeOf, readLegContent } from '../../flow/leg-content.ts';
import { certificatesOf, ownEntry } from '../../flow/organisation-keys.ts';
import { decodeLeg } from '../../wire/leg.ts';
import type { GatewayParts } from '../../flow/relay.ts';

/** Keeps a refusal for the sender's plugin, which shows its reason. */
export type ReportRefusal = (refusal: { contentDigest: Bytes; code: string; sender: string; params: SsmaxError['params'] }) => Promise<void>;

/**
 * Mail clients show an SMTP refusal raw; the plugin has words for it. The reason is kept for who signed the mail, whatever its From
 * says and however long ago the certificate ended: it may be why. What nobody of ours signed has no reason here, so that nobody
 * puts a reason in another's name. That it cannot be kept changes nothing: the mail is refused all the same.
 */
export async function keepReason(parts: Pick<GatewayParts, 'organisation' | 'trust'> & { readonly reportRefusal: ReportRefusal }, cms: Bytes, error: unknown): Promise<void> {
  if (!(error instanceof SsmaxError) || error.kind === 'fault') return;
  try {
    const signed = parseSignedData(cms);
    const { contentDigest } = await readLegContent(signed);
    const sender = await memberWhoSigned(signed, await ownCertificates(parts));
    if (sender !== undefined) await parts.reportRefusal({ contentDigest, code: error.code, sender, params: error.params });
  } catch {
    // not a sealed mail at all, or the key server is out of reach
  }
}

/** The address in the certificate of the own organisation with which this leg 1 was signed. */
async function memberWhoSigned({ eContent, certificates, signer }: SignedData, issuers: readonly Certificate[]): Promise<string | undefined> {
  const leg = signer.attributes.leg === undefined ? undefined : decodeLeg(signer.attributes.leg);
  const certificate = certificates.map((der) => parseCertificate(der)).find((one) => equal(one.subjectKeyIdentifier, signer.subjectKeyIdentifier));
  const issuer = certificate && issuers.find((one) => names(one, certificate));
  if (leg?.leg !== 1 || certificate === undefined || issuer === undefined) return undefined;
  if (!(await isSignedBy(certificate, issuer.publicKey, hex(certificate.sha256)))) return undefined;
  await verifySignerInfo(signer, {
    contentType: contentTypeOf(leg.mode), eContentDigest: await sha256(eContent), certificate: certificate.der, publicKey: certificate.publicKey,
  });
  return certificate.emails[0];
}

/** With those of former keys, where the directory is at hand. */
function ownCertificates({ organisation, trust }: Pick<GatewayParts, 'organisation' | 'trust'>): Promise<readonly Certificate[]> {
  return trust().then(async (found) => [organisation, ...certificatesOf(await ownEntry(found, organisation))]).catch(() => [organisation]);
}
