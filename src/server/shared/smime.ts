/**
 * Plain S/MIME signatures (RFC 8551), as the world makes them: RSA, BER, all algorithms. OpenSSL judges them in a process of
 * its own, which may be ended at any time: our own reader takes only what SSMAX writes. What it is given is written anew
 * from the parts that our MIME parser found, so that nobody is shown another text than was verified.
 */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bytes, concat, utf8 } from '../../core/bytes.ts';
import { normalizeAddress } from '../../mail/address.ts';
import type { Entity } from '../../mail/mime.ts';
import { lineStarts } from '../../mail/scan.ts';
import { encodeBase64Lines } from '../../mail/transfer.ts';
import type { Smime } from '../../wire/outside-report.ts';

/** Milliseconds for one run of OpenSSL. */
const DEADLINE = 10_000;
const BOUNDARY = '=_ssmax-smime';

interface Signed {
  readonly form: 'SMIME' | 'DER';
  readonly input: Bytes;
}

/** The S/MIME signature of a mail, if its outermost part is one; `undefined` otherwise. */
export async function verifySmime(mail: Entity, from: string | undefined, trust: string | undefined): Promise<Smime | undefined> {
  const signed = signedPart(mail);
  if (signed === undefined) return undefined;
  const none: Smime = { result: 'not-checked', fromMatches: false, revocation: 'not-checked' };
  if (signed === 'ambiguous') return { ...none, result: 'invalid' };
  const directory = mkdtempSync(join(tmpdir(), 'ssmax-smime-'));
  try {
    const file = join(directory, 'signer.pem');
    const whole = await openssl(signed, ['-noverify', '-signer', file]);
    if (whole === 'not-run') return none;
    if (whole === 'failed') return { ...none, result: 'invalid' };
    const { signer, addresses } = signerOf(readFileSync(file, 'utf8'));
    const found = { signer, fromMatches: from !== undefined && addresses.includes(from) };
    if (trust === undefined) return { ...none, result: 'untrusted', ...found };
    const store = ['-CAfile', trust, '-no-CApath', '-no-CAstore', '-purpose', 'smimesign'];
    const chain = await openssl(signed, store);
    if (chain !== 'verified') return { ...none, result: chain === 'failed' ? 'untrusted' : 'not-checked', ...found };
    if (!readFileSync(trust, 'utf8').includes('-----BEGIN X509 CRL-----')) return { ...none, result: 'valid', ...found };
    const fresh = await openssl(signed, [...store, '-crl_check'], (said) => /certificate revoked/i.test(said));
    return { result: 'valid', ...found, revocation: fresh === 'verified' ? 'good' : fresh === 'marked' ? 'revoked' : 'not-checked' };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function signedPart(mail: Entity): Signed | 'ambiguous' | undefined {
  const { type, params } = mail;
  if (/^application\/(?:x-)?pkcs7-mime$/.test(type) && params.get('smime-type')?.toLowerCase() === 'signed-data') return { form: 'DER', input: mail.body() };
  if (type !== 'multipart/signed' || !/^application\/(?:x-)?pkcs7-signature$/i.test(params.get('protocol') ?? '')) return undefined;
  const [, signature] = mail.children;
  const boundary = params.get('boundary') ?? '';
  const [first, second, third] = lineStarts(mail.rawBody, `--${boundary}`, 0, mail.rawBody.length, 8);
  // A preamble says what the mail is to clients that do not know; an unknown charset changes no bytes.
  const doubtful = mail.defects.some((code) => code !== 'mime-surplus' && code !== 'mime-charset-unknown');
  if (doubtful || mail.children.length !== 2 || signature === undefined || first === undefined || second === undefined || third === undefined) return 'ambiguous';
  if (!/^application\/(?:x-)?pkcs7-signature$/.test(signature.type)) return 'ambiguous';
  // From behind the delimiter's line to before the line break of the next one (RFC 2046 §5.1.1).
  const content = mail.rawBody.subarray(mail.rawBody.indexOf(0x0a, first) + 1, mail.rawBody[second - 2] === 0x0d ? second - 2 : second - 1);
  const input = concat(
    utf8(`MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="${BOUNDARY}"\r\n\r\n--${BOUNDARY}\r\n`),
    content, utf8(`\r\n--${BOUNDARY}\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n\r\n`),
    ...encodeBase64Lines(signature.body()), utf8(`--${BOUNDARY}--\r\n`),
  );
  // Whoever could write our boundary would have OpenSSL see other parts.
  return lineStarts(content, `--${BOUNDARY}`, 0, content.length, 1).length > 0 ? 'ambiguous' : { form: 'SMIME', input };
}

type Outcome = 'verified' | 'failed' | 'marked' | 'not-run';

function openssl({ form, input }: Signed, options: readonly string[], marks: (said: string) => boolean = () => false): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn('openssl', ['cms', '-verify', '-inform', form, '-out', '/dev/null', ...options], { stdio: ['pipe', 'ignore', 'pipe'], timeout: DEADLINE, killSignal: 'SIGKILL' });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => { if (said.length < 10_000) said += chunk.toString('latin1'); });
    child.stdin.on('error', () => undefined); // it may have seen enough
    child.once('error', () => { resolve('not-run'); });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? 'verified' : signal !== null ? 'not-run' : marks(said) ? 'marked' : 'failed');
    });
    child.stdin.end(input);
  });
}

function signerOf(pem: string): { signer: NonNullable<Smime['signer']>; addresses: readonly string[] } {
  const certificate = new X509Certificate(pem);
  const { subject, issuer } = certificate.toLegacyObject();
  const names = [
    ...(certificate.subjectAltName ?? '').split(', ').filter((one) => one.startsWith('email:')).map((one) => one.slice('email:'.length)),
    ...texts((subject as unknown as Record<string, unknown> | undefined)?.['emailAddress']),
  ];
  const addresses = [...new Set(names.flatMap((name) => {
    try {
      return [normalizeAddress(name)];
    } catch {
      return []; // nobody's
    }
  }))].slice(0, 8);
  const [name = ''] = [...texts(subject?.CN), ...texts(subject?.O)];
  const [by = ''] = [...texts(issuer?.O), ...texts(issuer?.CN)];
  return { signer: { name: shown(name), addresses, issuer: shown(by) }, addresses };
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}

function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, '').slice(0, 200);
}
