/** A small PKI for the tests of core/pki: one Authority, two organisations, one certificate of each role. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '../../../src/core/bytes.ts';
import type { PrivateKey } from '../../../src/core/keys.ts';
import type { Certificate } from '../../../src/core/pki/certificate.ts';
import {
  type Issuer, type Validity, issueDelegate, issueOrganisation, issueRoot, issueServer, issueUser,
} from '../../../src/core/pki/issue.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';

const native = createNodeCrypto();
export const random = (length: number): Bytes => native.random(length);
export const newKey = (): PrivateKey => loadPrivateKey(generatePrivateKey());

export const day = (number: number): Date => new Date(Date.UTC(2026, 0, 1) + number * 86_400_000);
export const AT = day(100);
export const YEAR: Validity = { notBefore: day(0), notAfter: day(365) };

interface World {
  readonly root: Issuer;
  readonly delegate: Issuer;
  readonly hinode: Issuer;
  readonly tsukimi: Issuer;
  readonly taro: Issuer;
  readonly gateway: Issuer;
  readonly inspection: Issuer;
  readonly keyServer: Issuer;
}

async function withKey(make: (key: PrivateKey) => Promise<Certificate>): Promise<Issuer> {
  const key = newKey();
  return { certificate: await make(key), key };
}

export async function createWorld(): Promise<World> {
  const root = await withKey((key) =>
    issueRoot({ key, random, validity: { notBefore: day(-10), notAfter: day(7300) }, subject: { country: 'JP', organisation: 'SSMAX管理組織', commonName: 'SSMAX Root' } }));
  const organisation = (name: string, organisationId: string, domain: string): Promise<Issuer> =>
    withKey(({ publicKey }) =>
      issueOrganisation({ issuer: root, publicKey, random, validity: { notBefore: day(-5), notAfter: day(1000) }, name, organisationId, country: 'JP', mailDomains: [domain], hostNames: [domain] }));
  const hinode = await organisation('日之出市役所', 'NTRJP-1234567890123', 'hinode.example');
  const tsukimi = await organisation('月見製作所', 'NTRJP-9876543210987', 'tsukimi.example');
  const common = { issuer: hinode, validity: YEAR, random };
  const server = (role: 'gateway' | 'inspection' | 'key-server', name: string): Promise<Issuer> =>
    withKey(({ publicKey }) => issueServer({ ...common, publicKey, role, dnsNames: [name] }));
  return {
    root, hinode, tsukimi,
    delegate: await withKey(({ publicKey }) => issueDelegate({ issuer: root, publicKey, validity: YEAR, random })),
    taro: await withKey(({ publicKey }) => issueUser({ ...common, publicKey, email: 'taro@hinode.example', commonName: '日之出 太郎' })),
    gateway: await server('gateway', 'gateway.hinode.example'),
    inspection: await server('inspection', 'inspection.hinode.example'),
    keyServer: await server('key-server', 'keyserver.hinode.example'),
  };
}

type Files = Readonly<Record<string, Uint8Array | string>>;

/** Runs `openssl` in a fresh directory that holds `files`; returns its output. Throws with its messages if it fails. */
export function openssl(args: readonly string[], files: Files, output: 'stdout' | 'stderr' = 'stdout'): string {
  return run(args, files)[output].toString('utf8');
}

export function opensslBytes(args: readonly string[], files: Files): Uint8Array {
  return new Uint8Array(run(args, files).stdout);
}

function run(args: readonly string[], files: Files): { stdout: Buffer; stderr: Buffer } {
  const directory = mkdtempSync(join(tmpdir(), 'ssmax-pki-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
    const result = spawnSync('openssl', args, { cwd: directory });
    if (result.status !== 0) throw new Error(`openssl ${args.join(' ')}: ${result.stderr.toString('utf8')}`);
    return result;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
