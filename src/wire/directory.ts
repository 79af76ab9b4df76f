/** What the Authority's directory says of an organisation (docs/protocol.md §9.1). */
import { z } from 'zod';
import { bytesField, timeField } from './json.ts';

const domain = z.string().max(253).regex(/^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/);
const spkiHash = bytesField({ length: 32 });

const count = z.int().min(0);

/** Where the Authority's review has put a member. A candidate stands in no directory. */
export const STANDINGS = ['certified', 'warned', 'suspended'] as const;
export type Standing = (typeof STANDINGS)[number];

/** Sums over the last `days` days, up to the day of the last statement (docs/protocol-abuse.md §5). No addresses, ever. */
const figuresSchema = z.strictObject({
  days: z.int().min(1).max(400),
  /** Mails that its members sent, and that it took for them from other organisations; as it says itself. */
  sent: count,
  received: count,
  /** Reports about its members that the Authority handed on to it. */
  reported: count,
  /** Cases that it found to be abuse; members that it warned or suspended. As it says itself. */
  confirmed: count,
  warned: count,
  suspended: count,
});
export type Figures = z.output<typeof figuresSchema>;

export const organisationSchema = z.strictObject({
  /** Stable identifier, at most 64 characters; also organizationIdentifier in the certificate. */
  id: z.string().min(1).max(64),
  certificate: bytesField({ maximum: 16_384 }),
  /** Certificates of the same organisation that are out of use but still attest old mail. */
  formerCertificates: z.array(bytesField({ maximum: 16_384 })).max(64).default([]),
  names: z.strictObject({ ja: z.string().min(1).max(200), en: z.string().min(1).max(200) }),
  corporateNumber: z.string().regex(/^\d{13}$/).optional(),
  vetted: z.iso.date(),
  domains: z.array(domain).min(1).max(1000),
  type: z.enum(['organisation', 'isp']),
  /** Domains whose every mail is signed: unprotected mail from them is refused. */
  alwaysSigned: z.array(domain).max(1000),
  gateways: z.array(spkiHash).max(32),
  inspections: z.array(spkiHash).max(32),
  /** Keys of the organisation and its gateways that went out of use: they count for what was done until then. */
  retired: z.array(z.strictObject({ role: z.enum(['organisation', 'gateway']), spki: spkiHash, until: timeField })).max(64).optional(),
  /** Absent: certified. A suspended organisation goes on attesting old mail; its certificate is on hold in the Authority's CRL. */
  standing: z.strictObject({ state: z.enum(STANDINGS), since: timeField }).optional(),
  /** Absent where it has not stated any yet. */
  figures: figuresSchema.optional(),
});

export type Organisation = z.output<typeof organisationSchema>;

/** Where the Authority's review has put an organisation. */
export function standingOf({ standing }: Organisation): Standing {
  return standing?.state ?? 'certified';
}
