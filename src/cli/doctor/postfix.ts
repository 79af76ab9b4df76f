/** Postfix's main.cf and master.cf (postconf(5), master(5)) against what the gateway needs of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostPort } from '../../server/shared/config.ts';
import { type Finding, finding } from './finding.ts';
import { greeting, isLoopback } from './network.ts';

/** What of gateway.yaml matters here. */
export interface GatewaySide {
  readonly listen: { readonly submission: HostPort; readonly arriving: HostPort };
  readonly queue: HostPort;
  readonly queueConnections: number;
  /** Postfix's listeners that put mail on hold. */
  readonly hold?: { readonly submission: HostPort; readonly arriving: HostPort } | undefined;
  readonly maximumSize: number;
}

type Parameters = ReadonlyMap<string, string>;

interface Listener {
  /** As master.cf names it: `smtp`, `127.0.0.1:10025`. */
  readonly name: string;
  /** Undefined: the default. */
  readonly processes: number | undefined;
  /** With its own overrides. */
  get(parameter: string): string;
}

/** Postfix's own values where neither file says anything. */
const DEFAULTS: Readonly<Record<string, string>> = {
  smtpd_proxy_timeout: '100s', message_size_limit: '10240000', default_process_limit: '100', smtpd_forbid_bare_newline: 'normalize',
};
const SERVICES: Readonly<Record<string, number>> = { smtp: 25, submission: 587, submissions: 465, smtps: 465 };
const PROXY_TIMEOUT = 300;
const SMALL = 20 * 1024 * 1024;

export async function checkPostfix(directory: string, gateway: GatewaySide): Promise<Finding[]> {
  const main = read(join(directory, 'main.cf'));
  const master = read(join(directory, 'master.cf'));
  if (main === undefined) return [finding('postfix-unreadable', { file: join(directory, 'main.cf') })];
  if (master === undefined) return [finding('postfix-unreadable', { file: join(directory, 'master.cf') })];
  const parameters = parseMain(main);
  const listeners = parseMaster(master, parameters);
  const reinjection = listeners.find((one) => portOf(one.name) === gateway.queue.port);
  const holding = new Set([gateway.hold?.submission.port, gateway.hold?.arriving.port]);
  const inward = listeners.filter((one) => one === reinjection || holding.has(portOf(one.name) ?? -1));
  const others = listeners.filter((one) => !inward.includes(one));
  return [
    ...checkFilters(others, gateway), ...checkReinjection(reinjection, gateway), ...inward.flatMap(checkLoopback), ...others.flatMap(checkSubmission),
    ...checkMain(parameters, others, gateway), ...await checkDovecot(parameters),
  ];
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Logical lines: comments out, continued lines joined. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue;
    if (/^\s/.test(line) && lines.length > 0) lines.push(`${lines.pop() ?? ''} ${line.trim()}`);
    else lines.push(line.trimEnd());
  }
  return lines;
}

function parseMain(text: string): Parameters {
  const parameters = new Map(Object.entries(DEFAULTS));
  for (const line of logicalLines(text)) {
    const match = /^([\w]+)\s*=\s*(.*)$/.exec(line);
    if (match?.[1] !== undefined) parameters.set(match[1], match[2] ?? '');
  }
  return parameters;
}

/** `$name` and `${name}` are followed; what is not known becomes empty, as in Postfix. */
function expand(value: string, parameters: Parameters, depth = 0): string {
  if (depth > 10) return value;
  return value.replace(/\$(?:\{(\w+)\}|\((\w+)\)|(\w+))/g, (_, ...names: (string | undefined)[]) =>
    expand(parameters.get(names.slice(0, 3).find((name) => name !== undefined) ?? '') ?? '', parameters, depth + 1));
}

function parseMaster(text: string, main: Parameters): Listener[] {
  return logicalLines(text).flatMap((line) => {
    const [name = '', type, , , , , processes = '-', command, ...words] = line.split(/\s+/);
    if (type !== 'inet' || command !== 'smtpd') return [];
    const own = new Map(main);
    for (const match of words.join(' ').matchAll(/-o\s*(?:\{\s*(\w+)\s*=\s*([^}]*?)\s*\}|(\w+)=(\S*))/g)) {
      own.set(match[1] ?? match[3] ?? '', match[2] ?? match[4] ?? '');
    }
    return [{ name, processes: /^\d+$/.test(processes) ? Number(processes) : undefined, get: (parameter: string) => expand(own.get(parameter) ?? '', own).trim() }];
  });
}

function portOf(name: string): number | undefined {
  const service = name.slice(name.lastIndexOf(':') + 1);
  return SERVICES[service] ?? (/^\d+$/.test(service) ? Number(service) : undefined);
}

function hostOf(name: string): string {
  return name.includes(':') ? name.slice(0, name.lastIndexOf(':')).replace(/^\[|\]$/g, '') : '';
}

/** The port of `host:port`, `inet:host:port` or a bare port. */
function filterPort(listener: Listener): number | undefined {
  const filter = listener.get('smtpd_proxy_filter');
  return filter === '' ? undefined : portOf(filter);
}

function logsIn(listener: Listener): boolean {
  return listener.get('smtpd_sasl_auth_enable') === 'yes';
}

