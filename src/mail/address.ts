/**
 * Addresses: RFC 5322 §3.4 without its obsolete forms and without comments, one tokenizer for every reader of From and
 * recipient lists, so that no two of them can see different addresses.
 *
 * Decisions beyond the RFC:
 * - An address is compared as bytes after {@link normalizeAddress}: ASCII lower case, domain as A-labels.
 * - Local parts are ASCII. A quoted local part may hold atom characters and dots only (`"a..b"@docomo.ne.jp` exists);
 *   the quotes go where they are not needed.
 * - Dots and letters outside ASCII are allowed in an unquoted display name: they change nothing about the address.
 * - Groups are read in recipient lists only (`undisclosed-recipients:;`), their members count as members of the list.
 *
 * Known gaps: no domain literals (`[192.0.2.1]`), no SMTPUTF8 local parts.
 */
import { refused, SsmaxError } from '../core/error.ts';
import { assertNoControls, decodeWords, encodeWords } from './encoded-word.ts';

export interface Mailbox {
  /** Normalised address. */
  readonly address: string;
  /** Decoded display name, empty where there is none. Anything its sender liked: never to be taken for an address. */
  readonly displayName: string;
}

/** Most addresses that one field may hold. */
const MAX_ADDRESSES = 2000;

const ATEXT = "A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~";
const DOT_ATOM = new RegExp(`^[${ATEXT}]+(?:\\.[${ATEXT}]+)*$`);
const QUOTED_LOCAL = new RegExp(`^"([${ATEXT}.]+)"$`);
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function invalid(reason: string): Error {
  return refused('address-invalid', { reason });
}

/**
 * The one spelling of a bare address: ASCII lower case, domain as A-labels (UTS 46 by the URL standard), no needless
 * quotes. Refuses (`address-invalid`) everything that is not exactly one addr-spec.
 */
export function normalizeAddress(text: string): string {
  const at = text.lastIndexOf('@');
  if (at < 1) throw invalid('no-at');
  const local = normalizeLocalPart(text.slice(0, at));
  const address = `${local}@${normalizeDomain(text.slice(at + 1))}`;
  if (address.length > 254) throw invalid('too-long');
  return address;
}

function normalizeLocalPart(text: string): string {
  if (text.length > 64) throw invalid('local-part-too-long');
  const content = QUOTED_LOCAL.exec(text)?.[1] ?? text;
  if (DOT_ATOM.test(content)) return content.toLowerCase();
  if (content === text) throw invalid('local-part');
  return `"${content.toLowerCase()}"`;
}

/**
 * A domain name as lower-case A-labels. Refuses (`address-invalid`) IP addresses, ports, percent signs, empty labels,
 * dots other than `.`, and names that UTS 46 does not allow.
 */
function normalizeDomain(text: string): string {
  // Only letters, marks, digits, hyphens and full stops reach the URL parser: none of its own syntax.
  if (text.length > 253 || !/^[\p{L}\p{M}\p{N}\u30fb.-]+$/u.test(text)) throw invalid('domain');
  let host: string;
  try {
    host = new URL(`http://${text}/`).hostname;
  } catch {
    throw invalid('domain');
  }
  const labels = host.split('.');
  // The URL parser reads "1.2", "0x7f.1" and the like as IPv4 addresses; a top level without letters is none.
  if (host.length > 253 || !labels.every((label) => LABEL.test(label)) || /^[0-9]+$/.test(labels.at(-1) ?? '')) throw invalid('domain');
  // What came as ASCII must leave unchanged.
  if (/^[\x2d-\x7a]+$/.test(text) && text.toLowerCase() !== host) throw invalid('domain');
  return host;
}

/** The domain of a normalised address. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

type Token =
  | { readonly kind: 'special'; readonly text: string }
  /** A run of atom characters and dots, or a quoted string (`text` unescaped, `raw` with its quotes). */
  | { readonly kind: 'word'; readonly text: string; readonly raw: string; readonly quoted: boolean; readonly spaceBefore: boolean };

