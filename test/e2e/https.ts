/** An HTTPS server on a free port, its certificate by an authority of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { World } from '../../scripts/world/process.ts';

type Answer = (request: IncomingMessage, body: Buffer, response: ServerResponse) => Promise<void>;

/** Gives its address, ends in `/`, and the authority's certificate, DER and as a PEM file. What the handler throws is answered with 500. */
export async function startHttps(world: World, handler: Answer): Promise<{ url: string; authority: Uint8Array; authorityFile: string }> {
  const directory = world.directory('tls');
  mkdirSync(directory, { recursive: true });
  const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '2');
  writeFileSync(join(directory, 'san'), 'subjectAltName=IP:127.0.0.1\n');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'san', '-out', 'server.pem', '-days', '2');
  const read = (name: string): Buffer => readFileSync(join(directory, name));
  const server = createServer({ key: read('server.key'), cert: read('server.pem') }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void handler(request, Buffer.concat(chunks), response).catch((error: unknown) => {
      console.error(error);
      response.writeHead(500, { 'Access-Control-Allow-Origin': '*' }).end();
    }));
  });
  const port = await world.ports.take();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  world.closing(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `https://127.0.0.1:${port}/`, authority: new Uint8Array(openssl('x509', '-in', 'ca.pem', '-outform', 'der')), authorityFile: join(directory, 'ca.pem') };
}
