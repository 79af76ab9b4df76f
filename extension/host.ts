/** What a mail client must offer to the pages of extension/ui. Each host implements it in its own way. */
import type { State } from '../src/flow/open.ts';
import type { FiledReport } from '../src/flow/report.ts';
import type { Complaint } from '../src/wire/report.ts';
import type { Choice, Plan } from './member/plan.ts';
import type { DraftPreview } from './member/preview.ts';
import type { Risks } from './member/risk.ts';
import type { SearchHit } from './member/search-index.ts';
import type { Reason } from './ui/reasons.ts';
import type { MailAction } from './ui/mail-actions.ts';
import type { DetailGroup } from './ui/detail-group.ts';
import type { InvitationView } from './ui/invitation.ts';
import type { Piece } from './ui/words.ts';

export interface IdentityView {
  readonly address: string;
  readonly name: string;
  readonly organisation: { readonly ja: string; readonly en: string };
  readonly until: Date;
  /** When a backup of its key was saved, or it came from one. */
  readonly backedUpAt?: Date;
  /** Its key is under a passphrase. */
  readonly locked: boolean;
  /** SHA-256 of its certificate, in groups. */
  readonly fingerprint: string;
}

export interface BackupHost {
  /** Saves a backup of the key that was just made for this address, and gives the file's name. */
  saveBackup(address: string, passphrase: string): Promise<string>;
  /** `lock`: the key is kept only once lockKey put a passphrase on it. */
  importBackup(file: Uint8Array<ArrayBuffer>, passphrase: string, lock: boolean): Promise<IdentityView>;
}

export interface LockHost {
  /** Puts a passphrase on the key that was just made, or brought, for this address. */
  lockKey(address: string, passphrase: string): Promise<void>;
}

export interface UnlockHost {
  /** Why not; undefined where it opened. */
  unlock(passphrase: string): Promise<Reason | undefined>;
  /** For a passphrase that is forgotten. */
  openEnrolment(): void;
  close(): void;
}

/** Every operation rejects with SsmaxError. */
export interface EnrolmentHost extends BackupHost, LockHost {
  /** The organisation wants a passphrase on every new key. */
  lockRequired(): Promise<boolean>;
  /** What the organisation says of backups of new keys. */
  backupPolicy(): Promise<'required' | 'allowed' | 'forbidden'>;
  /** Addresses whose key has none all the same: nothing can be sent from them until it is set. */
  unprotected(): Promise<readonly string[]>;
  /** The addresses of the client's accounts. */
  addresses(): Promise<readonly string[]>;
  identities(): Promise<readonly IdentityView[]>;
  /** Whether an organisation is set up, by policy or by hand. */
  configured(): Promise<boolean>;
  /** The code that came by policy, where one did. */
  managedCode(): Promise<string | undefined>;
  configure(organisationUrl: string, root: string): Promise<void>;
  /** `backup`: a backup of its key can be made now, and only now. `lock` as with importBackup. */
  enrol(address: string, code: string, lock: boolean): Promise<IdentityView & { readonly backup: boolean }>;
  /** Calls whenever a key came on another page, or an account or another address to this mail program. */
  onChange(listener: () => void): void;
  close(): void;
}

export interface OptionsView {
  readonly identities: readonly IdentityView[];
  readonly server: string | undefined;
  readonly managed: boolean;
  /** SHA-256 of the Authority's root, in groups. */
  readonly fingerprint: string | undefined;
  /** The organisation allows backups of keys. */
  readonly backups: boolean;
  /** Lists of the address book may be read. */
  readonly lists: boolean;
  /** The organisation does not want lists as recipients. */
  readonly listsForbidden: boolean;
  /** Verdicts as tags in the list of messages: chosen, permitted by the member, fixed by the organisation. */
  readonly listTags: { readonly on: boolean; readonly permitted: boolean; readonly fixed: boolean };
  /** Seconds between "send" and sending. */
  readonly sendDelay: number;
  /** The organisation fixed it. */
  readonly sendDelayFixed: boolean;
  /** For mail of which it is not chosen otherwise. */
  readonly hideSubject: boolean;
  readonly hideSubjectFixed: boolean;
  readonly sealedDrafts: boolean;
  readonly sealedDraftsFixed: boolean;
  /** The keys that tell about the mail in front, as Thunderbird names them; undefined where there are none. */
  readonly shortcut: string | undefined;
}

