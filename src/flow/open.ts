/**
 * Opening: what a reader may believe of a mail, and its content. The one function behind the plugin's badge and
 * `ssmax verify`. It never throws for what a mail contains: a mail is judged, whatever it is (docs/protocol.md §12).
 */
import { type Bytes, equal, hex } from '../core/bytes.ts';
import { decryptContent } from '../core/cms/auth-enveloped-data.ts';
import { unwrapCek } from '../core/cms/kem-recipient-info.ts';
import { sha256 } from '../core/digest.ts';
import { decapsulate } from '../core/elgamal/index.ts';
import { type ErrorParams, refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { claimedDomains, domainOf, parseFrom } from '../mail/address.ts';
import { findCarrier } from '../mail/carrier.ts';
import { isDaemonReport, isDeliveryReport } from '../mail/delivery-report.ts';
import { type Entity, parseMime } from '../mail/mime.ts';
import { compareHeaders, type HeaderConflict, type ProtectedHeaders, readProtectedHeaders } from '../mail/protected-headers.ts';
import type { Organisation } from '../wire/directory.ts';
import type { Inspection, LegNumber, Sender } from '../wire/leg.ts';
import type { Credential } from './ports.ts';
import type { Trust } from './trust.ts';
import { type RecipientInfo, type VerifiedLeg, verifyLeg } from './verify-leg.ts';

export type State = 'verified' | 'outside' | 'problem' | 'cannot-check';

export interface Reader {
  readonly native: NativeCrypto;
  /** The reader's keys with their certificates, former ones too; empty: judge without opening. */
  readonly credentials: readonly Credential[];
  /** The reader's certified addresses, normalised; undefined: judge whoever it was delivered to. */
  readonly addresses: readonly string[] | undefined;
  /** The trust material, or the `unavailable` error that says why there is none. */
  readonly trust: Trust | SsmaxError;
  readonly now: Date;
}

/** An organisation that attested, in the order of the legs. */
export interface AttestedBy {
  readonly id: string;
  readonly names: Organisation['names'];
  readonly leg: LegNumber;
  readonly signedAt: Date;
  readonly inspections: readonly Inspection[];
}

export interface OpenedMessage {
  readonly headers: ProtectedHeaders;
  readonly entity: Entity;
  /** Fields in which the outer mail says something else. */
  readonly conflicts: readonly HeaderConflict[];
}

export interface Judgement {
  readonly state: State;
  /** Stable: `verified`, `own-copy`, `in-transit`, `outside`, `delivery-report`, `altered`, `impersonation`, `not-addressed`, … */
  readonly code: string;
  /** The check that failed, for the details. */
  readonly detail?: string;
  readonly params?: ErrorParams;
  readonly leg?: LegNumber;
  readonly sender?: Sender & { readonly organisation: Pick<Organisation, 'id' | 'names'> };
  readonly organisations: readonly AttestedBy[];
  /** The leg's recipients, normalised; leg 3 has exactly one, the mailbox it was delivered to. */
  readonly recipients?: readonly string[];
  readonly deliveredTo?: string;
  readonly addressedAs?: string;
  /** Whether this reader is addressed by Bcc. */
  readonly hidden?: boolean;
  readonly signedAt?: Date;
  /** Hexadecimal: the message's identity on all legs. */
  readonly contentDigest?: string;
  readonly content: 'opened' | 'not-opened';
  readonly message?: OpenedMessage;
}

/** Checks whose failure means that somebody claims to be who he is not; any other means that something was altered. */
const IMPERSONATION = new Set([
  'sender-not-of-organisation', 'sender-mismatch', 'organisation-unknown', 'gateway-unknown', 'gateway-signature-missing',
  'certificate-untrusted', 'certificate-role', 'certificate-name-constraint', 'from-mismatch', 'from-several', 'signature-missing',
  'recipient-not-of-organisation', 'key-retired',
]);
/** Codes that keep their name: each has a sentence of its own. */
const OWN_SENTENCE = new Set(['not-addressed', 'wrong-leg', 'certificate-revoked', 'certificate-suspended', 'certificate-expired']);

function problem(error: SsmaxError): Judgement {
  if (error.kind === 'unavailable' || error.code === 'clock-wrong' || error.code === 'key-missing') {
    return { state: 'cannot-check', code: error.code, params: error.params, organisations: [], content: 'not-opened' };
  }
  const code = OWN_SENTENCE.has(error.code) ? error.code : IMPERSONATION.has(error.code) ? 'impersonation' : 'altered';
  return { state: 'problem', code, detail: error.code, params: error.params, organisations: [], content: 'not-opened' };
}

/** Runs a check; what a mail's content makes it throw becomes a judgement, anything else is a fault of ours and goes on. */
async function judged(check: () => Promise<Judgement>): Promise<Judgement> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof SsmaxError && error.kind !== 'fault') return problem(error);
    throw error;
  }
}

/** Judges a whole RFC 5322 mail, and opens it if the reader has a key for it. */
export async function judgeMail(raw: Bytes, reader: Reader): Promise<Judgement> {
  return judged(async () => {
    const outer = parseMime(raw, 'outer');
    const carrier = findCarrier(outer);
    if (carrier.kind === 'none') return judgeOutside(outer, reader);
    if (reader.trust instanceof SsmaxError) throw reader.trust;
    return judgeCarrier(outer, carrier.cms, reader, reader.trust);
  });
}

