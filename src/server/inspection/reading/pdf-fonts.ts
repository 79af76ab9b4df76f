/**
 * Whether the text that PDF.js gives of a page is the text that a person sees there. A PDF file holds codes; only character
 * maps (of the font, or its ToUnicode) say which characters they are. Where one is missing PDF.js gives the codes
 * themselves, or nothing, and says no word of it.
 *
 * Known gaps: a map that lies is believed; a one-byte font without any map is taken to have the usual letters at their
 * usual codes, as old Latin files do.
 */
import { getResolvedPDFJS } from 'unpdf';
import type { getDocumentProxy } from 'unpdf';
import { z } from 'zod';

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof getDocumentProxy>>['getPage']>>;

/** PDF.js calls it, and Node.js 20 does not have it. */
if (!('transferToFixedLength' in ArrayBuffer.prototype)) {
  Object.defineProperty(ArrayBuffer.prototype, 'transferToFixedLength', {
    configurable: true, writable: true,
    value(this: ArrayBuffer, length: number = this.byteLength) {
      return this.slice(0, length);
    },
  });
}

/** Given to `getDocument`: fonts tell their maps; no picture is decoded for a list of what stands on a page. */
export const FONTS_TELL = { fontExtraProperties: true, maxImageSize: 1 } as const;

/** A font as PDF.js hands it on; a string, the reason, where it could not be loaded. Without `_map` a code stands for itself. */
const fontSchema = z.object({ composite: z.boolean().default(false), toUnicode: z.object({ _map: z.unknown() }) });

/** Signs without a map that a font may have beside others: a bullet, or one in ten. */
const UNMAPPED = { signs: 1, share: 0.1 } as const;
/** Control characters but those that part words, unassigned characters, halves of pairs, and the sign for "no character". */
const NO_TEXT = /[\p{Cn}\p{Cs}\uFFFD]|(?![\t-\r\x85])\p{Cc}/u;

type Operations = Readonly<Record<string, number>>;

/** The fonts of one document, as its pages are read. */
export class PdfFonts {
  /** By name: its codes, and the text that PDF.js makes of each. */
  readonly #shown = new Map<string, Map<number, string>>();
  readonly #fonts = new Map<string, unknown>();

  /** `named`: the fonts in which the page's text was found. False where PDF.js could not go through the page a second time. */
  async add(page: Page, named: readonly string[]): Promise<boolean> {
    const { OPS } = await getResolvedPDFJS();
    // Not the looks of form fields and notes: their text is read as such.
    const { fnArray, argsArray } = await page.getOperatorList({ annotationMode: 0 });
    this.#note(OPS, fnArray, argsArray as unknown[]);
    for (const name of this.#shown.keys()) {
      if (!this.#fonts.has(name)) this.#fonts.set(name, await new Promise((resolve) => { page.commonObjs.get(name, resolve); }));
    }
    return named.every((name) => this.#shown.has(name));
  }

  /** Whether what was shown in each font has been read. */
  allRead(): boolean {
    return [...this.#shown].every(([name, signs]) => {
      const { success, data } = fontSchema.safeParse(this.#fonts.get(name));
      return success && isMapped(data, signs);
    });
  }

  #note(operations: Operations, codes: readonly number[], args: readonly unknown[]): void {
    let signs: Map<number, string> | undefined;
    const outer: (typeof signs)[] = [];
    const use = (name: unknown): void => {
      if (typeof name !== 'string') return;
      signs = this.#shown.get(name) ?? new Map<number, string>();
      this.#shown.set(name, signs);
    };
    codes.forEach((code, index) => {
      const given: unknown = args[index];
      if (code === operations.save || code === operations.paintFormXObjectBegin) outer.push(signs);
      else if (code === operations.restore || code === operations.paintFormXObjectEnd) signs = outer.pop() ?? signs;
      else if (!Array.isArray(given)) return;
      else if (code === operations.setFont) use(given[0]);
      else if (code === operations.setGState) pairs(given[0]).forEach(([key, value]) => { if (key === 'Font' && Array.isArray(value)) use(value[0]); });
      else if (code === operations.showText && signs !== undefined) noteSigns(given[0], signs);
    });
  }
}

function pairs(state: unknown): unknown[][] {
  return Array.isArray(state) ? state.filter((pair) => Array.isArray(pair)) : [];
}

/** What is shown comes as a row of signs, and of numbers for the space between them. */
function noteSigns(row: unknown, signs: Map<number, string>): void {
  if (!Array.isArray(row)) return;
  for (const sign of row as unknown[]) {
    if (typeof sign !== 'object' || sign === null || !('originalCharCode' in sign) || !('unicode' in sign)) continue;
    if (typeof sign.originalCharCode === 'number' && typeof sign.unicode === 'string') signs.set(sign.originalCharCode, sign.unicode);
  }
}

function isMapped({ composite, toUnicode }: z.infer<typeof fontSchema>, signs: ReadonlyMap<number, string>): boolean {
  const map: readonly unknown[] = Array.isArray(toUnicode._map) ? toUnicode._map : [];
  const unmapped = [...signs].filter(([code, text]) => (composite && (map[code] ?? '') === '') || NO_TEXT.test(text)).length;
  return unmapped === 0 || (unmapped < signs.size && unmapped <= Math.max(UNMAPPED.signs, signs.size * UNMAPPED.share));
}
