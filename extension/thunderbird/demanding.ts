import { unprotectedAddresses } from '../member/lock-demand.ts';
import { isInside, type SealParts } from '../member/seal.ts';
import { loadConfiguration } from '../member/configuration.ts';
import { readMailbox } from '../member/draft.ts';
import { browserApi, thunderbirdApi } from './api.ts';
import { openTab } from './open-tab.ts';

/** Nobody is enrolled here though there is an account and an organisation: the page that was closed, or came before there was an account, comes again. */
export async function offerEnrolment({ ports, identities }: Pick<SealParts, 'ports' | 'identities'>): Promise<void> {
  if ((await identities.all()).length > 0 || await loadConfiguration(ports) === undefined) return;
  const accounts = await thunderbirdApi.accounts.list(false);
  if (accounts.some((account) => account.identities.some(({ email }) => email?.includes('@') === true))) await openTab('enrolment.html');
}

/** An account came, or another address in one: where it is to be sealed and has no key, enrolment is offered at once. Throws what TrustSource.forSealing throws. */
export async function offerToAddress(member: SealParts, email = ''): Promise<void> {
  const { ports, identities } = member;
  if (!email.includes('@') || await loadConfiguration(ports) === undefined) return;
  const { address } = readMailbox(email);
  if (await identities.signer(address) !== undefined) return;
  if ((await identities.all()).length === 0 || await isInside(member, address)) await openTab('enrolment.html');
}

const TOLD = 'passphraseDemanded';

/** A policy that came later than a key: its holder is told when Thunderbird starts, and not whenever the event page does. */
export async function demandPassphrase(member: Pick<SealParts, 'ports' | 'identities'>): Promise<void> {
  if ((await unprotectedAddresses(member)).length === 0) return;
  const { session } = browserApi.storage;
  if (TOLD in await session.get(TOLD)) return;
  await session.set({ [TOLD]: true });
  await openTab('enrolment.html');
}
