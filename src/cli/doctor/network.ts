/** What can be seen of other servers from here: names, ports, and whose key answers. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect as connectPlain, isIP } from 'node:net';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { loadTrust } from '../../flow/trust.ts';
import type { AuthorityConfig } from '../../server/shared/authority-config.ts';
import type { HostPort } from '../../server/shared/config.ts';
import { createMirror } from '../../server/shared/directory-mirror.ts';
import { MIRROR_AGE } from '../../server/shared/trust-source.ts';
import { type Finding, finding } from './finding.ts';

const DEADLINE = 5_000;

/** Name, port and pinned key of another server; nothing is sent. */
export async function checkPeer(peer: string, { host, port }: HostPort, pins: readonly Bytes[]): Promise<Finding[]> {
  const unresolved = await checkName(host);
  if (unresolved.length > 0) return unresolved;
  try {
    const shown = await shownKey({ host, port });
    return pins.some((pin) => equal(shown, pin)) ? [] : [finding('pin-differs', { peer, host, port, spki: hex(shown) })];
  } catch (error) {
    return [finding('peer-unreachable', { peer, host, port, reason: reasonOf(error) })];
  }
}

/** What the servers will get from a mirror, verified as they do. */
export async function checkMirror(mirror: AuthorityConfig['mirror'], root: Bytes | undefined, now: Date): Promise<Finding[]> {
  if (mirror === undefined || root === undefined) return [];
  const { url } = mirror;
  try {
    const { index, file, crls } = createMirror(mirror);
    const { directory: { issued }, authorityCrl: { thisUpdate } } = await loadTrust({ root, directory: { index: await index(), file }, crls: await Promise.all(Object.values(crls).map((crl) => crl())) }, now);
    const newest = issued < thisUpdate ? issued : thisUpdate;
    return newest.getTime() < now.getTime() - MIRROR_AGE ? [finding('mirror-behind', { url, date: newest.toISOString() })] : [];
  } catch (error) {
    return [finding('mirror-unusable', { url, reason: error instanceof SsmaxError ? error.code : 'unknown' })];
  }
}

async function checkName(host: string): Promise<Finding[]> {
  if (isIP(host) !== 0) return [];
  return lookup(host).then(() => [], () => [finding('name-unresolved', { host })]);
}

/** SHA-256 of the SubjectPublicKeyInfo that answers. */
function shownKey(where: HostPort): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    // Only the key is looked at; whether it is the right one is decided by the pin, as everywhere.
    const socket = connect({ ...where, minVersion: 'TLSv1.3', rejectUnauthorized: false, timeout: DEADLINE });
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('no certificate'));
      else resolve(new Uint8Array(createHash('sha256').update(certificate.publicKey.export({ format: 'der', type: 'spki' })).digest()));
    });
    socket.once('timeout', () => socket.destroy(new Error('timed out')));
    socket.once('error', reject);
  });
}

/** The first bytes that a server says by itself (SMTP, LMTP, Dovecot's auth); undefined where nothing answers. */
export function greeting(where: HostPort | string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = typeof where === 'string' ? connectPlain({ path: where, timeout: DEADLINE }) : connectPlain({ ...where, timeout: DEADLINE });
    const end = (said: string | undefined): void => {
      socket.destroy();
      resolve(said);
    };
    socket.once('data', (data) => end(data.toString('latin1')));
    socket.once('timeout', () => end(undefined));
    socket.once('error', () => end(undefined));
    socket.once('close', () => end(undefined));
  });
}

export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || /^127\./.test(host);
}

/** Where systemd can tell. */
export async function checkClock(run = promisify(execFile)): Promise<Finding[]> {
  try {
    const { stdout } = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { timeout: DEADLINE });
    return String(stdout).trim() === 'no' ? [finding('clock-not-synchronised')] : [];
  } catch {
    return [];
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : error instanceof Error ? error.message : 'unknown';
}
