/**
 * The member's own index over sealed mail that was opened here. Each mail is one record, encrypted whole under a key that
 * no script can take out; searching decrypts them one by one and looks for the words themselves, which finds
 * Japanese without dividing it into words. Records alone tell how many mails there are, how long each is about,
 * and nothing else (docs/decisions/0044-search.md).
 */
import { type Bytes, hex, utf8 } from '../../src/core/bytes.ts';
import type { Table } from '../../src/flow/ports.ts';

/** What is kept of one mail. */
export interface SearchableMail {
  /** Hexadecimal. A server that gives two mails one Message-ID hides neither. */
  readonly contentDigest: string;
  /** Message-ID without angle brackets: by it the mail is found again, in whichever folder it is by then. */
  readonly messageId: string;
  readonly subject: string;
  /** Who wrote it, as it was verified. */
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly text: string;
}

export interface SearchKeys {
  readonly aes: CryptoKey;
  readonly mac: CryptoKey;
}

export interface SearchRecord {
  /** The content digest's HMAC, hexadecimal: its key in the table. */
  readonly name: string;
  /** The Message-ID's HMAC, hexadecimal: by it a deleted mail is forgotten. */
  readonly mail: string;
  /** 12 bytes. */
  readonly iv: Bytes;
  readonly box: Bytes;
}

export interface SearchTables {
  /** One row, `keys`. */
  readonly searchKeys: Table<SearchKeys>;
  /** By name. */
  readonly searchMails: Table<SearchRecord>;
  /** Both tables, with the file that they lie in. */
  eraseSearch(): Promise<void>;
}

export interface SearchHit extends Omit<SearchableMail, 'text' | 'contentDigest'> {
  /** What stands around the first word that was found in the text; its beginning where only the head has it. */
  readonly around: string;
}

/** Characters of a mail's text that are kept. */
const LONGEST_TEXT = 50_000;
const MOST_HITS = 100;
/** Characters before and after what was found. */
const AROUND = 40;
/** Records are padded to a multiple of so many bytes, so that their lengths tell less. */
const PADDING = 512;

const { subtle } = crypto;

export class SearchIndex {
  readonly #tables: SearchTables;

  constructor(tables: SearchTables) {
    this.#tables = tables;
  }

  /** Adds a mail, or what it says now. */
  async add(mail: SearchableMail): Promise<void> {
    const keys = await this.#keys();
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const [name, byMessageId] = await Promise.all([nameOf(keys, mail.contentDigest), nameOf(keys, mail.messageId)]);
    const box = await subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(name) }, keys.aes, pad(JSON.stringify({ ...mail, text: mail.text.slice(0, LONGEST_TEXT) })));
    await this.#tables.searchMails.put(name, { name, mail: byMessageId, iv, box: new Uint8Array(box) });
  }

  async remove(messageId: string): Promise<void> {
    const keys = await this.#tables.searchKeys.get('keys');
    if (keys === undefined) return;
    const byMessageId = await nameOf(keys, messageId);
    for (const { name, mail } of await this.#tables.searchMails.all()) if (mail === byMessageId) await this.#tables.searchMails.remove(name);
  }

  /** Newest first, at most a hundred: mails that hold each word of the query, whatever its case and width. */
  async search(query: string): Promise<SearchHit[]> {
    const words = fold(query).split(/\s+/).filter((word) => word !== '');
    const keys = await this.#tables.searchKeys.get('keys');
    if (words.length === 0 || keys === undefined) return [];
    const hits: SearchHit[] = [];
    for (const record of await this.#tables.searchMails.all()) {
      const mail = await open(keys, record);
      if (mail === undefined) continue;
      const { text, contentDigest: _, ...head } = mail;
      const all = fold([mail.subject, mail.from, text].join('\n'));
      if (words.every((word) => all.includes(word))) hits.push({ ...head, around: around(text, words) });
    }
    return hits.sort((a, b) => b.date - a.date).slice(0, MOST_HITS);
  }

  async count(): Promise<number> {
    return (await this.#tables.searchMails.all()).length;
  }

  /** Forgets everything: nothing of it is left in the profile's files. */
  async erase(): Promise<void> {
    await this.#tables.eraseSearch();
  }

  async #keys(): Promise<SearchKeys> {
    const known = await this.#tables.searchKeys.get('keys');
    if (known !== undefined) return known;
    const [aes, mac] = await Promise.all([
      subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']),
      subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
    ]);
    await this.#tables.searchKeys.put('keys', { aes, mac });
    return { aes, mac };
  }
}

/** As words are compared: width and case do not count, nor do kinds of white space. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

async function nameOf({ mac }: SearchKeys, text: string): Promise<string> {
  return hex(new Uint8Array(await subtle.sign('HMAC', mac, utf8(text))));
}

/** Undefined where the record is not what was written under this key and name. */
async function open({ aes }: SearchKeys, { name, iv, box }: SearchRecord): Promise<SearchableMail | undefined> {
  try {
    const plain = await subtle.decrypt({ name: 'AES-GCM', iv, additionalData: utf8(name) }, aes, box);
    return JSON.parse(new TextDecoder().decode(plain)) as SearchableMail;
  } catch {
    return undefined; // of an index that was erased meanwhile
  }
}

function pad(text: string): Bytes {
  const bytes = utf8(text);
  const padded = new Uint8Array(Math.ceil(bytes.length / PADDING) * PADDING).fill(0x20);
  padded.set(bytes);
  return padded;
}

function around(text: string, words: readonly string[]): string {
  const flat = text.normalize('NFKC').replace(/\s+/g, ' ').trim();
  const low = flat.toLowerCase();
  const at = Math.max(0, ...words.map((word) => low.indexOf(word)).filter((index) => index >= 0).slice(0, 1));
  const start = Math.max(0, at - AROUND);
  return `${start > 0 ? '…' : ''}${flat.slice(start, at + 2 * AROUND)}${flat.length > at + 2 * AROUND ? '…' : ''}`;
}
