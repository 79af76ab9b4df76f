/** What every verb that sends does first: whose key it is, whether it may be used now, and for whom. */
import type { Addressing } from '../flow/leg-one.ts';
import { requireIssuedByOwn } from '../flow/organisation-keys.ts';
import type { Credential } from '../flow/ports.ts';
import { formFor, organisationOfSender } from '../flow/recipients.ts';
import type { Trust } from '../flow/trust.ts';
import type { Mailbox } from '../mail/address.ts';

interface Recipients {
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
}

/**
 * The addressing of a mail from the holder of `sender`, whose certificate is checked. Who stands in To or Cc is not hidden.
 * `signedOnly`: domains outside SSMAX to which it may go signed only, which `form` then says. Throws
 * what organisationOfSender, formFor and the checks of the certificate throw.
 */
export async function addressingOf(
  sender: Credential, { to, cc, bcc }: Recipients, trust: Trust, now: Date, signedOnly: readonly string[] = [],
): Promise<Addressing & { readonly form: Awaited<ReturnType<typeof formFor>> }> {
  const [certified = ''] = sender.certificate.emails;
  const organisation = await organisationOfSender(certified, trust, now);
  await requireIssuedByOwn(sender.certificate, 'user', organisation, trust, now);
  const open = new Set([...to, ...cc].map(({ address }) => address));
  const hidden = [...new Set(bcc.map(({ address }) => address))].filter((address) => !open.has(address));
  const recipients = [...open, ...hidden];
  const form = await formFor(recipients, trust, signedOnly);
  return { form, recipients, hidden, sender, organisation, signingTime: now };
}
