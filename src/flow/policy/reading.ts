/** What there is to read in a mail, once everything in it has been opened. */
import type { FileKind } from './kinds.ts';

/** One thing to read: a header, a text, or a file, also one inside another. */
export interface Piece {
  /** The leaf of the mail that it is, or is in; 0 for the mail's header. */
  readonly part: number;
  readonly name: string | undefined;
  readonly text: string;
  /** What a file is by its content; undefined for the mail's own header and texts. */
  readonly kind: FileKind | undefined;
  /** Needs a password to be read. */
  readonly encrypted: boolean;
  /** Holds code that runs when it is opened. */
  readonly macros: boolean;
  /** Why it could not be read as what it is: damaged, of an unknown form, or too much in it. */
  readonly problem: 'unreadable' | 'too-much' | undefined;
}

export interface Reading {
  readonly pieces: readonly Piece[];
  /** Bytes of the whole. */
  readonly size: number;
}

/** Opens files: gives a piece for the file itself and for each file in it. Never throws for what is in the file. */
export type FileReader = (file: { readonly bytes: Uint8Array; readonly name: string | undefined; readonly type: string; readonly part: number }) => Promise<Piece[]>;
