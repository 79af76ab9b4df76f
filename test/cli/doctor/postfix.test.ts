/** Each misconfiguration of Postfix, made for real in the configuration that the scenario tests run, is named. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mainCf, masterCf, type PostfixOptions } from '../../../scripts/world/postfix-config.ts';
import { checkPostfix, type GatewaySide } from '../../../src/cli/doctor/postfix.ts';

let directory: string;
let options: PostfixOptions;
const servers: Server[] = [];
const gateway: GatewaySide = {
  listen: { submission: { host: '127.0.0.1', port: 10_023 }, arriving: { host: '127.0.0.1', port: 10_024 } },
  queue: { host: '127.0.0.1', port: 10_025 }, queueConnections: 40, maximumSize: 64 * 1024 * 1024,
};

function says(text: string, where: string | number): Promise<number> {
  const server = createServer((socket) => socket.end(text));
  servers.push(server);
  return new Promise((resolve) => {
    const listening = (): void => resolve(typeof where === 'string' ? 0 : (server.address() as AddressInfo).port);
    if (typeof where === 'string') server.listen(where, listening);
    else server.listen(where, '127.0.0.1', listening);
  });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssmax-doctor-'));
  const authSocket = join(directory, 'auth');
  await says('VERSION\t1\t2\n', authSocket);
  options = {
    name: 'hinode', domain: 'hinode.example', mailboxes: [], ports: { arriving: 10_125, submission: 10_587, reinjection: 10_025 },
    gateway: { arriving: 10_024, submission: 10_023 }, lmtpPort: await says('220 lmtp\r\n', 0), routes: new Map(), authSocket,
  };
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

async function found(change: { main?: (text: string) => string; master?: (text: string) => string }): Promise<string[]> {
  // In the local world passwords go over loopback without TLS; here all is as it should be.
  const master = masterCf(options).replace('  -o syslog_name=submission\n', '  -o syslog_name=submission\n  -o smtpd_tls_security_level=encrypt\n');
  writeFileSync(join(directory, 'main.cf'), (change.main ?? String)(mainCf(directory, options)));
  writeFileSync(join(directory, 'master.cf'), (change.master ?? String)(master));
  return (await checkPostfix(directory, gateway)).map(({ code }) => code);
}

const set = (name: string, value: string) => (text: string): string => `${text}\n${name} = ${value}\n`;
const swap = (from: string | RegExp, to: string) => (text: string): string => {
  expect(text).toMatch(from);
  return text.replace(from, to);
};

it('finds nothing in the configuration that the tests run', async () => {
  expect(await found({})).toEqual([]);
});

it.each<[string, Parameters<typeof found>[0]]>([
  ['postfix-no-filter', { master: swap('smtpd_proxy_filter=127.0.0.1:10024', 'content_filter=smtp:127.0.0.1:10024') }],
  ['postfix-unfiltered-listener', { master: (text) => `${text}smtp inet n - y - - smtpd\n` }],
  ['postfix-filters-swapped', { master: (text) => text.replace('=127.0.0.1:10024', '=127.0.0.1:1').replace('=127.0.0.1:10023', '=127.0.0.1:10024').replace('=127.0.0.1:1\n', '=127.0.0.1:10023\n') }],
  ['postfix-no-reinjection', { master: swap('127.0.0.1:10025 inet n - n - 50 smtpd', '127.0.0.1:10999 inet n - n - 50 smtpd\n  -o smtpd_proxy_filter=127.0.0.1:10024') }],
  ['postfix-reinjection-open', { master: swap('127.0.0.1:10025 inet', '0.0.0.0:10025 inet') }],
  ['postfix-reinjection-filtered', { main: set('content_filter', 'smtp:[127.0.0.1]:10099') }],
  ['postfix-reinjection-too-few', { master: swap('n - 50 smtpd', 'n - 40 smtpd') }],
  ['postfix-proxy-timeout', { main: set('smtpd_proxy_timeout', '1m') }],
  ['postfix-proxy-timeout', { main: swap(/^smtpd_proxy_timeout.*$/m, '') }],
  ['postfix-speed-adjust', { main: set('smtpd_proxy_options', '') }],
  ['postfix-size-limit', { main: set('message_size_limit', '0') }],
  ['postfix-size-limit', { main: set('message_size_limit', '100000000') }],
  ['postfix-size-small', { main: swap(/^message_size_limit.*$/m, '') }],
  ['postfix-sender-login', { master: swap(/.*reject_sender_login_mismatch\n/, '') }],
  ['postfix-sender-login', { main: set('smtpd_sender_login_maps', '') }],
  ['postfix-submission-clear', { master: swap(/.*smtpd_tls_security_level=encrypt\n/, '') }],
  ['postfix-bare-newline', { main: set('smtpd_forbid_bare_newline', 'no') }],
  ['postfix-dsn-discarded', { main: set('smtpd_discard_ehlo_keywords', 'dsn, silent-discard') }],
  ['postfix-milters-blind', { main: set('smtpd_milters', 'inet:127.0.0.1:8891') }],
  ['dovecot-auth-missing', { main: set('smtpd_sasl_path', '/nonexistent/auth') }],
  ['dovecot-lmtp-missing', { main: set('virtual_transport', 'lmtp:inet:127.0.0.1:1') }],
])('names %s', async (code, change) => {
  expect(await found(change)).toContain(code);
});

it('names an unreadable directory', async () => {
  expect((await checkPostfix(join(directory, 'nowhere'), gateway)).map(({ code }) => code)).toEqual(['postfix-unreadable']);
});

it('follows variables and continued lines as Postfix does', async () => {
  expect(await found({ main: (text) => `${text}\nwait = 5m\nsmtpd_proxy_timeout =\n  $wait\nsmtpd_proxy_options = \${adjust}\nadjust = speed_adjust\n` })).toEqual([]);
});
