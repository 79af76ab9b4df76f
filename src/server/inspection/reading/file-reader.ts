/** Opens a file, and the files in it, as far as the budget goes. Runs in a process of its own (child.ts). */
import { gunzipSync } from 'node:zlib';
import { type FileKind, groupOf } from '../../../flow/policy/kinds.ts';
import type { FileReader, Piece } from '../../../flow/policy/reading.ts';
import { inspectableText, textOf } from '../../../mail/inspectable.ts';
import { type Entity, parseMime } from '../../../mail/mime.ts';
import { type ArchiveEntry, Locked, readArchive } from './archive.ts';
import { type Budget, TooMuch, Unreadable } from './budget.ts';
import { kindOf } from './kind-of.ts';
import { readOle, runsOfText } from './ole.ts';
import { readPdf } from './pdf.ts';
import { rtfText } from './rtf.ts';
import { xmlText } from './xml.ts';
import { isTooLarge, readZip, type ZipEntry } from './zip.ts';

interface File {
  readonly bytes: Uint8Array;
  readonly name: string | undefined;
  readonly part: number;
  readonly depth: number;
}

/** What one file says of itself, and the files in it. */
interface Opened {
  readonly text?: string;
  readonly encrypted?: boolean;
  readonly macros?: boolean;
  readonly kind?: FileKind;
  readonly problem?: Piece['problem'];
  readonly inside?: readonly { readonly name: string; readonly open: () => Uint8Array }[];
}

