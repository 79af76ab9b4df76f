/** A plain S/MIME mail as OpenSSL makes it, and the authority behind it: alone, with a list, and with a list that revokes the signer. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Leaves `smime.eml`, of bob@outside.example, and `smime-ca.pem`, `smime-ca-crl.pem`, `smime-ca-revoked.pem` in `directory`. */
export function writeSmime(directory: string): void {
  const own = join(directory, 'smime');
  mkdirSync(own);
  const write = (name: string, text: string): void => writeFileSync(join(own, name), text);
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { cwd: own, stdio: 'ignore' }); };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  write('extensions', 'subjectAltName=email:bob@outside.example\nextendedKeyUsage=emailProtection\n');
  write('ca.conf', '[ca]\ndefault_ca = d\n[d]\ndatabase = index\ndefault_md = sha256\ndefault_crl_days = 2\n');
  write('index', '');
  write('text', 'Content-Type: text/plain\r\n\r\nThe offer is attached to nothing.\r\n');
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/O=Outside Trust/CN=Outside Trust');
  openssl('req', ...key, '-keyout', 'bob.key', '-out', 'bob.csr', '-subj', '/CN=Bob');
  openssl('x509', '-req', '-in', 'bob.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-set_serial', '7', '-out', 'bob.pem', '-days', '2', '-extfile', 'extensions');
  openssl('cms', '-sign', '-in', 'text', '-signer', 'bob.pem', '-inkey', 'bob.key', '-md', 'sha256', '-crlfeol', '-out', 'signed');
  const list = (name: string): void => openssl('ca', '-config', 'ca.conf', '-gencrl', '-keyfile', 'ca.key', '-cert', 'ca.pem', '-out', name);
  list('good.crl');
  openssl('ca', '-config', 'ca.conf', '-revoke', 'bob.pem', '-keyfile', 'ca.key', '-cert', 'ca.pem');
  list('revoked.crl');
  const read = (...names: string[]): string => names.map((name) => readFileSync(join(own, name), 'latin1')).join('');
  writeFileSync(join(directory, 'smime.eml'), `From: Bob <bob@outside.example>\r\nTo: hanako@tsukimi.example\r\nSubject: Offer\r\n${read('signed')}`, 'latin1');
  for (const [name, parts] of [['smime-ca', ['ca.pem']], ['smime-ca-crl', ['ca.pem', 'good.crl']], ['smime-ca-revoked', ['ca.pem', 'revoked.crl']]] as const) {
    writeFileSync(join(directory, `${name}.pem`), read(...parts));
  }
}
