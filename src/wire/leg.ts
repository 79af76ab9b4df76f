/** The leg attribute: what the signer of a leg says about it (docs/protocol.md §6). */
import type { Bytes } from '../core/bytes.ts';
import { compare } from '../core/bytes.ts';
import {
  boolean, contextTag, type DerCursor, generalizedTime, ia5String, integer, octetString, readDer, readSequence, sequence, TAG, tlv,
  utf8String,
} from '../core/der.ts';
import { refused } from '../core/error.ts';
import { encodeAddresses, encodePurpose, type Purpose, readAddresses, readPurpose } from './label.ts';
import { readCode, readText } from './text.ts';

export const MODES = ['protect-all', 'attachments-only', 'sign-only', 'forward'] as const;
export type Mode = (typeof MODES)[number];
export const DIRECTIONS = ['outbound', 'inbound'] as const;
export type Direction = (typeof DIRECTIONS)[number];
export const RESULTS = ['passed', 'tagged', 'not-inspected'] as const;
export type InspectionResult = (typeof RESULTS)[number];
export type LegNumber = 1 | 2 | 3;

export interface Inspection {
  readonly direction: Direction;
  readonly result: InspectionResult;
  /** The version of the organisation's policy that was applied. */
  readonly policy: string;
  /** Codes of what was found, for `tagged`. */
  readonly codes: readonly string[];
}

/** What one organisation says it did: it verified the leg before, and inspected. */
export interface Attestation {
  /** The organisation's identifier in the directory. */
  readonly organisation: string;
  /** The leg that it signed, 2 or 3. */
  readonly leg: LegNumber;
  readonly signedAt: Date;
  readonly inspections: readonly Inspection[];
}

export interface Sender {
  /** The certified address, normalised. */
  readonly address: string;
  /** The certified display name, or pseudonym. */
  readonly displayName: string;
  readonly pseudonym: boolean;
}

export interface Leg {
  readonly leg: LegNumber;
  readonly purpose: Purpose;
  readonly mode: Mode;
  /** SHA-256 of the label of every recipient info, sorted; empty in mode sign-only. */
  readonly labelHashes: readonly Bytes[];
  readonly contentDigest: Bytes;
  readonly sender: Sender;
  /** Leg 1: all; leg 2: those of the receiving organisation; leg 3: exactly the mailbox that it is delivered to. */
  readonly recipients: readonly string[];
  /** Those of `recipients` that are addressed by Bcc. */
  readonly hidden: readonly string[];
  /** Leg 3: the address that the sender wrote, where an alias or group led to this mailbox. */
  readonly addressedAs?: string;
  readonly attestations: readonly Attestation[];
  /** SHA-256 of the DER SignerInfo of the leg before; absent on leg 1. */
  readonly previous?: Bytes;
}

const MAX_LABELS = 256;

function enumerated<T>(values: readonly T[], value: T): Bytes {
  return integer(values.indexOf(value) + 1, TAG.enumerated);
}

function readEnumerated<T>(cursor: DerCursor, values: readonly T[]): T {
  const value = values[cursor.small(TAG.enumerated) - 1];
  if (value === undefined) throw refused('leg-invalid', { what: 'unknown value' });
  return value;
}

function encodeInspection(inspection: Inspection): Bytes {
  return sequence(
    enumerated(DIRECTIONS, inspection.direction), enumerated(RESULTS, inspection.result), utf8String(inspection.policy),
    sequence(...inspection.codes.map(utf8String)),
  );
}

function readInspection(cursor: DerCursor): Inspection {
  return readSequence(cursor, (c) => ({
    direction: readEnumerated(c, DIRECTIONS),
    result: readEnumerated(c, RESULTS),
    policy: readText(c, 128),
    codes: readSequence(c, (inner) => inner.list(readCode, 32)),
  }));
}

function encodeAttestation(attestation: Attestation): Bytes {
  return sequence(
    utf8String(attestation.organisation), integer(attestation.leg), generalizedTime(attestation.signedAt),
    sequence(...attestation.inspections.map(encodeInspection)),
  );
}

function readAttestation(cursor: DerCursor): Attestation {
  return readSequence(cursor, (c) => ({
    organisation: c.text(64),
    leg: readLegNumber(c),
    signedAt: c.generalizedTime(),
    inspections: readSequence(c, (inner) => inner.list(readInspection, 2)),
  }));
}

function readLegNumber(cursor: DerCursor): LegNumber {
  const leg = cursor.small();
  if (leg !== 1 && leg !== 2 && leg !== 3) throw refused('leg-invalid', { what: 'leg' });
  return leg;
}

export function encodeLeg(leg: Leg): Bytes {
  const { sender } = leg;
  return sequence(
    integer(1),
    integer(leg.leg),
    encodePurpose(leg.purpose),
    enumerated(MODES, leg.mode),
    sequence(...[...leg.labelHashes].sort(compare).map((hash) => octetString(hash))),
    octetString(leg.contentDigest),
    sequence(ia5String(sender.address), utf8String(sender.displayName), boolean(sender.pseudonym)),
    encodeAddresses(leg.recipients),
    encodeAddresses(leg.hidden),
    sequence(...leg.attestations.map(encodeAttestation)),
    ...(leg.previous === undefined ? [] : [tlv(contextTag(0, false), leg.previous)]),
    ...(leg.addressedAs === undefined ? [] : [tlv(contextTag(1), ia5String(leg.addressedAs))]),
  );
}

export function decodeLeg(der: Bytes): Leg {
  return readDer(der, (cursor) => readSequence(cursor, (c) => {
    if (c.small() !== 1) throw refused('leg-invalid', { what: 'version' });
    const leg = readLegNumber(c);
    const purpose = readPurpose(c);
    const mode = readEnumerated(c, MODES);
    const labelHashes = readSequence(c, (inner) => inner.list((hash) => hash.octets(32), MAX_LABELS));
    if (labelHashes.some((hash, i) => i > 0 && compare(labelHashes[i - 1] ?? hash, hash) >= 0)) {
      throw refused('leg-invalid', { what: 'label hashes not sorted' });
    }
    const contentDigest = c.octets(32);
    const sender = readSequence(c, (s) => ({ address: s.ascii(), displayName: readText(s, 256), pseudonym: s.boolean() }));
    const recipients = readAddresses(c);
    const hidden = readAddresses(c, 0);
    if (hidden.some((address) => !recipients.includes(address))) throw refused('leg-invalid', { what: 'hidden' });
    const attestations = readSequence(c, (inner) => inner.list(readAttestation, 2));
    const previous = c.peek() === contextTag(0, false) ? c.octets(32, contextTag(0, false)) : undefined;
    const addressedAs = c.done ? undefined : readSequence(c, (inner) => inner.ascii(), contextTag(1));
    return {
      leg, purpose, mode, labelHashes, contentDigest, sender, recipients, hidden, attestations,
      ...(previous !== undefined && { previous }), ...(addressedAs !== undefined && { addressedAs }),
    };
  }));
}
