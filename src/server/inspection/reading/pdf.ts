/**
 * Text of PDF files by PDF.js (unpdf): pages, form fields, notes, document information, attached files.
 *
 * Known gaps: pictures of text (scans) are not read; those of pdf-fonts.ts.
 */
import { getDocumentProxy } from 'unpdf';
import { z } from 'zod';
import { type Budget, TooMuch, Unreadable } from './budget.ts';
import { CharacterMaps } from './character-maps.ts';
import { FONTS_TELL, PdfFonts } from './pdf-fonts.ts';

export interface ReadPdf {
  readonly text: string;
  /** False where something stands on a page whose characters nobody can tell: what `text` has of it is no text. */
  readonly allRead: boolean;
  readonly encrypted: boolean;
  /** Holds JavaScript. */
  readonly script: boolean;
  readonly attachments: readonly { readonly name: string; readonly content: Uint8Array }[];
}

const attachmentsSchema = z.record(z.string(), z.object({ filename: z.string().default(''), content: z.instanceof(Uint8Array).optional() })).nullable();
const annotationSchema = z.object({ fieldValue: z.unknown(), contentsObj: z.object({ str: z.string() }).partial().optional(), url: z.string().optional() }).partial();

/** Throws `Unreadable`, `TooMuch`. */
export async function readPdf(bytes: Uint8Array, budget: Budget): Promise<ReadPdf> {
  // PDF.js takes what it gets for its own: a copy.
  const document = await getDocumentProxy(bytes.slice(), {
    isEvalSupported: false, stopAtErrors: false, useSystemFonts: false, useWasm: false, verbosity: 0, ...FONTS_TELL,
    CMapReaderFactory: CharacterMaps, useWorkerFetch: false,
  }).catch((error: unknown) => error);
  if (document instanceof Error) {
    if (document.name === 'PasswordException') return { text: '', allRead: true, encrypted: true, script: false, attachments: [] };
    throw new Unreadable();
  }
  const proxy = document as Awaited<ReturnType<typeof getDocumentProxy>>;
  try {
    const pieces: string[] = [];
    const fonts = new PdfFonts();
    let allRead = true;
    const add = (text: string): void => {
      budget.spend(text.length);
      pieces.push(text);
    };
    for (let number = 1; number <= proxy.numPages; number++) {
      budget.file();
      const page = await proxy.getPage(number);
      const { items, styles } = await page.getTextContent();
      add(items.map((item) => ('str' in item ? `${item.str}${item.hasEOL ? '\n' : ''}` : '')).join(''));
      for (const annotation of await page.getAnnotations() as unknown[]) {
        const { fieldValue, contentsObj, url } = annotationSchema.parse(annotation);
        for (const text of [fieldValue, contentsObj?.str, url]) if (typeof text === 'string' && text !== '') add(`\n${text}`);
      }
      if (!await fonts.add(page, Object.keys(styles))) allRead = false;
      page.cleanup();
    }
    const { info } = await proxy.getMetadata();
    for (const value of Object.values(info) as unknown[]) if (typeof value === 'string') add(`\n${value}`);
    const attached = attachmentsSchema.parse(await proxy.getAttachments() ?? null);
    const attachments = Object.values(attached ?? {}).flatMap(({ filename, content }) => (content === undefined ? [] : [{ name: filename, content }]));
    for (const { content } of attachments) budget.spend(content.length);
    return { text: pieces.join(''), allRead: allRead && fonts.allRead(), encrypted: false, script: await hasScript(proxy), attachments };
  } catch (error) {
    throw error instanceof TooMuch ? error : new Unreadable();
  } finally {
    await proxy.destroy();
  }
}

async function hasScript(proxy: Awaited<ReturnType<typeof getDocumentProxy>>): Promise<boolean> {
  const actions: unknown = await proxy.getJSActions();
  return (actions !== null && typeof actions === 'object' && Object.keys(actions).length > 0) || await proxy.hasJSActions();
}
