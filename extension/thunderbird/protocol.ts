/** What the pages, the message pane and the background say to each other. */
import type { Complaint } from '../../src/wire/report.ts';
import type { CopyKind, DetailsView, ShownBody } from '../host.ts';
import type { Choice } from '../member/plan.ts';
import type { InvitationView } from '../ui/invitation.ts';
import type { Piece } from '../ui/words.ts';
import type { VerdictView } from '../ui/verdict.ts';

export type Request =
  | { readonly kind: 'show' }
  | { readonly kind: 'save'; readonly index: number }
  /** Answered by whether a window opened. */
  | { readonly kind: 'open'; readonly index: number }
  | { readonly kind: 'link'; readonly url: string }
  | { readonly kind: 'enrol' }
  /** The message pane asks for the window with the pictures from outside; that window for what it shows. */
  | { readonly kind: 'show-pictures' }
  | { readonly kind: 'pictures'; readonly tabId: number; readonly messageId: number }
  | { readonly kind: 'search-switched' }
  | { readonly kind: 'tags-switched' }
  /** Answered by the code of a refusal; undefined where it opened. */
  | { readonly kind: 'unlock'; readonly passphrase: string }
  /** A key came, by enrolment or from a backup: what could not be opened may open now. */
  | { readonly kind: 'keys-changed' }
  | { readonly kind: 'preview'; readonly tabId: number }
  | { readonly kind: 'choose'; readonly tabId: number; readonly choice: Choice }
  | { readonly kind: 'sending'; readonly tabId: number }
  /** Of this window, or of the one that the asking script runs in. */
  | { readonly kind: 'save-draft'; readonly tabId?: number }
  | { readonly kind: 'seals-drafts' }
  | { readonly kind: 'split'; readonly tabId: number }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'send-again'; readonly messageId: number }
  | { readonly kind: 'not-sent'; readonly number: number }
  | { readonly kind: 'decide'; readonly tabId: number; readonly go: boolean }
  | { readonly kind: 'verdict'; readonly tabId: number }
  | { readonly kind: 'forward'; readonly tabId: number; readonly messageId: number; readonly parts?: readonly number[] }
  | { readonly kind: 'copy'; readonly tabId: number; readonly messageId: number; readonly as: CopyKind }
  | { readonly kind: 'report'; readonly tabId: number; readonly messageId: number; readonly complaint: Complaint }
  | { readonly kind: 'attached-mail'; readonly tabId: number; readonly messageId: number; readonly index: number }
  | { readonly kind: 'attachment'; readonly tabId: number; readonly messageId: number; readonly index: number };

/** Whoever acts on the mail names it again by its number: its tab may show another one by then. */
export type DetailsAnswer = DetailsView & { readonly messageId: number };

export interface BannerView {
  readonly state: VerdictView['state'];
  readonly quiet: boolean;
  readonly heading: string;
  readonly sentence: readonly Piece[];
  readonly notes: readonly string[];
  readonly inspections: string;
  /** A button that opens the enrolment page. */
  readonly enrol?: string;
  /** To be asked for again later: what is missing may come by itself. */
  readonly passing: boolean;
}

/** What the message pane is to show. */
export interface PaneView {
  readonly language: 'ja' | 'en';
  readonly banner: BannerView;
  /** Links of a mail that keeps its own body may be followed. */
  readonly links: boolean;
  /** What takes the place of the mail's own body; undefined: the body stays. */
  readonly replacement?: Replacement;
}

export interface ForwardedBody {
  /** Who wrote it, in a sentence. */
  readonly sentence: readonly Piece[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: ShownBody;
}

export interface Replacement {
  /** Undefined where there is nothing to be read yet. */
  readonly body?: ShownBody | 'own-text';
  /** For paper: Thunderbird's own header block goes with the document that is replaced. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Stands above them there: that what is printed is not protected. Of an opened mail only. */
  readonly printed?: string;
  /** Links may be followed. */
  readonly links: boolean;
  /** Mails passed on unopened, below the sender's own text. */
  readonly forwarded: readonly ForwardedBody[];
  /** What is said of texts that are too long to be shown: which attachments they are. */
  readonly longBodies: readonly string[];
  /** Pictures that were left out as they lie outside; `show` fetches them. */
  readonly pictures?: { readonly text: string; readonly show?: string };
  /** Invitations among the attachments, each with the number of its file. */
  readonly invitations: readonly (InvitationView & { readonly index: number; readonly open: string })[];
  readonly attachments: readonly { readonly name: string; readonly size: string }[];
  /** Attachments may be saved. */
  readonly copies: boolean;
  /** What saving them means. */
  readonly saveWarning?: string;
  /** Why attachments cannot be used; undefined where they can. */
  readonly attachmentsOff?: string;
  readonly words: { readonly title: string; readonly open: string; readonly save: string; readonly saved: string; readonly failed: string; readonly openFailed: string; readonly empty: string };
}

/** To the script in a message pane: ask for the verdict once more. */
export interface PaneRequest {
  readonly kind: 'again';
}