/** What may be inspected of an individual's mail. */
export interface ConsentView {
  readonly outbound: boolean;
  readonly inbound: boolean;
}

export interface ConsentHost {
  /** The member's addresses at a provider, which inspects by consent only. */
  individuals(): Promise<readonly string[]>;
  consent(address: string): Promise<ConsentView>;
  /** Signs and says what is wanted; what it leaves out stays. Gives what holds then. */
  changeConsent(address: string, wanted: Partial<ConsentView>): Promise<ConsentView>;
}

export interface DiagnosticsHost {
  /** The report for the administrator, in lines. */
  diagnose(): Promise<string>;
  /** Rejects if the member does not want that. */
  saveReport(report: string): Promise<void>;
}

export interface RemovalHost {
  /** Asks once more, then removes the add-on; gives false where the organisation installed it, so that it cannot be removed here. */
  remove(): Promise<boolean>;
}

export interface OptionsHost extends ConsentHost, DiagnosticsHost, RemovalHost {
  openSearch(): void;
  options(): Promise<OptionsView>;
  /** Asks for the permission to read address-book lists. Must be called from a click. */
  allowLists(): Promise<boolean>;
  setSendDelay(seconds: number): Promise<void>;
  /** What is left out stays. */
  setWriting(choice: { readonly hideSubject?: boolean; readonly sealedDrafts?: boolean }): Promise<void>;
  /** Asks for the permission where that is needed: must be called from a click. */
  switchListTags(on: boolean): Promise<void>;
  openEnrolment(): void;
}

export interface DetailsView {
  /** Which mail this is, in two fields: what is done here is done to it alone. */
  readonly about: readonly (readonly [name: string, value: string])[];
  readonly state: State;
  readonly heading: string;
  readonly sentence: readonly Piece[];
  readonly notes: readonly string[];
  readonly groups: readonly DetailGroup[];
  readonly enrol: boolean;
  /** What can be done with this mail. */
  readonly actions: readonly MailAction[];
  /** False where it could be saved but for the organisation, which forbids that. */
  readonly copies: boolean;
  /** Of a mail of which only parts are sealed: their names. */
  readonly sealedNames: readonly string[];
  /** Reports name the member to the sending organisation, or do not, as the organisation fixed it; undefined where he decides. */
  readonly reportsNameMember?: boolean;
}

export type Reported =
  | { readonly done: FiledReport }
  | { readonly reason: Reason };

/** Text alone, or a whole mail with its attachments. */
export type CopyKind = 'text' | 'eml';

/** Of what is said about one mail. */
export interface ShortcutHost {
  /** In a window of its own, as the shortcut opens it; else in the popup on a button. */
  readonly ownWindow: boolean;
  /** The keys, as Thunderbird names them; undefined where there are none. */
  shortcut(): Promise<string | undefined>;
}

export interface DetailsHost {
  /** Of the mail that is shown; undefined where there is none. */
  details(): Promise<DetailsView | undefined>;
  openEnrolment(): void;
  report(complaint: Complaint): Promise<Reported>;
  /** Saves a copy of the opened mail, unprotected, where downloads go; gives why not. */
  saveCopy(kind: CopyKind): Promise<Reason | undefined>;
  /** Opens a compose window that passes the mail on unopened, or the chosen of its sealed parts (from 0); gives why not. */
  forward(parts: readonly number[] | undefined): Promise<Reason | undefined>;
}

/** What stands between "send" and sending. */
export type SendingView = { readonly subject: string } & (
  | { readonly stage: 'confirm'; readonly risks: Risks }
  /** `until` in milliseconds since 1970. */
  | { readonly stage: 'delay'; readonly until: number }
  /** `done` from 0 to 1. */
  | { readonly stage: 'working'; readonly done: number }
);

export interface SendingHost {
  /** Undefined once there is nothing left to show. */
  sending(): Promise<SendingView | undefined>;
  decide(go: boolean): void;
}

/** What will happen to the mail in a compose window. */
export interface ComposingView {
  readonly preview: DraftPreview;
  /** Absent where it is none of ours. */
  readonly plan?: Plan;
  /** It passes a sealed mail on unopened: there is no mode to choose. */
  readonly passesOn: boolean;
  /** Drafts of this account lie sealed on the server. */
  readonly sealedDrafts: boolean;
}

