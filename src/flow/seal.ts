/** Sealing: a mail becomes leg 1, signed by its sender; what of it is encrypted is the mode's matter (docs/protocol.md §5). */
import { type Bytes, hex } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import type { MixedMail } from '../mail/build.ts';
import { MAX_SEALED_PARTS } from '../wire/sealed-part.ts';
import { mixedContent } from './leg-content.ts';
import { type Addressing, requireRecipients, type Sealed, sealPart, signLegOne } from './leg-one.ts';

export type { Sealed } from './leg-one.ts';

export interface SealInput extends Addressing {
  /** The inner MIME entity with its protected headers (src/mail/build.ts). */
  readonly entity: Bytes;
}

/** Seals a whole mail (mode protect-all). Throws `no-recipients`, `too-many-recipients`, `sender-mismatch`. */
export async function sealMail(native: NativeCrypto, { entity, ...addressing }: SealInput): Promise<Sealed> {
  requireRecipients(addressing);
  const sealed = await sealPart(native, entity, addressing);
  const { part } = sealed;
  return signLegOne('protect-all', { parts: [part], contentDigest: part.digest }, [sealed], addressing);
}

export interface MixedInput extends Addressing {
  readonly mode: 'attachments-only' | 'sign-only';
  readonly mail: MixedMail;
}

/**
 * Signs a mail of which only the attachments are encrypted, each by itself, or nothing at all. Sign-only takes no
 * attachments: files stand in the clear part there. Throws what `sealMail` throws, `mode-mismatch` and
 * `too-many-attachments`.
 */
export async function sealMixed(native: NativeCrypto, { mode, mail, ...addressing }: MixedInput): Promise<Sealed> {
  requireRecipients(addressing);
  const { clear, attachments } = mail;
  if (attachments.length > MAX_SEALED_PARTS) throw refused('too-many-attachments', { maximum: MAX_SEALED_PARTS });
  const found = attachments.length === 0 ? 'sign-only' : 'attachments-only';
  if (mode !== found) throw refused('mode-mismatch', { mode, found });
  const sealed = [];
  for (const attachment of attachments) sealed.push(await sealPart(native, attachment, addressing));
  const content = await mixedContent(newBoundary(native), clear, sealed.map(({ part }) => part));
  return signLegOne(mode, content, sealed, addressing);
}

/** A boundary that no clear part holds. */
export function newBoundary(native: NativeCrypto): string {
  return `=_${hex(native.random(16))}`;
}
