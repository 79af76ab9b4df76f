/** Reporting a mail as malicious, to the desk of the member's own organisation (docs/protocol-abuse.md §2). */
import type { Bytes } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { enrollingOrganisation } from '../../src/flow/enrol.ts';
import { type FiledReport, reportMail } from '../../src/flow/report.ts';
import type { Complaint } from '../../src/wire/report.ts';
import { loadConfiguration } from './configuration.ts';
import { loadSettings } from './preferences.ts';
import type { SealParts } from './seal.ts';

/**
 * Reports a whole mail that was delivered to `address`, one of the member's; whether it names him is as the organisation fixed it, else as the complaint says. Throws what reportMail and TrustSource.get
 * throw, `not-enrolled`, `not-configured`, `configuration-invalid`.
 */
export async function reportMalicious({ ports, identities, trust }: SealParts, mail: Bytes, address: string, complaint: Complaint): Promise<FiledReport> {
  const credential = await identities.signer(address);
  if (credential === undefined) throw new SsmaxError('refused', 'not-enrolled', { address });
  const configuration = await loadConfiguration(ports);
  if (configuration === undefined) throw new SsmaxError('fault', 'not-configured');
  const organisation = await enrollingOrganisation(address, await trust.get());
  const reporter = {
    http: ports.http, url: configuration.organisationUrl, credential, organisation, now: ports.clock.now(), random: (length: number) => ports.native.random(length),
  };
  const { reportsNameMember: named } = await loadSettings(ports);
  return reportMail(reporter, mail, named === undefined ? complaint : { ...complaint, disclose: { reporter: named, comment: named } });
}