export interface ComposingHost {
  /** Of the compose window in front. */
  view(): Promise<ComposingView>;
  /** For the mail in that window; what is left out stays. */
  choose(choice: Choice): Promise<void>;
  /** Saves the mail as a sealed draft, and closes the popup. */
  saveDraft(): void;
  /** Puts the recipients outside into a window of their own, and closes the popup. */
  split(): void;
  openEnrolment(): void;
}

export interface NotSentView {
  /** What was not done. */
  readonly failed: 'sending' | 'draft-saved' | 'draft-opened';
  readonly subject: string;
  readonly reason: Reason;
  /** What puts it right, where a page can. */
  readonly remedy?: 'enrol' | 'allow-lists' | 'unlock' | 'split';
  /** Of the compose window, for `split`. */
  readonly tabId?: number;
}

/** A mail in the outbox. */
export interface WaitingMail {
  readonly id: number;
  readonly subject: string;
  readonly recipients: readonly string[];
  /** Milliseconds since 1970. */
  readonly sealedAt: number;
}

export interface WaitingHost {
  readonly mails: readonly WaitingMail[];
  /** Opens the mail in a compose window, to be sent in place of the one that waits; gives why not. */
  again(id: number): Promise<Reason | undefined>;
  close(): void;
}

export interface NotSentHost {
  readonly view: NotSentView;
  openUnlock(): void;
  /** Puts those outside into a window of their own. */
  split(): void;
  openEnrolment(): void;
  /** Where reading address-book lists can be allowed. */
  openOptions(): void;
  close(): void;
}

export interface SearchView {
  readonly on: boolean;
  /** The organisation fixed it. */
  readonly fixed: boolean;
  /** Not beside a key that rests under a passphrase. */
  readonly locked: boolean;
  /** Mails in the index. */
  readonly count: number;
}

/** Search over sealed mail that was opened on this computer. */
export interface SearchHost {
  search(): Promise<SearchView>;
  /** Switched off, everything is forgotten. */
  switchSearch(on: boolean): Promise<void>;
  find(query: string): Promise<readonly SearchHit[]>;
  /** Shows the mail; false where it is no longer there. */
  open(messageId: string): Promise<boolean>;
  erase(): Promise<void>;
}

/** Sanitised HTML, or plain text. */
export type ShownBody = { readonly html: string; readonly coloured: boolean } | { readonly text: string };

/** A mail with its pictures from outside. */
export interface OutsidePicturesView {
  readonly subject: string;
  /** The verdict's. */
  readonly sentence: readonly Piece[];
  /** That the pictures come from. */
  readonly servers: string;
  /** The mail's own, then those of mails passed on, with who wrote them. */
  readonly bodies: readonly { readonly sentence?: readonly Piece[]; readonly body: ShownBody }[];
}

export interface OutsidePicturesHost {
  /** Undefined where the mail is no longer shown. */
  pictures(): Promise<OutsidePicturesView | undefined>;
}

/** A mail that is attached to another. */
export interface AttachedMailView {
  readonly name: string;
  readonly state: State;
  readonly heading: string;
  readonly sentence: readonly Piece[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Its files may be saved. */
  readonly copies: boolean;
  /** What is said of a text that is too long to be shown. */
  readonly longBodies: readonly string[];
  /** Undefined where it could not be opened. */
  readonly body?: ShownBody;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
}

export interface AttachedMailHost {
  /** Undefined where the mail that it is attached to is no longer shown. */
  mail(): Promise<AttachedMailView | undefined>;
  /** Rejects if the member does not want that. */
  save(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

export interface AttachmentView {
  readonly name: string;
  readonly type: string;
  /** Of a text, as its sender declared it. */
  readonly charset?: string;
  /** It is an invitation, or another entry for a calendar. */
  readonly invitation?: InvitationView;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** It may be saved. */
  readonly copies: boolean;
  readonly sender: string;
  readonly organisation: string;
}

export interface AttachmentHost {
  attachment(): Promise<AttachmentView | undefined>;
  /** Saves it where downloads go; rejects if the member does not want that. */
  save(view: AttachmentView): Promise<SavedFile>;
}

export interface SavedFile {
  /** Opens it in the program for its kind; rejects where there is none. Must be called from a click, with nothing awaited before. */
  open(): Promise<void>;
}
