/**
 * HTTPS between our servers: TLS 1.3, both sides show a certificate, and each knows the other by the SHA-256 of its public
 * key. No certificate authority is asked: the key server is the organisation's CA, so "any certificate of our CA" would let
 * whoever took it over appear as any server (design §1). A connection under another key is cut before a request is read.
 */
import { constants, createHash, createPrivateKey } from 'node:crypto';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Hono } from 'hono';
import { type Bytes, equal } from '../../core/bytes.ts';
import { encodePem } from '../../core/pki/pem.ts';
import type { HostPort } from './config.ts';
import type { Counter } from './metrics.ts';
import { type Listener, type RunningServer, listen, requestListener } from './http-shell.ts';
import type { Logger } from './log.ts';

/** A key with its certificate chain, as TLS wants them. Both may change: what calls shows the present ones at each connection, a server when it is told to. */
export interface TlsIdentity {
  /** DER PKCS#8. */
  readonly key: Bytes;
  /** DER, own certificate first. */
  readonly certificates: readonly Bytes[];
}

export interface Peer {
  /** SHA-256 of the SubjectPublicKeyInfo of every key that this peer may use, 32 bytes each; asked anew for each request. */
  readonly pins: () => readonly Bytes[];
  /** What this peer may call. */
  readonly app: Hono;
}

interface PinnedServerOptions {
  readonly identity: TlsIdentity;
  readonly listen: HostPort;
  /** By role: `gateway`, `inspection`, … */
  readonly peers: Readonly<Record<string, Peer>>;
  /** Largest request body in bytes. */
  readonly maximumBody: number;
  readonly log: Logger;
  /** Counts requests by peer, route and status. */
  readonly requests?: Counter;
}

export function tlsMaterial({ key, certificates }: TlsIdentity): { key: string; cert: string } {
  return {
    key: createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString(),
    cert: certificates.map((der) => encodePem('CERTIFICATE', der)).join(''),
  };
}

/** SHA-256 of the SubjectPublicKeyInfo that the other side has proven to hold; undefined without a certificate in force. */
export function peerPin(socket: TLSSocket): Bytes | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const now = Date.now();
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) return undefined;
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  return new Uint8Array(createHash('sha256').update(spki).digest());
}

export interface PinnedServer extends RunningServer {
  /** Shows the identity's present certificates from now on. */
  renewed(): void;
}

export async function startPinnedServer(options: PinnedServerOptions): Promise<PinnedServer> {
  const { identity, peers, maximumBody, log, requests } = options;
  const listeners = new Map<string, Listener>();
  for (const [peer, { app }] of Object.entries(peers)) listeners.set(peer, requestListener({ app, maximumBody, log, peer, ...(requests !== undefined && { requests }) }));

  const listenerFor = (socket: TLSSocket): Listener | undefined => {
    const pin = peerPin(socket);
    if (pin === undefined) return undefined;
    const found = Object.entries(peers).find(([, { pins }]) => pins().some((known) => equal(known, pin)));
    return found === undefined ? undefined : listeners.get(found[0]);
  };

  const context = (): SecureContextOptions => ({
    ...tlsMaterial(identity),
    minVersion: 'TLSv1.3',
    // A resumed session would skip the certificate.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  const server: Server = createServer(
    {
      ...context(),
      requestCert: true,
      // The handshake proves that the peer holds its key; which keys are welcome is decided below, not by a CA.
      rejectUnauthorized: false,
    },
    (request, response) => {
      // Pins can be withdrawn while a connection lives.
      const listener = listenerFor(request.socket as TLSSocket);
      if (listener === undefined) request.socket.destroy();
      else void listener(request, response);
    },
  );
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (listenerFor(socket) !== undefined) return;
    log.warn('peer-not-pinned', { host: socket.remoteAddress });
    socket.destroy();
  });
  server.on('tlsClientError', (_error, socket) => log.warn('tls-failed', { host: socket.remoteAddress }));
  return { ...await listen(server, options.listen), renewed: () => { server.setSecureContext(context()); } };
}
