/**
 * The plugin's pages in a real Chromium, from the built add-on: files and content security policy as in the package, the
 * mail client behind them stubbed as far as the pages use it, the organisation's server answering for a chain in memory.
 */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page, type Route } from 'playwright-core';
import type { Request } from '../../extension/thunderbird/protocol.ts';
import type { Words } from '../../extension/ui/words.ts';
import { toBase64 } from '../../src/wire/json.ts';
import { createTestMember } from '../extension/member-world.ts';
import { messagesOf, wordsOf } from '../extension/words.ts';
import { createWorld, type TestOrganisation } from '../flow/world.ts';

export const LANGUAGES = ['ja', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** One state of one page. */
export interface Scene {
  /** Also the picture's name. */
  readonly name: string;
  /** `options.html`, with query and fragment. */
  readonly page: string | ((words: Words) => string);
  /** The member has a key already. */
  readonly enrolled?: boolean;
  /** What policy says beside the organisation. */
  readonly managed?: Readonly<Record<string, unknown>>;
  /** Of the mail client; one where not said. */
  readonly accounts?: readonly string[];
  /** What the add-on may ask for was permitted. */
  readonly permitted?: boolean;
  /** The member is an individual at a provider. */
  readonly individual?: boolean;
  /** No policy says which organisation this is. */
  readonly unmanaged?: boolean;
  /** What the background answers, by the kind of request. */
  readonly answers?: Partial<Record<Request['kind'], (words: Words) => unknown>>;
  /** Brings the page into this state. */
  readonly act?: (page: Page, words: Words) => Promise<void>;
  /** Shown once it is in this state. */
  readonly ready: string;
  /** Of the window that it comes in, pixels. */
  readonly size?: readonly [width: number, height: number];
  /** The whole page, in place of a file of the add-on. */
  readonly html?: string;
}

export interface Stage {
  /** Opens a page of the add-on in this state. `complaints` are broken rules of the policy, errors and unexpected requests. */
  open(language: Language, scene: Scene): Promise<{ readonly page: Page; readonly complaints: readonly string[]; close(): Promise<void> }>;
  close(): Promise<void>;
}

const ADDON = 'https://addon.example/';
const SERVER = 'https://keys.example';
const PROVIDER = 'https://provider.example';
const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' };
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

export async function openStage(): Promise<Stage> {
  if (!existsSync('dist/thunderbird/manifest.json')) throw new Error('the add-on is not built: npx vite build --mode thunderbird');
  const { content_security_policy: { extension_pages: policy } } = JSON.parse(readFileSync('manifest.json', 'utf8')) as { content_security_policy: { extension_pages: string } };
  const chain = await createWorld();
  Object.defineProperty(chain, 'now', { get: () => new Date() });
  const organisation = await chain.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  const provider = await chain.addOrganisation('nagisa.example', { ja: 'なぎさネット', en: 'Nagisa Net' }, 'isp');
  const browser: Browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
  /** With a key made by the enrolment page itself. */
  const enrolled = new Map<string, Promise<BrowserContext>>();

  async function file(route: Route): Promise<void> {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({
      body: readFileSync(join('dist/thunderbird', pathname)),
      headers: { 'Content-Type': TYPES[extname(pathname)] ?? 'application/octet-stream', ...(pathname.endsWith('.html') && { 'Content-Security-Policy': policy }) },
    });
  }

  /** A server of its own: what one member says to it is nothing to another. */
  function serverOf(of: TestOrganisation, origin: string): (route: Route) => Promise<void> {
    const { ports } = createTestMember(chain, of);
    return async (route) => {
      const request = route.request();
      if (request.method() === 'OPTIONS') return route.fulfill({ status: 204, headers: CORS });
      const headers = Object.fromEntries(Object.entries(await request.allHeaders()).map(([name, value]) => [name === 'authorization' ? 'Authorization' : name, value]));
      const body = request.postDataBuffer();
      const answer = await ports.http({ method: request.method() === 'POST' ? 'POST' : 'GET', url: request.url().replace(origin, SERVER), headers, ...(body !== null && { body: new Uint8Array(body) }) });
      await route.fulfill({ status: answer.status, body: Buffer.from(answer.body), headers: CORS });
    };
  }

  async function newContext(): Promise<BrowserContext> {
    const context = await browser.newContext({ timezoneId: 'Asia/Tokyo', reducedMotion: 'reduce' });
    context.setDefaultTimeout(120_000); // many pages at once, on as many processors as there are
    await context.route(`${ADDON}**`, file);
    await context.route(`${SERVER}/**`, serverOf(organisation, SERVER));
    await context.route(`${PROVIDER}/**`, serverOf(provider, PROVIDER));
    return context;
  }

  async function show(context: BrowserContext, language: Language, scene: Scene): Promise<{ page: Page; complaints: string[] }> {
    const words = wordsOf(language);
    const [width, height] = scene.size ?? [900, 900];
    const page = await context.newPage();
    if (scene.html !== undefined) await page.route(`${ADDON}${typeof scene.page === 'string' ? scene.page : ''}`, (route) => route.fulfill({ body: scene.html ?? '', contentType: 'text/html' }));
    await page.setViewportSize({ width, height });
    const complaints: string[] = [];
    // An answer that refuses is an answer, and Chromium's advice for sites with user names does not apply.
    page.on('console', (message) => { if (message.type() !== 'debug' && !/^(Failed to load resource|\[DOM\])/.test(message.text())) complaints.push(message.text()); });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => { if (!/^(blob:)?https:\/\/(addon|keys|provider)\.example\/|^data:/.test(request.url())) complaints.push(request.url()); });
    await page.addInitScript(stub, {
      language, texts: Object.fromEntries(Object.entries(messagesOf(language)).map(([key, { message }]) => [key, message])),
      answers: Object.fromEntries(Object.entries(scene.answers ?? {}).map(([kind, answer]) => [kind, answer(words)])),
      accounts: scene.accounts ?? [scene.individual === true ? 'aoi@nagisa.example' : 'taro@hinode.example'], permitted: scene.permitted === true,
      managed: scene.unmanaged === true ? {} : { organisationUrl: scene.individual === true ? PROVIDER : SERVER, root: toBase64(chain.root.der), ...scene.managed },
    });
    await page.goto(ADDON + (typeof scene.page === 'string' ? scene.page : scene.page(words)));
    await scene.act?.(page, words);
    await page.locator(scene.ready).first().waitFor();
    return { page, complaints };
  }

  async function enrol(language: Language, individual: boolean): Promise<BrowserContext> {
    const context = await newContext();
    const { page } = await show(context, language, { name: '', page: 'enrolment.html', individual, act: enrolHere, ready: '.notice.verified' });
    await page.close();
    return context;
  }

  return {
    async open(language, scene) {
      if (scene.enrolled !== true) {
        const context = await newContext();
        // With the context: one that nothing shows costs time with every one that comes after it.
        return { ...await show(context, language, scene), close: () => context.close() };
      }
      const individual = scene.individual === true;
      const who = `${language} ${individual ? scene.name : ''}`;
      const context = enrolled.get(who) ?? enrol(language, individual);
      enrolled.set(who, context);
      const shown = await show(await context, language, scene);
      return { ...shown, close: () => shown.page.close() };
    },
    close: () => browser.close(),
  };
}

