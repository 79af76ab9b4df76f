/** Which recipients of an ISP may share a transaction (docs/protocol.md §11). */
import { ownEntry } from '../../flow/organisation-keys.ts';
import type { GatewayParts } from '../../flow/relay.ts';
import { normalizeAddress } from '../../mail/address.ts';

/**
 * `all` at an organisation, which inspects everything; else whether this recipient's mail is inspected. An address that
 * cannot be read is nobody's: what becomes of it is said at the end of the mail.
 */
export async function consentClass(parts: Pick<GatewayParts, 'trust' | 'keyServer' | 'organisation'>, recipient: string): Promise<string> {
  // By its entry, not by the configured certificate, which may have been renewed since.
  if ((await ownEntry(await parts.trust(), parts.organisation)).type !== 'isp') return 'all';
  let address: string;
  try {
    address = normalizeAddress(recipient);
  } catch {
    return 'not-inspected';
  }
  const consents = await parts.keyServer.consents({ outbound: [], inbound: [address] });
  return consents.length > 0 ? 'inspected' : 'not-inspected';
}