const SPACE = /[ \t]+/y;
const SPECIAL = /[<>,:;@]/y;
const QUOTED = /"((?:[^"\\\p{Cc}]|\t|\\[^\p{Cc}])*)"/uy;
const WORD = new RegExp(`(?:[${ATEXT}.]|[^\\x00-\\x9f])+`, 'y');

function tokenize(value: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let spaceBefore = false;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(value);
    if (found !== null) at += found[0].length;
    return found;
  };
  while (at < value.length) {
    if (match(SPACE) !== null) {
      spaceBefore = true;
      continue;
    }
    const special = match(SPECIAL);
    const quoted = special === null ? match(QUOTED) : null;
    const word = special === null && quoted === null ? match(WORD) : null;
    if (special !== null) tokens.push({ kind: 'special', text: special[0] });
    else if (quoted !== null) {
      const text = (quoted[1] ?? '').replace(/\\(.)/gsu, '$1');
      tokens.push({ kind: 'word', text, raw: quoted[0], quoted: true, spaceBefore });
    } else if (word !== null) tokens.push({ kind: 'word', text: word[0], raw: word[0], quoted: false, spaceBefore });
    // Comments, brackets, controls, stray quotes.
    else throw invalid(value[at] === '(' ? 'comment' : 'character');
    spaceBefore = false;
  }
  return tokens;
}

class Parser {
  private at = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  isSpecial(text: string): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'special' && token.text === text;
  }

  take(text: string): boolean {
    const found = this.isSpecial(text);
    if (found) this.at++;
    return found;
  }

  private words(): (Token & { kind: 'word' })[] {
    const words = [];
    for (let token = this.tokens[this.at]; token?.kind === 'word'; token = this.tokens[++this.at]) words.push(token);
    return words;
  }

  mailbox(): Mailbox {
    const words = this.words();
    if (this.take('<')) {
      const address = this.addrSpec(this.words());
      if (!this.take('>')) throw invalid('angle-bracket');
      return { address, displayName: displayName(words) };
    }
    return { address: this.addrSpec(words), displayName: '' };
  }

  private addrSpec(local: readonly (Token & { kind: 'word' })[]): string {
    const hasAt = this.take('@');
    const domain = hasAt ? this.words() : [];
    const [l, d] = [local[0], domain[0]];
    if (l === undefined || d === undefined || local.length !== 1 || domain.length !== 1 || d.quoted) throw invalid('addr-spec');
    return normalizeAddress(`${l.raw}@${d.raw}`);
  }

  /** One mailbox, or a group's members. */
  entry(): Mailbox[] {
    const start = this.at;
    if (this.words().length > 0 && this.take(':')) {
      const members = this.isSpecial(';') ? [] : this.list(() => [this.mailbox()]);
      if (!this.take(';')) throw invalid('group');
      return members;
    }
    this.at = start;
    return [this.mailbox()];
  }

  list(one: () => Mailbox[]): Mailbox[] {
    const all = one();
    while (this.take(',')) {
      all.push(...one());
      if (all.length > MAX_ADDRESSES) throw refused('address-list-too-long', { limit: MAX_ADDRESSES });
    }
    return all;
  }
}

/** A phrase's text: unquoted words are decoded together, so that RFC 2047's rule on spaces between words holds. */
function displayName(words: readonly (Token & { kind: 'word' })[]): string {
  let out = '';
  let unquoted = '';
  for (const word of words) {
    const space = out + unquoted !== '' && word.spaceBefore ? ' ' : '';
    if (word.quoted) {
      out += decodeWords(unquoted) + space + word.text;
      unquoted = '';
    } else unquoted += space + word.text;
  }
  return (out + decodeWords(unquoted)).trim();
}

/**
 * The value of a From field (unfolded): exactly one mailbox. Refused: `address-invalid`, `from-several`.
 */
