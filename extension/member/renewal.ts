/** Renewal of the member's certificates, unseen: the key stays, nobody is asked (docs/protocol-life.md §2). */
import { SsmaxError } from '../../src/core/error.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { enrollingOrganisation } from '../../src/flow/enrol.ts';
import { renewalDue, renewCertificate } from '../../src/flow/renew.ts';
import { loadConfiguration } from './configuration.ts';
import type { StoredIdentity } from './records.ts';
import type { SealParts } from './seal.ts';

/** Between two looks; milliseconds. */
const EVERY = 12 * 3_600_000;
/** So long before a certificate's end its holder hears that renewing fails; milliseconds. */
const URGENT = 10 * 86_400_000;

/** What only the member can put right: a certificate that ends, or has ended, and is not renewed. */
export interface RenewalProblem {
  readonly address: string;
  readonly until: Date;
  readonly code: string;
}

/**
 * Renews what is due, at most twice a day, and as soon as a key is open that it was missing. Gives what the member must know of: nothing where all is well, where it is merely
 * not the time, or where there is still time to try again.
 */
export async function renewCertificates(parts: Pick<SealParts, 'ports' | 'identities' | 'trust'>): Promise<RenewalProblem[]> {
  const { ports, identities } = parts;
  const now = ports.clock.now();
  const last = await ports.tables.chores.get('renewal');
  const open = last?.locked === true && !await identities.waiting();
  if (last !== undefined && !open && Math.abs(now.getTime() - last.at.getTime()) < EVERY) return [];
  const current = newestOf(await identities.all());
  if (current.length === 0 || await loadConfiguration(ports) === undefined) return [];
  const outcomes: (RenewalProblem | 'done' | 'later')[] = [];
  for (const identity of current) outcomes.push(await renew(parts, identity, now));
  // No connection yet, or the key is locked: the next time that the plugin wakes is soon.
  const problems = outcomes.filter((one) => typeof one !== 'string');
  if (!outcomes.includes('later')) await ports.tables.chores.put('renewal', { at: now, locked: problems.some(({ code }) => code === 'key-locked') });
  return problems;
}

/** One for each address: former keys open old mail, but nobody sends with them. */
function newestOf(identities: readonly StoredIdentity[]): StoredIdentity[] {
  return identities.filter(({ address }, i) => identities.findIndex((one) => one.address === address) === i);
}

async function renew(parts: Pick<SealParts, 'ports' | 'identities' | 'trust'>, identity: StoredIdentity, now: Date): Promise<RenewalProblem | 'done' | 'later'> {
  const { ports, identities } = parts;
  const { address } = identity;
  const { notAfter } = parseCertificate(identity.certificate);
  try {
    const trust = await parts.trust.get();
    const credential = await identities.signer(address);
    const configuration = await loadConfiguration(ports);
    if (credential === undefined || configuration === undefined || !(await renewalDue(credential.certificate, trust, now))) return 'done';
    const certificate = await renewCertificate({
      http: ports.http, url: configuration.organisationUrl, trust, now, random: (length) => ports.native.random(length), credential,
    });
    await identities.add({ ...identity, certificate: certificate.der, organisation: (await enrollingOrganisation(address, trust)).certificate });
    return 'done';
  } catch (error) {
    if (!(error instanceof SsmaxError)) throw error;
    const hopeless = error.kind === 'refused' || error.kind === 'not-for-me';
    return hopeless || notAfter.getTime() - now.getTime() < URGENT ? { address, until: notAfter, code: error.code } : 'later';
  }
}
