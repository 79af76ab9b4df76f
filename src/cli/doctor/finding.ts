/** What `ssmax doctor` finds: every misconfiguration has a code, one sentence and its remedy. docs/admin/doctor.md lists them all. */

/** `error`: mail does not pass, or protection is lost. `warning`: it soon will be, or something is weaker than it could be. */
export type Level = 'error' | 'warning';

export const FINDINGS = {
  // Files
  'file-missing': ['error', '{file} is not there or cannot be read', 'put it there, readable by the service’s user; the configuration names it'],
  'file-open-to-others': ['error', '{file} may be read by others than its owner', 'chmod 600 {file}'],
  'file-not-private': ['error', '{file} holds a private key that is not encrypted', 'make the key by `ssmax … init`, which encrypts it'],
  'state-not-writable': ['error', 'the state directory {file} cannot be written', 'create it with mode 700, owned by the service’s user'],
  'disk-full': ['error', '{file}: {free} MiB are free', 'make room: at least 500 MiB, and as much as the largest mails times ten for Postfix’s queue'],
  // Certificates
  'certificate-expired': ['error', '{file} ended on {date}', 'have a new one issued (docs/admin/key-ceremony.md)'],
  'certificate-expires': ['warning', '{file} ends on {date}', 'have a new one issued before (docs/admin/key-ceremony.md)'],
  'certificate-other-key': ['error', '{file} is not certified by the organisation in {organisation}', 'have it certified by the own key server: ssmax keyserver certify'],
  'certificate-not-certified': ['error', 'the organisation’s certificate is not certified by the root in {file}', 'compare root.pem with the Authority’s fingerprint; one of the two files is wrong'],
  // Trust
  'directory-never-fetched': ['error', 'no directory was ever fetched into {file}', 'start the server; then look into its log for trust-fetch-failed'],
  'trust-stale': ['error', 'directory or revocation list is out of date or not valid ({reason}): all mail is put off', 'look into the server’s log for trust-fetch-failed; check the way to the Authority and the clock'],
  'mirror-unusable': ['warning', '{url} does not give the directory ({reason})', 'there must be index.cms, authority.crl and files/ as `ssmax authority publish` writes them; until then the Authority is asked'],
  'mirror-behind': ['warning', '{url} has nothing newer than {date}', 'see to it that `ssmax authority publish` runs every minute and no cache keeps index.cms or authority.crl; until then the Authority is asked'],
  'spki-not-in-directory': ['error', 'the {role} key {spki} is not in the Authority’s directory', 'send the hash to the Authority, which certifies again with it (--{role}-spki)'],
  'organisation-not-in-directory': ['error', 'this organisation’s certificate is not in the Authority’s directory', 'ask the Authority; after a new certificate, put organisation.pem on all servers'],
  'stage-behind-directory': ['error', '{domain} is alwaysSigned in the directory, but at the stage observe here', 'what passes here unprotected is refused elsewhere: set the stage protect, or have the Authority take it back'],
  // Network
  'name-unresolved': ['error', 'the name {host} does not resolve', 'enter it in DNS or /etc/hosts'],
  'peer-unreachable': ['error', '{peer} does not answer at {host}:{port} ({reason})', 'start it; open the port in the firewall (docs/admin/firewall.md)'],
  'pin-differs': ['error', '{peer} at {host}:{port} shows the key {spki}, which is not the pinned one', 'do not go on before you know why: compare with `spki` as that server’s init printed it'],
  'listens-openly': ['error', '{key} listens on {host}, not on loopback', 'write 127.0.0.1: whoever reaches it goes around Postfix'],
  'clock-not-synchronised': ['warning', 'the clock of this machine is not synchronised', 'apt-get install systemd-timesyncd (or chrony): beyond 10 minutes of error mail is refused'],
  // Inspection
  'clamd-unreachable': ['error', 'clamd does not answer at {file}', 'start clamav-daemon; check that the service’s user may open the socket'],
  'clamd-stream-limit': ['error', 'clamd takes streams of {limit} MiB at most', 'StreamMaxLength 64M in {file}: larger parts would be refused'],
  'clamd-exceeds-silent': ['error', 'clamd passes what exceeds its limits without a word', 'AlertExceedsMax yes in {file}'],
  'gateways-not-pinned': ['error', '`gateways` in {file} is empty: nobody may call', 'enter the spki of each gateway'],
  // Database
  'database-unusable': ['error', 'the database does not open: {reason}', 'check DATABASE_URL or `database:`, the server, and who may use it'],
  'server-not-running': ['warning', 'no server answers at {file}', 'start it (systemctl start …), or name its state directory'],
  // Postfix
  'postfix-no-filter': ['error', 'no listener in master.cf hands its mail to the gateway’s {listener} listener ({address})', 'add -o smtpd_proxy_filter={address} to it (docs/admin/installation.md)'],
  'postfix-unfiltered-listener': ['error', 'the listener {service} takes mail past the gateway', 'add -o smtpd_proxy_filter=…, or remove it'],
  'postfix-filters-swapped': ['error', 'the listener {service} is handed to the gateway’s {listener} listener', 'who logs in (smtpd_sasl_auth_enable=yes) goes to submission, all others to arriving'],
  'postfix-no-reinjection': ['error', 'no listener in master.cf for {address}, where the gateway hands on what it checked', 'add the re-injection listener (docs/admin/installation.md)'],
  'postfix-reinjection-open': ['error', 'the re-injection listener {service} can be reached from other machines', 'write 127.0.0.1: before its port: whoever reaches it goes around the gateway'],
  'postfix-reinjection-filtered': ['error', 'the re-injection listener {service} has a filter: mail goes round in circles', 'add -o smtpd_proxy_filter= and -o content_filter= to it'],
  'postfix-reinjection-too-few': ['error', 'the re-injection listener serves {processes} connections, the gateway opens up to {connections}', 'raise its maxproc in master.cf above queueConnections of gateway.yaml'],
  'postfix-proxy-timeout': ['error', 'smtpd_proxy_timeout is {seconds} s', 'smtpd_proxy_timeout = 300s: inspection of large mail takes longer; mail that Postfix gives up on is delivered twice'],
  'postfix-speed-adjust': ['warning', 'smtpd_proxy_options lacks speed_adjust', 'smtpd_proxy_options = speed_adjust: else a slow client occupies the gateway'],
  'postfix-size-limit': ['error', 'message_size_limit is {size}, the gateway takes {maximum} bytes', 'keep message_size_limit at or below maximumSize of gateway.yaml'],
  'postfix-size-small': ['warning', 'message_size_limit is {size} bytes: sealed mail is larger than its attachments by 40 %', 'message_size_limit = 52428800'],
  'postfix-sender-login': ['error', 'the listener {service} does not check that members write in their own name', 'smtpd_sender_login_maps, and -o smtpd_sender_restrictions=reject_sender_login_mismatch'],
  'postfix-submission-clear': ['warning', 'the listener {service} takes passwords without TLS', '-o smtpd_tls_security_level=encrypt (or smtpd_tls_wrappermode=yes)'],
  'postfix-bare-newline': ['error', 'smtpd_forbid_bare_newline is {value}: mail can be smuggled in', 'smtpd_forbid_bare_newline = normalize'],
  'postfix-dsn-discarded': ['error', 'the re-injection listener does not offer DSN', 'take dsn out of smtpd_discard_ehlo_keywords: else refused mail comes back with its whole content'],
  'postfix-milters-blind': ['warning', 'smtpd_milters see neither header nor body behind smtpd_proxy_filter', 'put content milters on the re-injection listener, or leave them out'],
  'postfix-unreadable': ['error', '{file} cannot be read', 'name Postfix’s directory: --postfix /etc/postfix'],
  // Dovecot
  'dovecot-auth-missing': ['error', 'Dovecot does not answer at {file}, where Postfix asks who logs in', 'service auth { unix_listener … } in Dovecot (docs/admin/installation.md); start it'],
  'dovecot-lmtp-missing': ['error', 'nothing takes delivered mail at {address}', 'protocols = … lmtp and service lmtp in Dovecot; or correct virtual_transport'],
} as const satisfies Readonly<Record<string, readonly [Level, string, string]>>;

export type FindingCode = keyof typeof FINDINGS;
type Params = Readonly<Record<string, string | number>>;

export interface Finding {
  readonly code: string;
  readonly level: Level;
  readonly sentence: string;
  readonly remedy: string;
}

export function finding(code: FindingCode, params: Params = {}): Finding {
  const [level, sentence, remedy] = FINDINGS[code];
  const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? '?'));
  return { code, level, sentence: fill(sentence), remedy: fill(remedy) };
}
