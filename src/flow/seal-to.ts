/** Sealing what is no mail to one certificate: a bare AuthEnvelopedData with exactly one recipient info (docs/protocol.md §4, §5). */
import type { Bytes } from '../core/bytes.ts';
import { contentDigest, encodeAuthEnvelopedData, encryptContent } from '../core/cms/auth-enveloped-data.ts';
import { encodeKemRecipientInfo, wrapCek } from '../core/cms/kem-recipient-info.ts';
import { sha256 } from '../core/digest.ts';
import { encapsulate } from '../core/elgamal/index.ts';
import type { NativeCrypto } from '../core/keys.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import { encodeKemct } from '../wire/kemct.ts';
import { encodeLabel } from '../wire/label.ts';

export interface SealOrder {
  readonly purpose: 'report' | 'look';
  readonly target: Certificate;
  readonly sealer: Certificate;
  /** The address that it is for. */
  readonly recipient: string;
}

/** DER AuthEnvelopedData over `value`; its label's contentDigest is this envelope's own. */
export async function sealTo(native: NativeCrypto, value: Bytes, { purpose, target, sealer, recipient }: SealOrder): Promise<Bytes> {
  const cek = native.random(32);
  try {
    const body = await encryptContent(value, cek, native.random(12));
    const digest = await contentDigest(body);
    const label = encodeLabel({ purpose, targetKey: target.spkiSha256, sealer: sealer.sha256, contentDigest: digest, recipients: [recipient] });
    const { secret, ...kem } = await encapsulate(native, target.publicKey, await sha256(label));
    const encryptedKey = await wrapCek(cek, secret, digest);
    secret.fill(0);
    return encodeAuthEnvelopedData([encodeKemRecipientInfo({
      subjectKeyIdentifier: target.subjectKeyIdentifier, kemct: encodeKemct({ ...kem, label }), ukm: digest, encryptedKey,
    })], body);
  } finally {
    cek.fill(0);
  }
}
