/** What one organisation's Postfix is told, as the text of its configuration files: main.cf (postconf(5)), master.cf (master(5)), texthash tables. */
import { join } from 'node:path';
import { markerVariable } from './owned.ts';

export interface PostfixOptions {
  /** Names the organisation's directory and its processes, such as `hinode`. */
  readonly name: string;
  /** Its one mail domain; its host is `mail.<domain>`. */
  readonly domain: string;
  /** Full addresses that exist. Who submits must be logged in by the very address in MAIL FROM. */
  readonly mailboxes: readonly string[];
  readonly aliases?: readonly (readonly [address: string, to: string])[];
  readonly ports: {
    readonly arriving: number; readonly submission: number; readonly reinjection: number;
    /** Two listeners whose mail waits until it is released. */
    readonly hold?: { readonly submission: number; readonly arriving: number };
  };
  /** Where the gateway's two listeners are, to be there when the first mail comes; none for a mail server without SSMAX. */
  readonly gateway?: { readonly arriving?: number; readonly submission: number };
  readonly lmtpPort: number;
  /** The arriving port of the Postfix of each other domain. A domain without route is refused with 5.4.4. */
  readonly routes: ReadonlyMap<string, number>;
  /** An ISP's gateway answers each recipient of arriving mail by itself: it must be asked while the client is there. */
  readonly answersRecipients?: boolean;
  /** Dovecot's socket for SASL. */
  readonly authSocket: string;
  /** What else stands in main.cf. */
  readonly parameters?: Readonly<Record<string, string>>;
}

// For fakeroot to go on in the daemons, and for every daemon to be known as ours.
const passedOn = `LD_PRELOAD LD_LIBRARY_PATH FAKEROOTKEY ${markerVariable}`;

/** main.cf of one organisation; `dir` holds etc, log, data and queue. */
export function mainCf(dir: string, options: PostfixOptions): string {
  const { domain, lmtpPort, authSocket } = options;
  const routes = [...options.routes].map(([to, port]) => `{${to}=smtp:[127.0.0.1]:${port}}`).join(', ');
  return configuration({
    compatibility_level: '3.6',
    config_directory: join(dir, 'etc'),
    queue_directory: join(dir, 'queue'),
    data_directory: join(dir, 'data'),
    daemon_directory: '/usr/lib/postfix/sbin',
    shlib_directory: '/usr/lib/postfix',
    mail_owner: 'postfix',
    setgid_group: 'postdrop',
    maillog_file: join(dir, 'log', 'maillog'),
    maillog_file_prefixes: join(dir, 'log'),
    syslog_name: `postfix-${options.name}`,
    import_environment: `MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME ${passedOn}`,
    export_environment: `TZ MAIL_CONFIG LANG ${passedOn}`,
    authorized_flush_users: 'static:anyone',
    authorized_mailq_users: 'static:anyone',

    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    myhostname: `mail.${domain}`,
    mydomain: domain,
    myorigin: domain,
    mydestination: '',
    mynetworks: '127.0.0.0/8',

    // No DNS, no local users, no other table types than those that need no database library.
    default_database_type: 'texthash',
    local_recipient_maps: '',
    alias_maps: '',
    alias_database: '',
    local_transport: 'error:5.1.1 no local delivery',
    default_transport: 'error:5.4.4 no route',
    relay_transport: 'error:5.4.4 no route',
    transport_maps: routes === '' ? '' : `inline:{ ${routes} }`,
    smtp_dns_support_level: 'disabled',
    lmtp_dns_support_level: 'disabled',
    smtp_host_lookup: 'native',
    smtpd_peername_lookup: 'no',
    virtual_mailbox_domains: domain,
    virtual_mailbox_maps: `texthash:${join(dir, 'etc', 'mailboxes')}`,
    virtual_alias_maps: `texthash:${join(dir, 'etc', 'aliases')}`,
    virtual_transport: `lmtp:inet:127.0.0.1:${lmtpPort}`,

    message_size_limit: '52428800',
    mailbox_size_limit: '0',
    virtual_mailbox_limit: '0',
    minimal_backoff_time: '5s',
    maximal_backoff_time: '30s',
    queue_run_delay: '5s',
    notify_classes: '',

    smtpd_sasl_type: 'dovecot',
    smtpd_sasl_path: authSocket,
    smtpd_sender_login_maps: `texthash:${join(dir, 'etc', 'logins')}`,
    smtpd_relay_restrictions: 'permit_sasl_authenticated, reject_unauth_destination',
    disable_vrfy_command: 'yes',
    // Thunderbird keeps its connection, and loses the mail that begins in the moment in which the server hangs up.
    smtpd_timeout: '3600s',
    // Against SMTP smuggling: only CR LF . CR LF ends a mail, from loopback too.
    smtpd_forbid_bare_newline: 'normalize',
    smtpd_forbid_bare_newline_exclusions: '',
    smtpd_proxy_timeout: '300s',
    // The gateway is asked only when the whole mail is there: a slow client does not occupy it.
    smtpd_proxy_options: 'speed_adjust',
    ...options.parameters,
  });
}

/** master.cf: the three listeners and the usual services, none of them in a chroot. */
export function masterCf({ ports, gateway, answersRecipients = false }: PostfixOptions): string {
  return `
127.0.0.1:${ports.arriving} inet n - n - 20 smtpd
  -o syslog_name=arriving
${gateway?.arriving === undefined ? '' : `  -o smtpd_proxy_filter=127.0.0.1:${gateway.arriving}${answersRecipients ? '\n  -o smtpd_proxy_options=' : ''}\n`}127.0.0.1:${ports.submission} inet n - n - 20 smtpd
  -o syslog_name=submission
${gateway === undefined ? '' : `  -o smtpd_proxy_filter=127.0.0.1:${gateway.submission}\n`}  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=reject_sender_login_mismatch
127.0.0.1:${ports.reinjection} inet n - n - 50 smtpd
  -o syslog_name=reinjection
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o smtpd_client_restrictions=
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o receive_override_options=no_unknown_recipient_checks
${ports.hold === undefined || gateway?.arriving === undefined ? '' : holdListener('submission', ports.hold.submission, gateway.submission) + holdListener('arriving', ports.hold.arriving, gateway.arriving)}pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
`.trimStart();
}

/** What comes here waits, and goes to the gateway's listener when it is released. */
function holdListener(name: string, port: number, gateway: number): string {
  return `127.0.0.1:${port} inet n - n - 20 smtpd
  -o syslog_name=hold-${name}
  -o smtpd_client_restrictions=check_client_access,static:HOLD
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o receive_override_options=no_address_mappings,no_unknown_recipient_checks
  -o content_filter=smtp:[127.0.0.1]:${gateway}
`;
}

/** A lookup table, `key value` a line. */
export function texthash(entries: readonly (readonly [key: string, value: string])[]): string {
  return entries.map(([key, value]) => `${key} ${value}\n`).join('');
}

function configuration(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters).map(([name, value]) => `${name} = ${value}\n`).join('');
}
