/** Files as the servers need them: there, private, certificates in force and belonging together. */
import { accessSync, constants, readFileSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Certificate } from '../../core/pki/certificate.ts';
import { names } from '../../core/pki/profile.ts';
import { isSignedBy } from '../../core/pki/signed.ts';
import { hex } from '../../core/bytes.ts';
import { readCertificateFile } from '../../server/shared/certificate-file.ts';
import { type Finding, finding } from './finding.ts';

const DAY = 86_400_000;
/** Warned of this long before. */
const SOON = 30 * DAY;
const MIB = 1024 * 1024;
const LEAST_FREE = 500 * MIB;

/** An encrypted private key, for its owner only. */
export function checkKeyFile(file: string): Finding[] {
  const found: Finding[] = [];
  try {
    if ((statSync(file).mode & 0o077) !== 0) found.push(finding('file-open-to-others', { file }));
    if (!readFileSync(file, 'utf8').includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) found.push(finding('file-not-private', { file }));
  } catch {
    found.push(finding('file-missing', { file }));
  }
  return found;
}

/** A private key that other programs made (the web server's): its mode only. */
export function checkPrivateFile(file: string): Finding[] {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return [finding('file-missing', { file })];
  return (stat.mode & 0o077) === 0 ? [] : [finding('file-open-to-others', { file })];
}

export function checkState(directory: string): Finding[] {
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return [finding('state-not-writable', { file: directory })];
  }
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize < LEAST_FREE ? [finding('disk-full', { file: directory, free: Math.floor((bavail * bsize) / MIB) })] : [];
}

/** The directory that a database file is in. */
export function checkDatabaseFile(file: string): Finding[] {
  const found = checkState(dirname(file));
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & 0o077) !== 0 ? [...found, finding('file-open-to-others', { file })] : found;
}

export function readCertificate(file: string, found: Finding[]): Certificate | undefined {
  try {
    return readCertificateFile(file);
  } catch {
    found.push(finding('file-missing', { file }));
    return undefined;
  }
}

export function checkEnd(file: string, { notAfter }: Certificate, now: Date): Finding[] {
  const date = notAfter.toISOString().slice(0, 10);
  if (notAfter < now) return [finding('certificate-expired', { file, date })];
  return notAfter.getTime() - now.getTime() < SOON ? [finding('certificate-expires', { file, date })] : [];
}

/** Whether `issuer` certified it. */
export async function certified(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  return names(issuer, certificate) && isSignedBy(certificate, issuer.publicKey, hex(certificate.sha256));
}
