/** Text of Rich Text Format: control words away, `\'hh` in the document's code page (Shift_JIS where Japanese), `\uN` as Unicode. */

const TOKEN = /\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)/g;
const BREAKS = new Set(['par', 'line', 'tab', 'cell', 'row', 'sect', 'page']);

/** Embedded pictures and objects come as hexadecimal text, which is left in: harmless, and nothing is missed. */
export function rtfText(bytes: Uint8Array): string {
  const rtf = new TextDecoder('latin1').decode(bytes);
  const pieces: string[] = [];
  let run: number[] = [];
  let skip = 0;
  const flush = (): void => {
    if (run.length > 0) pieces.push(new TextDecoder('shift_jis').decode(Uint8Array.from(run)));
    run = [];
  };
  for (const [, word, number, hexadecimal, symbol, brace, text] of rtf.matchAll(TOKEN)) {
    if (hexadecimal !== undefined) {
      if (skip > 0) skip--;
      else run.push(Number.parseInt(hexadecimal, 16));
      continue;
    }
    flush();
    if (word === 'u' && number !== undefined) {
      pieces.push(String.fromCharCode(Number(number) & 0xffff));
      skip = 1; // what stands for it in programs without Unicode
    } else if (word !== undefined && BREAKS.has(word)) pieces.push('\n');
    else if (symbol === '~') pieces.push(' ');
    else if (symbol === '\\') pieces.push('\\');
    else if (text !== undefined) {
      pieces.push(text.slice(skip));
      skip = 0;
    }
    if (brace !== undefined) skip = 0;
  }
  flush();
  return pieces.join('');
}
