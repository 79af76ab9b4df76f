/** Text of Office Open XML and OpenDocument parts. The tokenizer knows no document types, so no entity can expand or fetch. */
import { Tokenizer } from 'htmlparser2';

/** Elements (without prefix) whose ends part words: paragraphs, cells, rows, breaks, shared strings, headings. */
const PARTING = new Set('p br tab tr tc si c v row h list-item table-cell table-row line-break cr comment sheet'.split(' '));
/** Attributes that people read or that say where something is fetched. */
const READ = new Set('target name title descr alt formulacode string-value value href'.split(' '));
/** Numbers that spreadsheets write with an exponent. */
const EXPONENT = /(?<![\d.])\d(?:\.\d+)?E\+?1[0-5](?!\d)/g;

/** All text of an XML part; deleted (tracked) text and hidden sheets too. */
export function xmlText(bytes: Uint8Array): string {
  const xml = decode(bytes);
  const pieces: string[] = [];
  const asides: string[] = [];
  let attribute = '';
  let value: string[] = [];
  const ended = (start: number, end: number): void => {
    const name = xml.slice(start, end);
    if (PARTING.has(name.slice(name.indexOf(':') + 1).toLowerCase())) pieces.push('\n');
  };
  const ignore = (): void => undefined;
  const tokenizer = new Tokenizer({ xmlMode: true, decodeEntities: true }, {
    onopentagname: ignore,
    onclosetag: ended,
    onselfclosingtag: ignore,
    onattribname(start, end) {
      const name = xml.slice(start, end);
      attribute = name.slice(name.indexOf(':') + 1).toLowerCase();
      value = [];
    },
    onattribdata(start, end) {
      value.push(xml.slice(start, end));
    },
    onattribentity(codepoint) {
      value.push(String.fromCodePoint(codepoint));
    },
    onattribend() {
      if (READ.has(attribute)) asides.push(value.join(''));
    },
    ontext(start, end) {
      pieces.push(xml.slice(start, end));
    },
    ontextentity(codepoint) {
      pieces.push(String.fromCodePoint(codepoint));
    },
    oncdata(start, end) {
      pieces.push(xml.slice(start, end));
    },
    oncomment: ignore,
    ondeclaration: ignore,
    onprocessinginstruction: ignore,
    onopentagend: ignore,
    onend: ignore,
  });
  tokenizer.write(xml);
  tokenizer.end();
  const text = pieces.join('').replace(EXPONENT, (number) => BigInt(Math.round(Number(number))).toString());
  return asides.length === 0 ? text : `${text}\n${asides.join('\n')}`;
}

function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}