export function parseFrom(value: string): Mailbox {
  const parser = new Parser(tokenize(value));
  const mailbox = parser.mailbox();
  if (parser.isSpecial(',')) throw refused('from-several');
  if (!parser.done) throw invalid('trailing');
  return mailbox;
}

/**
 * The value of a To, Cc, Bcc or Reply-To field (unfolded), in order; empty for an empty value or an empty group.
 * Refused: `address-invalid`, `address-list-too-long`.
 */
export function parseAddressList(value: string): Mailbox[] {
  const parser = new Parser(tokenize(value));
  if (parser.done) return [];
  const all = parser.list(() => parser.entry());
  if (!parser.done) throw invalid('trailing');
  return all;
}

/** A mailbox as a field value in ASCII. Refuses `address-invalid` and `header-injection`. */
export function formatMailbox({ address, displayName: name }: Mailbox): string {
  const normal = normalizeAddress(address);
  assertNoControls(name, 'display-name');
  if (name === '') return normal;
  // Encoded words are not decoded inside quotes, so what only looks like one must be quoted.
  const phrase = /^[\x20-\x7e]*$/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : encodeWords(name);
  return `${phrase} <${normal}>`;
}

/** An address list as a field value; the field's folding breaks it after commas. */
export function formatAddressList(mailboxes: readonly Mailbox[]): string {
  return mailboxes.map(formatMailbox).join(', ');
}

/**
 * An address field as lenient readers may understand it: encoded words decoded or not, comments kept or dropped (Thunderbird
 * shows `taro@(x)corp.example` as taro@corp.example), quotes, brackets, invisible letters and spaces around dots and `@` gone,
 * look-alike dots and `@` as what they look like. For rules that must hold for malformed mail too; never to name a sender.
 */
export function asReadersMight(value: string): string[] {
  const texts = [value, decodeWords(value)];
  return [...new Set([...texts, ...texts.map(withoutComments)].map(canonical))];
}

function canonical(text: string): string {
  return text.normalize('NFKC').replace(/\p{Cf}/gu, '').replaceAll('\u3002', '.').replace(/["\\[\]]/g, '')
    .replace(/\s+/g, ' ').replace(/ ?([.@]) ?/g, '$1').replace(/\.{2,}/g, '.');
}

/** Nested ones too; one that is not closed is kept. */
function withoutComments(text: string): string {
  let depth = 0;
  let start = 0;
  let kept = '';
  for (const { index, 0: bracket } of text.matchAll(/[()]/g)) {
    if (bracket === '(' && depth++ === 0) {
      kept += text.slice(start, index);
      start = index;
    }
    if (bracket === ')' && depth > 0 && --depth === 0) start = index + 1;
  }
  return kept + text.slice(start);
}

/**
 * Every domain that some reader could take for the sender's in raw From values, strict or not: for rules that must
 * hold for malformed mail too (may this mail claim to come from that domain?). Never to name a sender.
 */
export function claimedDomains(values: readonly string[]): string[] {
  const domains = new Set<string>();
  for (const text of values.flatMap(asReadersMight)) {
    // No reader looks twice at what follows a domain name without being part of one.
    for (const match of text.matchAll(/@([\p{L}\p{M}\p{N}\u30fb.-]{1,255})/gu)) {
      try {
        domains.add(normalizeDomain((match[1] ?? '').replace(/[.-]+$/, '')));
      } catch {
        // No domain name, then nobody's domain either.
      }
    }
  }
  return [...domains];
}

/** The address of a mail's one author; undefined where it names none, several, or one that cannot be read. */
export function authorOf(headers: { all(name: string): readonly string[] }): string | undefined {
  const [from, ...others] = headers.all('From');
  if (from === undefined || others.length > 0) return undefined;
  try {
    return parseFrom(from).address;
  } catch (error) {
    if (error instanceof SsmaxError) return undefined;
    throw error;
  }
}
