/** The page, and what it asks for. It can only be read; nothing here changes anything. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Context, Hono } from 'hono';
import { refused, SsmaxError } from '../../core/error.ts';
import type { Status } from '../../wire/status.ts';
import type { StatusConfig } from './config.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere, nothing inline, no frames, no forms. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Resource-Policy': 'same-origin', 'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store',
};

interface Parts {
  readonly config: Pick<StatusConfig, 'hosts' | 'signOn'>;
  /** Own port, once it is known. */
  readonly port: () => number;
  readonly pages: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly status: () => Status;
}

export function statusRoutes({ config, port, pages, status }: Parts): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    admit(context, config, port());
    await next();
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  });
  app.get('/status.json', (context) => context.json(status()));
  app.get('*', (context) => {
    const path = context.req.path === '/' ? '/index.html' : context.req.path;
    const page = pages.get(path);
    if (page === undefined) throw refused('not-found');
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    return context.body(path === '/index.html' ? inLanguage(page, context.req.header('accept-language')) : page, 200, { 'content-type': type });
  });
  return app;
}

/**
 * A foreign page that has a name of its own point to this address would be let in by the browser: only names that are known
 * are answered. Behind a reverse proxy, only who has signed on.
 */
function admit(context: Context, { hosts, signOn }: Parts['config'], port: number): void {
  const host = context.req.header('host')?.toLowerCase() ?? '';
  const own = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`);
  if (![...own, ...hosts].includes(host)) throw refused('host-unknown', { host: host.slice(0, 100) });
  if (signOn !== undefined && (context.req.header(signOn.header) ?? '') === '') throw refused('sign-on-missing', { header: signOn.header });
}

/** The page's language until its reader chooses one. */
function inLanguage(page: Uint8Array, accepted = ''): string {
  const wanted = accepted.split(',').map((range) => {
    const [tag = '', ...params] = range.trim().toLowerCase().split(';');
    const quality = params.map((param) => /^\s*q=([\d.]+)\s*$/.exec(param)?.[1]).find((q) => q !== undefined);
    return { language: tag.split('-')[0] ?? '', quality: quality === undefined ? 1 : Number(quality) };
  });
  const best = wanted.filter(({ language, quality }) => (language === 'ja' || language === 'en') && quality > 0).sort((a, b) => b.quality - a.quality)[0];
  return new TextDecoder().decode(page).replace('<html lang="en">', `<html lang="${best?.language ?? 'en'}">`);
}

/** The built page (`vite build --mode status`), by path. Throws `status-page-missing` (fault). */
export function loadPages(directory: string): Map<string, Uint8Array<ArrayBuffer>> {
  if (!existsSync(join(directory, 'index.html'))) throw new SsmaxError('fault', 'status-page-missing', { file: directory });
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name) in TYPES);
  return new Map(names.map((name) => [`/${name}`, new Uint8Array(readFileSync(join(directory, name)))]));
}
