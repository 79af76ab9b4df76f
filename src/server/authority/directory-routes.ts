/** The published directory, file by file, as any web server could serve it (docs/protocol-directory.md). */
import { type Context, Hono } from 'hono';
import { SsmaxError } from '../../core/error.ts';
import { CRL_FILE, INDEX_FILE } from '../../wire/directory-index.ts';
import type { Register } from './register.ts';

export function directoryRoutes(register: Pick<Register, 'file'>): Hono {
  const app = new Hono();
  const answer = async (context: Context, name: string): Promise<Response> => {
    const bytes = await register.file(name);
    if (bytes === undefined) throw new SsmaxError('unavailable', 'directory-damaged', { file: name });
    return context.body(bytes, 200, { 'content-type': 'application/octet-stream' });
  };
  for (const name of [INDEX_FILE, CRL_FILE]) app.get(`/${name}`, (context) => answer(context, name));
  app.get('/files/:hash{[0-9a-f]{64}}', (context) => answer(context, `files/${context.req.param('hash')}`));
  return app;
}