function checkFilters(listeners: readonly Listener[], { listen }: GatewaySide): Finding[] {
  const found: Finding[] = [];
  for (const name of ['submission', 'arriving'] as const) {
    const { host, port } = listen[name];
    const theirs = listeners.filter((one) => filterPort(one) === port);
    if (theirs.length === 0) found.push(finding('postfix-no-filter', { listener: name, address: `${host}:${port}` }));
    for (const one of theirs) if (logsIn(one) !== (name === 'submission')) found.push(finding('postfix-filters-swapped', { service: one.name, listener: name }));
  }
  // A filter after the queue does for MTAs that have no other (docs/admin/smart-host.md).
  for (const one of listeners) if (filterPort(one) === undefined && one.get('content_filter') === '') found.push(finding('postfix-unfiltered-listener', { service: one.name }));
  return found;
}

function checkReinjection(listener: Listener | undefined, { queue, queueConnections }: GatewaySide): Finding[] {
  if (listener === undefined) return [finding('postfix-no-reinjection', { address: `${queue.host}:${queue.port}` })];
  const found: Finding[] = [];
  const service = listener.name;
  if (listener.get('smtpd_proxy_filter') !== '' || listener.get('content_filter') !== '') found.push(finding('postfix-reinjection-filtered', { service }));
  const processes = listener.processes ?? Number(listener.get('default_process_limit'));
  if (processes !== 0 && processes <= queueConnections) found.push(finding('postfix-reinjection-too-few', { processes, connections: queueConnections }));
  if (/\bdsn\b/i.test(listener.get('smtpd_discard_ehlo_keywords'))) found.push(finding('postfix-dsn-discarded'));
  return found;
}

/** What was checked comes in here: nobody else may. */
function checkLoopback(listener: Listener): Finding[] {
  const host = hostOf(listener.name) || listener.get('inet_interfaces');
  return isLoopback(host) || host === 'loopback-only' ? [] : [finding('postfix-reinjection-open', { service: listener.name })];
}

function checkSubmission(listener: Listener): Finding[] {
  if (!logsIn(listener)) return [];
  const service = listener.name;
  const restrictions = ['smtpd_client_restrictions', 'smtpd_helo_restrictions', 'smtpd_sender_restrictions', 'smtpd_relay_restrictions', 'smtpd_recipient_restrictions'];
  const checked = restrictions.some((name) => /\breject_(?:authenticated_)?sender_login_mismatch\b/.test(listener.get(name))) && listener.get('smtpd_sender_login_maps') !== '';
  const encrypted = listener.get('smtpd_tls_wrappermode') === 'yes' || listener.get('smtpd_tls_security_level') === 'encrypt' || listener.get('smtpd_tls_auth_only') === 'yes';
  return [
    ...(checked ? [] : [finding('postfix-sender-login', { service })]),
    ...(encrypted ? [] : [finding('postfix-submission-clear', { service })]),
  ];
}

function checkMain(parameters: Parameters, listeners: readonly Listener[], { maximumSize }: GatewaySide): Finding[] {
  const found: Finding[] = [];
  const get = (name: string): string => expand(parameters.get(name) ?? '', parameters).trim();
  const filtered = listeners.filter((one) => filterPort(one) !== undefined);
  const timeout = Math.min(...filtered.map((one) => seconds(one.get('smtpd_proxy_timeout'))));
  if (timeout < PROXY_TIMEOUT) found.push(finding('postfix-proxy-timeout', { seconds: timeout }));
  if (filtered.some((one) => !/\bspeed_adjust\b/.test(one.get('smtpd_proxy_options')))) found.push(finding('postfix-speed-adjust'));
  if (filtered.some((one) => one.get('smtpd_milters') !== '')) found.push(finding('postfix-milters-blind'));
  const size = Number(get('message_size_limit'));
  if (size === 0 || size > maximumSize) found.push(finding('postfix-size-limit', { size: size === 0 ? 'unlimited' : size, maximum: maximumSize }));
  else if (size < SMALL) found.push(finding('postfix-size-small', { size }));
  const bare = get('smtpd_forbid_bare_newline');
  if (!['yes', 'normalize', 'reject', 'note'].includes(bare) || bare === 'note') found.push(finding('postfix-bare-newline', { value: bare }));
  return found;
}

/** A time as Postfix writes it: `300s`, `5m`, `1h`; seconds without a unit. */
function seconds(text: string): number {
  const match = /^(\d+)([smhdw]?)$/.exec(text);
  return Number(match?.[1] ?? 0) * ({ s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[match?.[2] ?? 's'] ?? 1);
}

/** Dovecot, in whatever version, as Postfix asks it: who logs in, and where delivered mail goes. */
async function checkDovecot(parameters: Parameters): Promise<Finding[]> {
  const get = (name: string): string => expand(parameters.get(name) ?? '', parameters).trim();
  const found: Finding[] = [];
  if (get('smtpd_sasl_type') === 'dovecot') {
    const path = get('smtpd_sasl_path');
    const file = path.startsWith('/') ? path : join(get('queue_directory') || '/var/spool/postfix', path);
    if ((await greeting(file))?.startsWith('VERSION\t') !== true) found.push(finding('dovecot-auth-missing', { file }));
  }
  for (const name of ['virtual_transport', 'mailbox_transport']) {
    const inet = /^lmtp:inet:\[?([^\]:]+)\]?:(\d+)$/.exec(get(name));
    const unix = /^lmtp:unix:(\S+)$/.exec(get(name))?.[1];
    const where = inet !== null ? { host: inet[1] ?? '', port: Number(inet[2]) } : unix === undefined ? undefined : unix.startsWith('/') ? unix : join(get('queue_directory') || '/var/spool/postfix', unix);
    if (where !== undefined && (await greeting(where))?.startsWith('220') !== true) found.push(finding('dovecot-lmtp-missing', { address: get(name) }));
  }
  return found;
}
