/** What the gateway asks of the recipient infos that its key server answers with, beside their proofs. */
import type { Bytes } from '../core/bytes.ts';
import { refused } from '../core/error.ts';
import type { Delivery } from '../wire/relay.ts';

/**
 * A recipient info for the own organisation's key lets old mail be recovered. That it is made is the gateway's decision too
 * (`allowed`): a key server that could add one alone would need only the mailbox to read mail.
 */
export function requireRecoveryAllowed(deliveries: readonly Delivery[], allowed: boolean): void {
  for (const { targets, recover } of deliveries) {
    if (recover !== undefined && !allowed) throw refused('key-server-answer-invalid', { what: 'recover' });
    if (targets.length === 0 && recover === undefined) throw refused('key-server-answer-invalid', { what: 'targets' });
  }
}

/** DER Labels of a delivery's recipient infos. */
export function labelsOf({ targets, recover }: Delivery): Bytes[] {
  return [...targets, ...(recover === undefined ? [] : [recover])].map(({ label }) => label);
}