/** Types the code into the enrolment page. */
export async function enrolHere(page: Page): Promise<void> {
  await page.locator('#code').fill('ABCD-1234');
  await page.locator('#enrol').click();
}

interface Stubbed {
  readonly language: string;
  readonly texts: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly managed: Readonly<Record<string, unknown>>;
  readonly accounts: readonly string[];
  readonly permitted: boolean;
}

/** Runs in the page. Whatever is not here is undefined, and using it an error of the page. Bytes in answers are `{ bytes: number[] }`. */
function stub({ language, texts, answers, managed, accounts, permitted }: Stubbed): void {
  // What the message pane hides from mails is open to those who look at it here.
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function open(init) {
    return attach.call(this, { ...init, mode: 'open' });
  };
  const event = { addListener: () => undefined, removeListener: () => undefined };
  const unpack = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unpack);
    if (typeof value !== 'object' || value === null) return value;
    if ('bytes' in value && Array.isArray(value.bytes) && Object.keys(value).length === 1) return Uint8Array.from(value.bytes as number[]);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unpack(inner)]));
  };
  Object.assign(globalThis, {
    chrome: { runtime: { id: 'x' } },
    browser: {
      runtime: {
        id: 'x', onMessage: event, getURL: (path: string) => new URL(path, location.origin).href,
        getManifest: () => ({ version: '0.1.0' }), getBrowserInfo: () => Promise.resolve({ name: 'Thunderbird', version: '153.0' }), getPlatformInfo: () => Promise.resolve({ os: 'win', arch: 'x86-64' }),
        sendMessage: (request: { kind: string }) => Promise.resolve(unpack(answers[request.kind])),
      },
      i18n: { getUILanguage: () => language, getMessage: (key: string) => texts[key] ?? '' },
      storage: { managed: { get: () => Promise.resolve(managed) } },
      accounts: { list: () => Promise.resolve(accounts.map((email) => ({ identities: [{ email }] }))) },
      identities: { onCreated: event, onUpdated: event },
      commands: { getAll: () => Promise.resolve([{ name: 'about-mail', shortcut: 'Ctrl+Shift+H' }]) },
      permissions: { contains: () => Promise.resolve(permitted), request: () => Promise.resolve(true) },
      tabs: { query: () => Promise.resolve([{ id: 1 }]), getCurrent: () => Promise.resolve({ id: 1 }), create: () => Promise.resolve({}), remove: () => Promise.resolve() },
      downloads: { download: () => Promise.resolve(1), search: () => Promise.resolve([{ state: 'complete' }]), open: () => Promise.resolve(), onChanged: event },
    },
  });
}
