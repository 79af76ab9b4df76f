/** From a draft to sealed bytes: whose key, which recipients, what goes inside. */
import { type Bytes, hex } from '../../src/core/bytes.ts';
import { refused } from '../../src/core/error.ts';
import { requireIssuedByOwn } from '../../src/flow/organisation-keys.ts';
import { formFor, organisationOfSender } from '../../src/flow/recipients.ts';
import { sealMail, sealMixed } from '../../src/flow/seal.ts';
import { domainOf, type Mailbox } from '../../src/mail/address.ts';
import { buildInner, buildMixed, type InnerMail } from '../../src/mail/build.ts';
import { loadConfiguration } from './configuration.ts';
import { type Draft, HIDDEN_SUBJECT, hidesSubject, readMailbox } from './draft.ts';
import { sealForward } from './forward.ts';
import type { Identities } from './identities.ts';
import type { MemberPorts } from './ports.ts';
import type { Recovery } from './recovery.ts';
import { fingerprintOf, type SealedMails } from './sealed-mails.ts';
import type { TrustSource } from './trust-source.ts';

export type SealResult =
  /** The account has nothing to do with SSMAX: the mail goes as it is. */
  | { readonly kind: 'not-ours' }
  | { readonly kind: 'sealed'; readonly cms: Bytes; readonly contentDigest: string; readonly fingerprint: string };

export interface SealParts {
  readonly ports: MemberPorts;
  readonly identities: Identities;
  readonly trust: TrustSource;
  readonly sealed: SealedMails;
  readonly recovery: Recovery;
}

/**
 * Seals a draft. Throws SsmaxError: `not-enrolled`, `not-configured`, `certificate-expired`, `certificate-revoked`, `no-recipients`,
 * `address-invalid`, `recipients-outside`, `recipients-mixed`, what TrustSource.forSealing, buildInner, sealMail, sealMixed and sealForward throw.
 * `progress` hears after each step, from 0 to 1, how much is done.
 */
export async function sealDraft(parts: SealParts, draft: Draft, progress: (done: number) => void = () => undefined): Promise<SealResult> {
  const { ports, identities, sealed } = parts;
  const from = readMailbox(draft.from);
  const sender = await identities.signer(from.address);
  if (sender === undefined) return refuseOrPass(parts, from.address);
  const now = ports.clock.now();
  if (sender.certificate.notAfter < now) throw refused('certificate-expired', { date: sender.certificate.notAfter.toISOString() });

  const [to, cc, bcc, replyTo] = [draft.to, draft.cc, draft.bcc, draft.replyTo].map((list) => list.map(readMailbox)) as
    [Mailbox[], Mailbox[], Mailbox[], Mailbox[]];
  const trust = await parts.trust.forSealing();
  const form = await formFor([...to, ...cc, ...bcc].map(({ address }) => address), trust, draft.mode === 'sign-only' ? draft.signedOnly : []);
  const organisation = await organisationOfSender(from.address, trust, now);
  await requireIssuedByOwn(sender.certificate, 'user', organisation, trust, now);
  progress(0.2); // all that is fetched is there
  const fingerprint = await fingerprintOf(draft, [sender.certificate, organisation]);
  progress(0.4);
  const again = await sealed.reusable(fingerprint, now);
  if (again !== undefined) return { kind: 'sealed', fingerprint, ...again };

  const open = new Set([...to, ...cc].map(({ address }) => address));
  const hidden = [...new Set(bcc.map(({ address }) => address))].filter((address) => !open.has(address));
  const mail: InnerMail = {
    from, to, cc, replyTo, subject: draft.subject, date: now,
    ...(draft.text !== undefined && { text: draft.text }), ...(draft.html !== undefined && { html: draft.html }),
    images: draft.images, attachments: draft.attachments, ...(hidesSubject(draft) && { outerSubject: HIDDEN_SUBJECT }), ...(form === 'signed-only' && { transport: '7bit' }),
  };
  const random = (length: number): Bytes => ports.native.random(length);
  const addressing = { recipients: [...open, ...hidden], hidden, sender, organisation, signingTime: now };
  const { mode = 'protect-all' } = draft;
  const result = await sealForward(parts, mail, addressing) ?? (mode === 'protect-all'
    ? await sealMail(ports.native, { entity: buildInner(mail, random), ...addressing })
    : await sealMixed(ports.native, { mode, mail: buildMixed(mode, mail, random), ...addressing }));
  progress(0.9);
  const contentDigest = hex(result.contentDigest);
  // What was hidden on the way is not kept in clear here either.
  await sealed.remember({ fingerprint, contentDigest, subject: hidesSubject(draft) ? HIDDEN_SUBJECT : draft.subject, sealedAt: now, cms: result.cms }, now);
  return { kind: 'sealed', cms: result.cms, contentDigest, fingerprint };
}

/**
 * Whether mail from this sender is to be sealed. `account`: the address of the account that it leaves by; anything may be typed in its
 * place as the sender. Throws `address-invalid`; `not-enrolled` and the like where it is to be sealed, but nobody here can; `from-typed`
 * where the account is in SSMAX and what was typed is not: its mail server takes nothing unsealed.
 */
export async function isOurs(parts: SealParts, from: string, account?: string): Promise<boolean> {
  const { address } = readMailbox(from);
  if (await parts.identities.signer(address) !== undefined) return true;
  if ((await refuseOrPass(parts, address)).kind !== 'not-ours') return true;
  if (account !== undefined && await isInside(parts, account)) throw refused('from-typed', { from: address, account });
  return false;
}

/** Mail of an organisation in SSMAX never leaves unprotected only because this computer has no key. */
async function refuseOrPass(parts: SealParts, address: string): Promise<SealResult> {
  if (await isInside(parts, address)) throw refused('not-enrolled', { address });
  return { kind: 'not-ours' };
}

/** Whether the address belongs to an organisation in SSMAX, as far as that can be told: before anything is set up, every address may. */
export async function isInside({ ports, identities, trust }: SealParts, entry: string): Promise<boolean> {
  const domain = domainOf(readMailbox(entry).address);
  if (await loadConfiguration(ports) === undefined) return true;
  const own = new Set((await identities.all()).map((one) => domainOf(one.address)));
  if (own.has(domain)) return true;
  const { directory } = await trust.forSealing();
  return await directory.byDomain(domain) !== undefined;
}
