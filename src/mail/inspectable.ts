/**
 * What a policy can read of an entity: the text of every leaf, whatever its form. HTML becomes text (a word cut by tags
 * is whole again; addresses, alternative texts and comments are there too), text files sent as plain bytes are found,
 * attached mails are opened. What stays closed is said to be so.
 *
 * Archives and office documents are not opened here: src/flow/policy/read-mail.ts has that done.
 */
import { Tokenizer } from 'htmlparser2';
import { SsmaxError } from '../core/error.ts';
import { decodeWords } from './encoded-word.ts';
import { parseMime, type Entity } from './mime.ts';
import { decodeText, guessText } from './text.ts';

interface InspectablePart {
  /** As IMAP numbers parts (`1`, `2.1`); `0` is the header of the mail itself. */
  readonly number: string;
  /** MIME type, lower case. */
  readonly type: string;
  readonly name: string | undefined;
  readonly text: string;
  /** True where the bytes are no text, so that `text` is empty. */
  readonly opaque: boolean;
  /** The leaf itself; undefined for a header. */
  readonly entity?: Entity;
}

/** Fields that people read. */
const READ_FIELDS = ['From', 'To', 'Cc', 'Reply-To', 'Subject', 'Comments', 'Keywords'];
/** Attached mails in attached mails. */
const MAX_ATTACHED_DEPTH = 4;
/** Bytes that decide whether a file without a text type is text, and how large such a file may be. */
const PROBE = 4096;
const LARGEST_GUESS = 16 * 1024 * 1024;

/** All readable text of a mail or sealed entity, part by part, in order. */
export function inspectableText(root: Entity): InspectablePart[] {
  return [...mailParts(root, '', 0)];
}

function* mailParts(mail: Entity, prefix: string, depth: number): Generator<InspectablePart> {
  const text = READ_FIELDS.flatMap((name) => mail.headers.all(name)).map(decodeWords).join('\n');
  yield { number: `${prefix}0`, type: 'text/plain', name: undefined, text, opaque: false };
  yield* parts(mail, mail.children.length === 0 ? `${prefix}1` : prefix.slice(0, -1), depth);
}

function* parts(entity: Entity, number: string, depth: number): Generator<InspectablePart> {
  if (entity.children.length > 0) {
    for (const [i, child] of entity.children.entries()) yield* parts(child, number === '' ? `${i + 1}` : `${number}.${i + 1}`, depth);
    return;
  }
  const text = readableText(entity);
  yield { number, type: entity.type, name: entity.filename, text: text ?? '', opaque: text === undefined, entity };
  if (entity.type === 'message/rfc822' && depth < MAX_ATTACHED_DEPTH) yield* attachedMail(entity, number, depth);
}

/** An attached mail that cannot be parsed keeps its raw text, which its own part has. */
function* attachedMail(entity: Entity, number: string, depth: number): Generator<InspectablePart> {
  let mail: Entity;
  try {
    mail = parseMime(entity.body(), 'outer');
  } catch (error) {
    if (error instanceof SsmaxError) return;
    throw error;
  }
  yield* mailParts(mail, `${number}.`, depth + 1);
}

const TEXT_TYPE = /^(?:text\/|message\/|application\/(?:json|xml|javascript|ecmascript|x-javascript|csv|rtf|sql|x-sh|x-httpd-php|yaml|x-yaml)$)|\+(?:xml|json)$/;

function readableText(entity: Entity): string | undefined {
  const text = TEXT_TYPE.test(entity.type) ? decodeIfPossible(entity) : undeclaredText(entity);
  return text === undefined ? undefined : withMarkup(text, /html|xml|svg/.test(entity.type), entity.filename);
}

/** The text of a file's bytes; undefined where they are no text. */
export function textOf(bytes: Uint8Array, name: string | undefined): string | undefined {
  const text = textOfBytes(bytes);
  return text === undefined ? undefined : withMarkup(text, false, name);
}

function withMarkup(text: string, declared: boolean, name: string | undefined): string {
  const markup = declared || /\.(?:[xs]?html?|xml|svg)$/i.test(name ?? '') || /^\s*</.test(text);
  return markup ? `${htmlText(text)}\n${text}` : text;
}

/** At the outer level a body may turn out not to decode; then it is closed to us. */
function decodeIfPossible(entity: Entity): string | undefined {
  try {
    return decodeText(entity);
  } catch (error) {
    if (error instanceof SsmaxError) return undefined;
    throw error;
  }
}

function undeclaredText(entity: Entity): string | undefined {
  let bytes: Uint8Array;
  try {
    bytes = entity.body();
  } catch (error) {
    if (error instanceof SsmaxError) return undefined;
    throw error;
  }
  return textOfBytes(bytes);
}

function textOfBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length > LARGEST_GUESS) return undefined;
  const [first, second] = bytes;
  const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (utf16) return new TextDecoder(first === 0xff ? 'utf-16le' : 'utf-16be').decode(bytes);
  return bytes.subarray(0, PROBE).includes(0) ? undefined : guessText(bytes);
}

/** Elements whose ends part words; others (`b`, `span`, `font`…) do not. */
const INLINE = new Set('a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q s samp small span strike strong sub sup tt u var wbr'.split(' '));
/** Attributes with words that a person may read or a link may carry. */
const READ_ATTRIBUTES = new Set(['alt', 'title', 'href', 'src', 'action', 'content', 'placeholder', 'value', 'summary', 'label', 'aria-label']);

/**
 * HTML as text: tags gone, entities decoded; then attributes' texts and comments, each on a line. Made with the tokenizer
 * alone: a parser's stack of open elements would take quadratic time on elements that never close.
 */
export function htmlText(html: string): string {
  const pieces: string[] = [];
  const asides: string[] = [];
  let attribute = '';
  let value: string[] = [];
  const tag = (start: number, end: number): void => {
    if (!INLINE.has(html.slice(start, end).toLowerCase())) pieces.push('\n');
  };
  const aside = (start: number, end: number): void => {
    asides.push(html.slice(start, end));
  };
  const ignore = (): void => undefined;
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname: tag,
      onclosetag: tag,
      onattribname(start, end) {
        attribute = html.slice(start, end).toLowerCase();
        value = [];
      },
      onattribdata(start, end) {
        value.push(html.slice(start, end));
      },
      onattribentity(codepoint) {
        value.push(String.fromCodePoint(codepoint));
      },
      onattribend() {
        const whole = value.join('');
        if (READ_ATTRIBUTES.has(attribute) && !whole.startsWith('data:')) asides.push(whole);
      },
      ontext(start, end) {
        pieces.push(html.slice(start, end));
      },
      ontextentity(codepoint) {
        pieces.push(String.fromCodePoint(codepoint));
      },
      oncomment: aside,
      oncdata: aside,
      ondeclaration: ignore,
      onprocessinginstruction: aside,
      onopentagend: ignore,
      onselfclosingtag: ignore,
      onend: ignore,
    },
  );
  tokenizer.write(html);
  tokenizer.end();
  const text = pieces.join('').replace(/\s+/g, (space) => (space.includes('\n') ? '\n' : ' ')).trim();
  return [text, ...asides].join('\n');
}
