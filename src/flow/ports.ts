/** What the stories need from outside; src/platform and src/server implement them. */
import type { Bytes } from '../core/bytes.ts';
import type { PrivateKey } from '../core/keys.ts';
import type { Certificate } from '../core/pki/certificate.ts';

export interface Clock {
  now(): Date;
}

/** A key with its certificate. */
export interface Credential {
  readonly key: PrivateKey;
  readonly certificate: Certificate;
}

export interface Member {
  /** The mailbox that mail for the looked-up address is delivered to, normalised. */
  readonly mailbox: string;
  /** DER address certificates in force for that mailbox: at most 8; none until its member has enrolled. */
  readonly certificates: readonly Bytes[];
  /** The mailing list that the looked-up address is. */
  readonly list?: MailingList;
}

export interface MailingList {
  readonly name: string;
  /** Who answers for it, a member of the same organisation. */
  readonly owner?: string;
}

/** The key server's registry, as far as re-encryption needs it. */
export interface Members {
  /** Alias and list expansion; an empty list where the address is nobody's. Throws `list-post-refused` where this sender may not post. */
  expand(address: string, sender?: string): Promise<readonly Member[]>;
}

/** The consents that an ISP's key server keeps. */
export interface Consents {
  /**
   * The statements by which mail of this direction may be inspected for an address (outbound: the sender's; inbound: a
   * recipient's, alias and group included): one of everybody who holds it. Empty where anybody did not consent.
   */
  given(direction: 'outbound' | 'inbound', address: string): Promise<readonly Bytes[]>;
}

/** How mail goes to readers outside SSMAX: signed by the organisation as S/MIME. */
export interface OutsideSigner {
  /** Patterns of the domains that may be written to (src/wire/sending-policy.ts). */
  readonly signedOnly: readonly string[];
  /** The key that signs, with a `mail-signer` certificate in force for this address. */
  credentialFor(address: string): Promise<Credential>;
}

/** Remembers which label a C1 first came with, for ever. */
export interface SeenCiphertexts {
  /** Records (c1, labelHash) if c1 is new; returns the label hash on record. */
  record(c1: Bytes, labelHash: Bytes): Promise<Bytes>;
}

/** What a `sign` leaves behind for traceability (design §2). */
export interface SignEvidence {
  readonly contentDigest: Bytes;
  /** The leg that was verified. */
  readonly leg: number;
  readonly signerInfo: Bytes;
  readonly certificateHash: Bytes;
}

export interface Records {
  evidence(evidence: SignEvidence): Promise<void>;
  /** An attack or misuse that an administrator must see. */
  alert(code: string, contentDigest: Bytes): Promise<void>;
}

/** A table that outlives the program: values by key. */
export interface Table<T> {
  get(key: string): Promise<T | undefined>;
  put(key: string, value: T): Promise<void>;
  /** Puts what `to` makes of what is there, in one step: nobody else writes in between. */
  change(key: string, to: (present: T | undefined) => T): Promise<void>;
  remove(key: string): Promise<void>;
  all(): Promise<readonly T[]>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
}

export interface HttpAnswer {
  readonly status: number;
  /** Values by lower-case name. */
  header(name: string): string | undefined;
  readonly body: Bytes;
}

/** Throws `network-unreachable`, kind unavailable, where there is no answer. Any status is an answer. */
export type Http = (request: HttpRequest) => Promise<HttpAnswer>;
