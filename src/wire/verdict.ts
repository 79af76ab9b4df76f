/** The inspection server's signed verdict (docs/protocol.md §8): codes and part numbers only, never content. */
import type { Bytes } from '../core/bytes.ts';
import { type DerCursor, generalizedTime, ia5String, integer, octetString, readDer, readSequence, sequence, TAG, utf8String } from '../core/der.ts';
import { lengthPrefixed, sha256 } from '../core/digest.ts';
import { refused } from '../core/error.ts';
import { sortAddresses } from './label.ts';
import { DIRECTIONS, type Direction } from './leg.ts';
import { readCode, readText } from './text.ts';

export const VERDICT_RESULTS = ['pass', 'refuse', 'hold', 'tag'] as const;
export type VerdictResult = (typeof VERDICT_RESULTS)[number];

/** One thing found: a code, and the number of the MIME part it was found in (0 = the message as a whole). */
export interface Finding {
  readonly code: string;
  readonly part: number;
}

export interface Verdict {
  readonly contentDigest: Bytes;
  /** The leg that was inspected, as it arrived: 1 or 2. */
  readonly leg: 1 | 2;
  readonly direction: Direction;
  /** The inspecting organisation's identifier. */
  readonly organisation: string;
  readonly policy: string;
  readonly result: VerdictResult;
  readonly findings: readonly Finding[];
  readonly time: Date;
  /** The certified address for which the policy was chosen: what the gateway said, so whoever relies on the verdict compares it. */
  readonly sender: string;
  /** Hash of the leg's recipients, for whom the policy was chosen: see {@link recipientsHash}. */
  readonly recipients: Bytes;
}

/** Verdicts older than this are no longer accepted; seconds. */
export const VERDICT_LIFETIME = 3600;
const MAX_FINDINGS = 32;

/** SHA-256 of the sorted addresses, each with its length before it, after a tag (docs/protocol.md §8). */
export function recipientsHash(recipients: readonly string[]): Promise<Bytes> {
  return sha256(...['SSMAX-v1/verdict-recipients', ...sortAddresses(recipients)].map(lengthPrefixed));
}

export function encodeVerdict(verdict: Verdict): Bytes {
  return sequence(
    integer(1), octetString(verdict.contentDigest), integer(verdict.leg),
    integer(DIRECTIONS.indexOf(verdict.direction) + 1, TAG.enumerated), utf8String(verdict.organisation),
    utf8String(verdict.policy), integer(VERDICT_RESULTS.indexOf(verdict.result) + 1, TAG.enumerated),
    sequence(...verdict.findings.slice(0, MAX_FINDINGS).map((f) => sequence(utf8String(f.code), integer(f.part)))),
    generalizedTime(verdict.time), ia5String(verdict.sender), octetString(verdict.recipients),
  );
}

export function decodeVerdict(der: Bytes): Verdict {
  return readDer(der, (cursor) => readSequence(cursor, (c) => {
    if (c.small() !== 1) throw refused('verdict-invalid', { what: 'version' });
    const contentDigest = c.octets(32);
    const leg = c.small();
    const direction = DIRECTIONS[c.small(TAG.enumerated) - 1];
    const organisation = c.text(64);
    const policy = readText(c, 128);
    const result = VERDICT_RESULTS[c.small(TAG.enumerated) - 1];
    const findings = readSequence(c, (inner) => inner.list(readFinding, MAX_FINDINGS));
    const time = c.generalizedTime();
    const sender = c.ascii();
    const recipients = c.octets(32);
    if ((leg !== 1 && leg !== 2) || direction === undefined || result === undefined) throw refused('verdict-invalid', { what: 'value' });
    return { contentDigest, leg, direction, organisation, policy, result, findings, time, sender, recipients };
  }));
}

function readFinding(cursor: DerCursor): Finding {
  return readSequence(cursor, (c) => ({ code: readCode(c), part: c.small() }));
}
