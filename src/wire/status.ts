/** What the status server tells its page (`/status.json`): figures and codes, never an address, a subject or content. */

export type ServerRole = 'gateway' | 'keyserver' | 'inspection' | 'authority';

export interface ServerStatus {
  /** As the configuration names it. */
  readonly name: string;
  readonly role: ServerRole;
  /** `not-ready`: it runs, but lacks something; `down`: it does not answer. */
  readonly state: 'ready' | 'not-ready' | 'down';
  /** What a server that is not ready lacks: `database`, `trust`, `clamd`. */
  readonly missing: readonly string[];
  /** Of the process; milliseconds since 1970. */
  readonly startedAt?: number;
  /** Resident memory, bytes. */
  readonly memory?: number;
}

export const SPANS = ['hour', 'day', 'month'] as const;
/** The last 60 minutes, 24 hours, 30 days. */
export type Span = (typeof SPANS)[number];

/** How a mail was answered: taken, refused for good, or told to come again. */
export type Answer = 'taken' | 'refused' | 'later';
export type Listener = 'submission' | 'arriving';

export interface Bar {
  /** Where it begins; milliseconds since 1970. */
  readonly at: number;
  readonly taken: number;
  readonly refused: number;
  readonly later: number;
}

export interface Flow {
  readonly span: Span;
  readonly submission: Readonly<Record<Answer, number>>;
  readonly arriving: Readonly<Record<Answer, number>>;
  /** Both listeners, oldest first. */
  readonly bars: readonly Bar[];
  /** What was not taken, most frequent first. */
  readonly reasons: readonly Reason[];
  /** Alerts in the key server's audit chain. */
  readonly alerts: number;
}

export interface Reason {
  readonly listener: Listener;
  readonly answer: Exclude<Answer, 'taken'>;
  /** Error code. */
  readonly code: string;
  readonly count: number;
}

/** Mails in the mail server's queue; times in milliseconds since 1970. */
export interface QueueStatus {
  /** Tried, and to be tried again. */
  readonly deferred: number;
  /** Waiting for a person's approval. */
  readonly held: number;
  /** On their way right now. */
  readonly moving: number;
  readonly oldestDeferred?: number;
  readonly oldestHeld?: number;
}

/** Held mails with this finding, by the inspection server; a mail with several findings counts for each. */
export interface HeldReason {
  /** Whose policy held it: that for mail of members, or that for mail to them. */
  readonly listener: Listener;
  /** Of the finding. */
  readonly code: string;
  readonly count: number;
}

/** What ends when, of the certificates and lists that a server rests on. */
export interface Expiry {
  /** All that tell of it: an organisation's certificate is known to several. */
  readonly servers: readonly string[];
  /** `server`, `organisation`, `root`; `directory`, `authority-crl`, `organisation-crl`. */
  readonly what: string;
  /** Certificates are renewed by people; lists by themselves, again and again. */
  readonly kind: 'certificate' | 'list';
  /** Milliseconds since 1970. */
  readonly ends: number;
}

/** From the key server's figures. */
export interface RegistryStatus {
  readonly members?: number;
  /** Members' certificates that end within 30 days; renewed by the plugin. */
  readonly certificatesExpiring?: number;
  readonly auditEntries?: number;
  /** Cases that are not closed. */
  readonly abuseOpen?: number;
}

export interface Status {
  /** When it was last looked; milliseconds since 1970. */
  readonly at: number;
  /** Seconds between two looks. */
  readonly every: number;
  /** Since when mails have been counted; milliseconds since 1970. */
  readonly since: number;
  readonly organisation: { readonly ja: string; readonly en: string };
  readonly servers: readonly ServerStatus[];
  readonly flows: readonly Flow[];
  /** Undefined where the status server is not told of a mail server, `unreadable` where it cannot ask. */
  readonly queue?: QueueStatus | 'unreadable';
  /** Why mail waits for approval, most frequent first; undefined where no inspection server tells. */
  readonly held?: readonly HeldReason[];
  readonly expiries: readonly Expiry[];
  readonly registry: RegistryStatus;
}
