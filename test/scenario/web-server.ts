/** As plain as a web server can be: the files of a folder, over HTTPS, where a world's mirror is looked for. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { LocalWorld } from '../../scripts/world/local-world.ts';

export async function serveFiles({ mirror }: LocalWorld, path: string, folder: string): Promise<{ readonly asked: string[]; close(): Promise<void> }> {
  if (mirror === undefined) throw new Error('the world has no mirror');
  const asked: string[] = [];
  const server = createServer({ key: readFileSync(mirror.key), cert: readFileSync(mirror.certificate) }, ({ url = '' }, response) => {
    asked.push(url);
    try {
      response.end(readFileSync(join(folder, url.slice(path.length))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(mirror.port, '127.0.0.1', resolve));
  return {
    asked,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
