/** Mail from outside SSMAX as a gateway passes it on: its own code, with a name server and an S/MIME authority of the test's. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dkimSign } from 'mailauth';
import { startNameServer } from '../../scripts/world/dns.ts';
import type { World } from '../../scripts/world/process.ts';
import { mailBytes } from '../../src/mail/carrier.ts';
import { formatText } from '../../src/mail/header.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { createOutsideDesk } from '../../src/server/gateway/outside.ts';
import type { TestOrganisation } from '../flow/world.ts';

export interface OutsidePost {
  /** A mail of mika@outside.example with all signatures that there are. */
  signed(to: string, subject: string): Promise<Buffer>;
  /** The same sender's name, from a server that is not hers, and nothing signed. */
  spoofed(to: string, subject: string): Promise<Buffer>;
}

export async function startOutsidePost(world: World, { gateway, id }: TestOrganisation): Promise<OutsidePost> {
  const dns = await startNameServer();
  world.closing(() => dns.close());
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  dns.texts.set('s._domainkey.outside.example', `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`);
  dns.texts.set('_dmarc.outside.example', 'v=DMARC1; p=reject');
  dns.texts.set('outside.example', 'v=spf1 ip4:192.0.2.1 -all');
  const directory = world.directory('outside-mail');
  const openssl = (...args: string[]): string => execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/O=Outside CA/CN=Outside CA');
  openssl('req', ...key, '-keyout', 'mika.key', '-out', 'mika.csr', '-subj', '/CN=Mika');
  writeFileSync(join(directory, 'ext'), 'subjectAltName=email:mika@outside.example\nextendedKeyUsage=emailProtection\n');
  openssl('x509', '-req', '-in', 'mika.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'mika.pem', '-days', '2', '-extfile', 'ext');
  const desk = createOutsideDesk({
    config: { authentication: { by: 'gateway', dns: [{ host: '127.0.0.1', port: dns.port }] }, smimeTrust: join(directory, 'ca.pem') },
    credential: gateway, organisation: id, clock: { now: () => new Date() },
  });
  const head = (to: string, subject: string): string =>
    `From: Mika <mika@outside.example>\r\nTo: ${to}\r\nSubject: ${formatText(subject, 'Subject')}\r\nDate: ${new Date().toUTCString()}\r\nMessage-ID: <${crypto.randomUUID()}@outside.example>\r\n`;
  const text = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nお世話になっております。\r\n';
  const pass = async (raw: Buffer, to: string, address: string): Promise<Buffer> => {
    const bytes = new Uint8Array(raw);
    return Buffer.from(mailBytes(await desk.mark({ from: 'mika@outside.example', recipients: [to], client: { address, helo: 'mail.outside.example' } }, parseMime(bytes, 'outer'), bytes)));
  };
  return {
    async signed(to, subject) {
      writeFileSync(join(directory, 'text'), text);
      openssl('cms', '-sign', '-in', 'text', '-signer', 'mika.pem', '-inkey', 'mika.key', '-md', 'sha256', '-out', 'signed');
      const raw = Buffer.from(head(to, subject) + readFileSync(join(directory, 'signed'), 'utf8').replace(/\r?\n/g, '\r\n'));
      const signer = { signingDomain: 'outside.example', selector: 's', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
      const { signatures } = await dkimSign(raw, { canonicalization: 'relaxed/relaxed', ...signer, signatureData: [signer] });
      return pass(Buffer.concat([Buffer.from(signatures), raw]), to, '192.0.2.1');
    },
    spoofed: (to, subject) => pass(Buffer.from(`${head(to, subject)}MIME-Version: 1.0\r\n${text}`), to, '198.51.100.7'),
  };
}
