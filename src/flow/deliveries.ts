/** What the gateway asks of its key server's answers, beside their proofs. */
import type { Bytes } from '../core/bytes.ts';
import { refused, type SsmaxError } from '../core/error.ts';
import { domainOf } from '../mail/address.ts';
import { sortAddresses } from '../wire/label.ts';
import type { Delivery } from '../wire/relay.ts';

/** The clocks of gateway and key server may differ by this much; milliseconds. */
const SKEW = 10 * 60_000;

export function answerInvalid(what: string): SsmaxError {
  return refused('key-server-answer-invalid', { what });
}

/** The time is all of the signed attributes that the key server says by itself. */
export function requireSignedNow(signingTime: Date, now: Date): void {
  if (Math.abs(now.getTime() - signingTime.getTime()) > SKEW) throw answerInvalid('signing time');
}

/**
 * Every split must come back, so that nobody is left out, and nothing else: a key server that could add a message of its
 * own would send a copy wherever it likes. Only a delivery may become several, one for each mailbox of a group. `sealed` is
 * the number of sealed parts: each comes for each certificate, as what was left out could not be opened. A mailbox lies in one of
 * `ownDomains`: what is only signed, or waits for its reader to enrol, names no certificate that would show it.
 */
export function checkDeliveries(
  purpose: 'transfer' | 'deliver', splits: readonly { readonly recipients: readonly string[] }[], deliveries: readonly Delivery[], sealed: number, ownDomains: readonly string[],
): void {
  const name = (recipients: readonly string[]): string => sortAddresses(recipients).join();
  const asked = new Set(splits.map(({ recipients }) => name(recipients)));
  const answered = new Set<string>();
  const messages = new Set<string>();
  for (const { recipients, mailbox, targets, list } of deliveries) {
    if (!asked.has(name(recipients))) throw answerInvalid('recipients');
    if (purpose === 'transfer' ? mailbox !== undefined || targets.length !== sealed : mailbox === undefined) throw answerInvalid('mailbox');
    if (mailbox !== undefined && !ownDomains.includes(domainOf(mailbox))) throw answerInvalid('mailbox');
    // A report goes to the owner, unsealed: never elsewhere.
    if (list?.owner !== undefined && !ownDomains.includes(domainOf(list.owner))) throw answerInvalid('list');
    if (purpose === 'transfer' && list !== undefined) throw answerInvalid('list');
    if (sealed === 0 ? targets.length > 0 : targets.length % sealed !== 0) throw answerInvalid('parts');
    answered.add(name(recipients));
    messages.add(`${name(recipients)}>${mailbox ?? ''}`);
  }
  if (answered.size !== asked.size || messages.size !== deliveries.length) throw answerInvalid('recipients');
}

/**
 * A recipient info for the own organisation's key lets old mail be recovered. That it is made is the gateway's decision too
 * (`allowed`): a key server that could add one alone would need only the mailbox to read mail.
 */
export function requireRecoveryAllowed(deliveries: readonly Delivery[], allowed: boolean, sealed: number): void {
  for (const { targets, recover } of deliveries) {
    if (recover !== undefined && !allowed) throw answerInvalid('recover');
    if (recover !== undefined && recover.length !== sealed) throw answerInvalid('parts');
    if (sealed > 0 && targets.length === 0 && recover === undefined) throw answerInvalid('targets');
  }
}

/** DER Labels of a delivery's recipient infos. */
export function labelsOf({ targets, recover = [] }: Delivery): Bytes[] {
  return [...targets, ...recover].map(({ label }) => label);
}
