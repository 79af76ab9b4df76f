/** The Authority's signed directory of organisations (docs/protocol.md §9). */
import { z } from 'zod';
import type { Bytes } from '../core/bytes.ts';
import { bytesField, decodeJson, encodeJson, timeField } from './json.ts';

const domain = z.string().max(253).regex(/^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/);
const spkiHash = bytesField({ length: 32 });

export const organisationSchema = z.strictObject({
  /** Stable identifier, at most 64 characters; also organizationIdentifier in the certificate. */
  id: z.string().min(1).max(64),
  certificate: bytesField({ maximum: 16_384 }),
  /** Certificates of the same organisation that are out of use but still attest old mail. */
  formerCertificates: z.array(bytesField({ maximum: 16_384 })).max(8).default([]),
  names: z.strictObject({ ja: z.string().min(1).max(200), en: z.string().min(1).max(200) }),
  corporateNumber: z.string().regex(/^\d{13}$/).optional(),
  vetted: z.iso.date(),
  domains: z.array(domain).min(1).max(1000),
  type: z.enum(['organisation', 'isp']),
  /** Domains whose every mail is signed: unprotected mail from them is refused. */
  alwaysSigned: z.array(domain).max(1000),
  gateways: z.array(spkiHash).max(32),
  inspections: z.array(spkiHash).max(32),
});

const directorySchema = z.strictObject({
  version: z.literal(1),
  issued: timeField,
  nextUpdate: timeField,
  organisations: z.array(organisationSchema),
});

export type Organisation = z.output<typeof organisationSchema>;
export type Directory = z.output<typeof directorySchema>;

export function encodeDirectory(directory: Directory): Bytes {
  return encodeJson(directory);
}

/** Reads the JSON; throws `json-invalid`. */
export function decodeDirectory(bytes: Bytes): Directory {
  return decodeJson(directorySchema, bytes);
}

/** The organisation certified for a mail domain (exact match, as the design asks), or undefined. */
export function organisationOfDomain(directory: Directory, name: string): Organisation | undefined {
  return directory.organisations.find((organisation) => organisation.domains.includes(name));
}
