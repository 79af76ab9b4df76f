/**
 * Showing a held mail to a second person (docs/protocol.md §8.2): the inspection server seals what it reads to the approver
 * who asked, when the mail comes round to be inspected. Nothing of it is ever kept in clear.
 */
import type { Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import type { Certificate } from '../core/pki/certificate.ts';
import { type HeldView, heldViewSchema } from '../wire/held.ts';
import { decodeJson, encodeJson } from '../wire/json.ts';
import { openSubmission } from './open-submission.ts';
import type { Credential } from './ports.ts';
import { sealTo } from './seal-to.ts';

/** An approver who asked to see a mail, and the certificate that he asked with. */
export interface Viewer {
  readonly address: string;
  readonly certificate: Certificate;
}

/** DER AuthEnvelopedData that `viewer` alone opens. */
export async function sealView(native: NativeCrypto, view: HeldView, viewer: Viewer, sealer: Certificate): Promise<Bytes> {
  const content = encodeJson(view);
  try {
    return await sealTo(native, content, { purpose: 'look', target: viewer.certificate, sealer, recipient: viewer.address });
  } finally {
    content.fill(0);
  }
}

/**
 * Opens it with the approver's key. `sealer`: SHA-256 of the inspection server's certificate. Throws what `openSubmission`
 * throws, `answer-mismatch` for a view of another mail, `answer-invalid`.
 */
export async function openView(native: NativeCrypto, sealed: Bytes, credential: Credential, id: string, sealer: Bytes): Promise<HeldView> {
  const { contents: [content] } = await openSubmission(sealed, { credential, native, purpose: 'look', sealers: () => Promise.resolve([sealer]) }, 'sealed');
  if (content === undefined) throw refused('answer-invalid', { what: 'view' });
  const view = decodeJson(heldViewSchema, content);
  content.fill(0);
  if (view.id !== id) throw refused('answer-mismatch');
  return view;
}