/** One reader for one mail: its files share the budget. */
export function createFileReader(budget: Budget): FileReader {
  return ({ bytes, name, part }) => read({ bytes, name, part, depth: 0 });

  async function read(file: File): Promise<Piece[]> {
    const kind = await kindOf(file.bytes, file.name);
    const own = { part: file.part, name: file.name, text: '', kind, encrypted: false, macros: false, problem: undefined } as const;
    try {
      budget.enter(file.depth);
      const { inside = [], ...opened } = await open(file, kind);
      const pieces: Piece[] = [{ ...own, ...opened }];
      for (const one of inside) pieces.push(...await readInside(file, one));
      return pieces;
    } catch (error) {
      return [{ ...own, problem: problemOf(error) }];
    }
  }

  async function readInside(outer: File, { name, open: unpack }: NonNullable<Opened['inside']>[number]): Promise<Piece[]> {
    const path = outer.name === undefined ? name : `${outer.name}/${name}`;
    try {
      return await read({ bytes: unpack(), name: path, part: outer.part, depth: outer.depth + 1 });
    } catch (error) {
      return [{ part: outer.part, name: path, text: '', kind: 'unknown', encrypted: false, macros: false, problem: problemOf(error) }];
    }
  }

  async function open(file: File, kind: FileKind): Promise<Opened> {
    const { bytes, name } = file;
    switch (groupOf(kind)) {
      case 'office':
      case 'macro-office':
        return office(bytes, kind);
      case 'old-office':
        return kind === 'rtf' ? { text: `${rtfText(bytes)}\n${textOf(bytes, name) ?? ''}` } : ole(bytes);
      case 'pdf':
        return pdf(bytes);
      case 'mail':
        return kind === 'msg' ? ole(bytes) : mail(file);
      case 'archive':
      case 'disk-image':
        return archive(bytes, kind, name);
      case 'executable':
        return kind === 'jar' || kind === 'apk' ? archive(bytes, 'zip', name) : {};
      case 'text':
      case 'html':
      case 'script':
      case 'shortcut':
        return { text: textOf(bytes, name) ?? runsOfText(bytes) };
      default:
        return {};
    }
  }

  async function archive(bytes: Uint8Array, kind: FileKind, name: string | undefined): Promise<Opened> {
    if (kind === 'gz') return gzip(bytes, name);
    const entries = kind === 'zip' ? await readZip(bytes, budget) : undefined;
    // Office opens a file by what is in it, whatever the types that it lists.
    if (entries?.some(({ name: inside }) => inside === '[Content_Types].xml') === true) return officeParts(entries, kind);
    if (entries !== undefined) return files(entries);
    return other(bytes);
  }

  /** A tar in it is read as an archive of its own, hence nesting counts it. */
  function gzip(bytes: Uint8Array, name: string | undefined): Opened {
    const open = (): Uint8Array => {
      let content: Uint8Array;
      try {
        content = gunzipSync(bytes, { maxOutputLength: budget.remaining });
      } catch (error) {
        throw isTooLarge(error) ? new TooMuch() : new Unreadable();
      }
      budget.spend(content.length);
      return content;
    };
    budget.file();
    return { inside: [{ name: (name ?? '').replace(/^.*[/\\]/, '').replace(/\.gz$/i, '').replace(/\.tgz$/i, '.tar'), open }] };
  }

  async function other(bytes: Uint8Array): Promise<Opened> {
    try {
      const { entries, locked } = await readArchive(bytes, budget);
      const readable = entries.filter(({ encrypted }) => !encrypted);
      return { encrypted: locked || readable.length < entries.length, text: names(entries), inside: readable.map(({ name, content }) => ({ name, open: () => content })) };
    } catch (error) {
      if (error instanceof Locked) return { encrypted: true };
      throw error instanceof TooMuch ? error : new Unreadable();
    }
  }

  function files(entries: readonly ZipEntry[]): Opened {
    const readable = entries.filter(({ encrypted }) => !encrypted);
    return { encrypted: readable.length < entries.length, text: names(entries), inside: readable };
  }

  /** Office Open XML and OpenDocument: text of all parts, macros, and what is embedded. */
  async function office(bytes: Uint8Array, kind: FileKind): Promise<Opened> {
    const entries = await readZip(bytes, budget);
    return entries === undefined ? { problem: 'unreadable' } : officeParts(entries, kind);
  }

  function officeParts(entries: readonly ZipEntry[], kind: FileKind): Opened {
    if (entries.some(({ encrypted }) => encrypted)) return { encrypted: true, text: names(entries) };
    const texts: string[] = [];
    const inside: { name: string; open: () => Uint8Array }[] = [];
    let macros = false;
    let encrypted = false;
    for (const entry of entries) {
      const { name } = entry;
      if (/vbaProject[^/]*\.bin$|^xl\/(?:macrosheets|dialogsheets)\/|^(?:Basic|Scripts)\//i.test(name)) macros = true;
      if (/\.(?:xml|rels|vml)$/i.test(name)) {
        const content = entry.open();
        const text = xmlText(content);
        if (/attachedTemplate/.test(latin1(content)) && /TargetMode="External"/.test(latin1(content))) macros = true;
        if (name === 'META-INF/manifest.xml' && /encryption-data/.test(latin1(content))) encrypted = true;
        texts.push(text);
      } else if (/(?:^|\/)embeddings\//i.test(name) || /^Object [^/]*\//.test(name) || /\.(?:html?|rtf|mht|docx?|txt)$/i.test(name)) inside.push({ name, open: () => entry.open() });
      else if (/^xl\/.*\.bin$/i.test(name) && kind === 'xlsb') texts.push(runsOfText(entry.open()));
    }
    return { text: texts.join('\n'), macros, encrypted, inside };
  }

  function ole(bytes: Uint8Array): Opened {
    const { attachments, ...rest } = readOle(bytes);
    for (const _ of attachments) budget.file();
    budget.spend(rest.text.length);
    return { ...rest, inside: attachments.map(({ name, content }) => ({ name, open: () => content })) };
  }

  async function pdf(bytes: Uint8Array): Promise<Opened> {
    const { text, allRead, encrypted, script, attachments } = await readPdf(bytes, budget);
    return { text, encrypted, macros: script, problem: allRead ? undefined : 'unreadable', inside: attachments.map(({ name, content }) => ({ name, open: () => content })) };
  }

  function mail({ bytes }: File): Opened {
    const root = parseMime(Uint8Array.from(bytes), 'outer');
    const found = inspectableText(root);
    const attached = found.flatMap(({ entity, name }) => (entity === undefined || name === undefined ? [] : [{ name, open: () => bodyOf(entity) }]));
    return { text: found.map(({ text }) => text).join('\n'), inside: attached };
  }
}

function bodyOf(entity: Entity): Uint8Array {
  return entity.body();
}

/** Names tell as much as contents: they are searched where the archive itself is locked, too. */
function names(entries: readonly (ZipEntry | ArchiveEntry)[]): string {
  return entries.map(({ name }) => name).join('\n');
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

/** Whatever a reader throws says that the file could not be read; only that it was too much is told apart. */
function problemOf(error: unknown): 'unreadable' | 'too-much' {
  return isTooLarge(error) ? 'too-much' : 'unreadable';
}