/** Mail without a seal: outside SSMAX, unless it claims to come from where every mail is signed. */
function judgeOutside(outer: Entity, reader: Reader): Judgement {
  const report: Judgement = { state: 'outside', code: 'delivery-report', organisations: [], content: 'not-opened' };
  if (isDaemonReport(outer)) return report;
  if (reader.trust instanceof SsmaxError) throw reader.trust;
  const { directory } = reader.trust;
  const claimed = claimedDomains([...outer.headers.all('From'), ...outer.headers.all('Sender')]);
  const impersonated = directory.organisations.find(({ alwaysSigned }) => claimed.some((domain) => alwaysSigned.includes(domain)));
  if (impersonated !== undefined) {
    return {
      state: 'problem', code: 'impersonation', detail: 'unsigned', organisations: [], content: 'not-opened',
      params: { ja: impersonated.names.ja, en: impersonated.names.en },
    };
  }
  return isDeliveryReport(outer) ? report : { ...report, code: 'outside' };
}

async function judgeCarrier(outer: Entity, cms: Bytes, reader: Reader, trust: Trust): Promise<Judgement> {
  const verified = await verifyLeg(cms, trust, reader.now, 'signing-time');
  const { leg, sendingOrganisation } = verified;
  const signedAt = verified.signer.attributes.signingTime;
  const ahead = signedAt.getTime() - reader.now.getTime();
  if (ahead > 10 * 60_000) throw refused('clock-wrong', { minutes: Math.round(ahead / 60_000) });
  const [from, ...others] = outer.headers.all('From');
  if (from === undefined || others.length > 0 || parseFrom(from).address !== leg.sender.address) throw refused('from-mismatch');
  const code = checkReader(verified, reader);
  const message = reader.credentials.length === 0 ? undefined : await open(verified, outer, reader);
  return {
    state: 'verified',
    code,
    leg: leg.leg,
    sender: { ...leg.sender, organisation: { id: sendingOrganisation.id, names: sendingOrganisation.names } },
    organisations: leg.attestations.map((attestation) => ({ ...attestation, id: attestation.organisation, names: namesOf(trust, attestation.organisation) })),
    recipients: leg.recipients,
    ...(leg.leg === 3 && { deliveredTo: leg.recipients[0] ?? '', hidden: leg.hidden.length > 0 }),
    ...(leg.addressedAs !== undefined && { addressedAs: leg.addressedAs }),
    signedAt,
    contentDigest: hex(verified.contentDigest),
    ...(message === undefined ? { content: 'not-opened' } : { content: 'opened', message }),
  };
}

function namesOf(trust: Trust, id: string): Organisation['names'] {
  return trust.directory.organisations.find((organisation) => organisation.id === id)?.names ?? { ja: id, en: id };
}

/**
 * What this leg is to this reader: leg 3 to one of his addresses, or his own leg 1. Who has neither key nor address is no
 * reader but an auditor, who may look at a mail anywhere on its way.
 */
function checkReader({ leg, organisation }: VerifiedLeg, reader: Reader): 'verified' | 'own-copy' | 'in-transit' {
  const { addresses } = reader;
  if (leg.leg !== 3 && addresses === undefined && reader.credentials.length === 0) return 'in-transit';
  if (leg.leg === 1) {
    if (addresses !== undefined && !addresses.includes(leg.sender.address)) throw refused('not-addressed');
    return 'own-copy'; // its self info is for the key that signed it (verifyLeg), so nobody else opens it
  }
  if (leg.leg === 2) throw refused('wrong-leg');
  const [mailbox, ...others] = leg.recipients;
  if (mailbox === undefined || others.length > 0) throw refused('leg-invalid', { what: 'recipients' });
  if (!organisation.domains.includes(domainOf(mailbox))) throw refused('recipient-not-of-organisation');
  if (addresses !== undefined && !addresses.includes(mailbox)) throw refused('not-addressed');
  return 'verified';
}

async function open(verified: VerifiedLeg, outer: Entity, reader: Reader): Promise<OpenedMessage> {
  const { credential, recipient } = keyFor(verified.recipients, reader.credentials);
  const { kemct, info } = recipient;
  const secret = await decapsulate(reader.native, credential.key, kemct, await sha256(kemct.label));
  const cek = await unwrapCek(info.encryptedKey, secret, info.ukm);
  const entity = parseMime(await decryptContent(verified.envelope.body, cek), 'sealed');
  const headers = readProtectedHeaders(entity);
  if (headers.from.address !== verified.leg.sender.address) throw refused('from-mismatch');
  return { headers, entity, conflicts: compareHeaders(headers, outer.headers) };
}

function keyFor(recipients: readonly RecipientInfo[], credentials: readonly Credential[]): { credential: Credential; recipient: RecipientInfo } {
  for (const recipient of recipients) {
    const credential = credentials.find(({ certificate }) => equal(certificate.spkiSha256, recipient.label.targetKey));
    if (credential !== undefined) return { credential, recipient };
  }
  throw new SsmaxError('not-for-me', 'key-missing');
}
