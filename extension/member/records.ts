/** What is kept on this computer, table by table. */
import type { Bytes } from '../../src/core/bytes.ts';
import type { State } from '../../src/flow/open.ts';
import type { Table } from '../../src/flow/ports.ts';
import type { TrustMarks } from '../../src/flow/trust.ts';
import type { LockedKey, WebKeyPair } from '../../src/platform/web.ts';
import type { SearchTables } from './search-index.ts';
import type { WritingMode } from './draft.ts';

export interface Configuration {
  /** Base URL of the organisation's key server, without a slash at its end. */
  readonly organisationUrl: string;
  /** What is pinned, as parsePins reads it: the Authority's root at least. */
  readonly root: Bytes;
}

export interface StoredIdentity {
  /** The certified address, normalised. */
  readonly address: string;
  /** Or locked by a passphrase. */
  readonly pair: WebKeyPair | LockedKey;
  /** DER address certificate. */
  readonly certificate: Bytes;
  /** DER certificate of the organisation that issued it. */
  readonly organisation: Bytes;
  readonly enrolledAt: Date;
  /** When a backup of the key was saved, or it was brought from one; not known of keys of 0.1.0. */
  readonly backedUpAt?: Date;
}

export interface SealedRecord {
  /** See fingerprintOf; once the mail has gone, its content digest. */
  readonly fingerprint: string;
  /** Hexadecimal. */
  readonly contentDigest: string;
  readonly subject: string;
  readonly sealedAt: Date;
  /** Kept until the mail is known to have gone. */
  readonly cms?: Bytes;
  /** The Message-ID it went out with, without angle brackets. */
  readonly messageId?: string;
}

export interface SeenDelivery {
  /** What tells this delivery from another, hexadecimal. */
  readonly delivery: string;
  readonly at: Date;
}

export interface SeenOrganisation {
  /** Content digest of its first mail, hexadecimal. */
  readonly first: string;
}

/** Somebody the member has written to, or had verified mail from. Never leaves this computer. */
export interface KnownAddress {
  readonly address: string;
  /** Names that went with the address, newest first. */
  readonly names: readonly string[];
  readonly lastAt: Date;
  /** What the member last chose for a mail to this address (plan.ts). */
  readonly mode?: WritingMode;
}

export interface Preferences {
  /** Seconds between "send" and sending, in which it can be taken back; 0 for none. */
  readonly sendDelay?: number;
  /** Opened sealed mail is indexed for search. */
  readonly search?: boolean;
  /** Verdicts are shown as tags in the list of messages. */
  readonly listTags?: boolean;
  /** Hide the subject unless it is chosen otherwise for one mail. */
  readonly hideSubject?: boolean;
  /** Drafts lie sealed on the mail server; they do unless it is switched off. */
  readonly sealedDrafts?: boolean;
}

/** What was recovered for a key of the member's. */
export interface RecoveredPart {
  /** DER ciphertext that the key opens. */
  readonly kemct: Bytes;
}

/** A file in a compose window that stands for a mail to be passed on unopened. */
export interface ForwardMark {
  /** Hexadecimal SHA-256 of the file. */
  readonly id: string;
  /** Which sealed parts, from 0; all if absent. */
  readonly parts?: readonly number[];
  readonly at: Date;
}

/** A verdict that was given here, for the list of messages. */
export interface JudgedMail {
  /** Of the mail, as a list knows it. */
  readonly name: string;
  /** Of the mail itself; absent in what former versions kept. */
  readonly digest?: string;
  readonly state: State;
  readonly at: Date;
}

/** What the organisation's server gave last. */
export interface PublishedCopy {
  readonly url: string;
  readonly at: Date;
  readonly body: Bytes;
}

/** Something done from time to time: when it was last tried. */
export interface Chore {
  readonly at: Date;
  /** It was not done, for want of a key that is locked. */
  readonly locked?: boolean;
}

export interface Tables extends SearchTables {
  /** How new the trust material was that was last believed, by hexadecimal SHA-256 of the root's certificate. */
  readonly trust: Table<TrustMarks>;
  readonly settings: Table<Configuration>;
  /** By hexadecimal SHA-256 of the public key's SubjectPublicKeyInfo. */
  readonly identities: Table<StoredIdentity>;
  /** Keys whose certificate is still to come, by address. */
  readonly pending: Table<WebKeyPair>;
  /** By fingerprint. */
  readonly sealed: Table<SealedRecord>;
  /** By content digest, sender and mailbox. */
  readonly deliveries: Table<SeenDelivery>;
  /** By the organisation's identifier. */
  readonly organisations: Table<SeenOrganisation>;
  /** By address. */
  readonly correspondents: Table<KnownAddress>;
  readonly preferences: Table<Preferences>;
  /** By its identifier. */
  readonly forwards: Table<ForwardMark>;
  /** By content digest and key. */
  readonly recovered: Table<RecoveredPart>;
  /** What is done now and then, by its name. */
  readonly chores: Table<Chore>;
  /** By name. */
  readonly judged: Table<JudgedMail>;
  /** By URL. */
  readonly copies: Table<PublishedCopy>;
}

/** Another version whenever they change: a profile of any earlier one opens. */
export const TABLES_VERSION = 17;
export const TABLES = ['trust', 'settings', 'identities', 'pending', 'sealed', 'deliveries', 'organisations', 'correspondents', 'preferences', 'forwards', 'recovered', 'chores', 'judged', 'copies'] as const satisfies readonly (keyof Tables)[];
/** In a database of their own, which is erased whole. */
export const SEARCH_TABLES = ['searchKeys', 'searchMails'] as const satisfies readonly (keyof SearchTables)[];
