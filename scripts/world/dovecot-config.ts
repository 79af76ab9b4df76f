/** The text of Dovecot's configuration file. */

export interface DovecotSettings {
  /** 2.3 and 2.4 differ in syntax. */
  readonly version: '2.3' | '2.4';
  readonly dir: string;
  readonly mailDirectory: string;
  /** Path of the passwd-file: `address:{PLAIN}password` a line. */
  readonly users: string;
  readonly ports: { readonly imap: number; readonly lmtp: number };
  readonly mailUser: string;
  readonly mailGroup: string;
  /** The ordinary user it runs as; undefined for root. */
  readonly ordinary: { readonly user: string; readonly group: string } | undefined;
}

/** dovecot.conf. Log in the file `log` of `dir`, sockets in `run`. */
export function dovecotConf(settings: DovecotSettings): string {
  const { dir, ports, mailUser, mailGroup, ordinary } = settings;
  const identity = ordinary === undefined ? '' : `
default_login_user = ${ordinary.user}
default_internal_user = ${ordinary.user}
default_internal_group = ${ordinary.group}`;
  // No chroot: only root may change its root directory, and on loopback nothing is gained by it.
  return `${settings.version === '2.3' ? storage23(settings) : storage24(settings)}
base_dir = ${dir}/run
state_dir = ${dir}/state
log_path = ${dir}/log
listen = 127.0.0.1
protocols = imap lmtp
ssl = no
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 1
first_valid_gid = 1
mail_uid = ${mailUser}
mail_gid = ${mailGroup}
mail_fsync = never${identity}

namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \\Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
  mailbox Trash {
    special_use = \\Trash
    auto = subscribe
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    port = ${ports.lmtp}
  }
}
service auth {
  unix_listener auth-client {
    mode = 0666
  }
}
service anvil {
  chroot =
  # Everybody comes from 127.0.0.1: one person's wrong password must not slow the others down.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
`;
}

function storage23({ users, mailDirectory }: DovecotSettings): string {
  return `disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {
  driver = passwd-file
  args = ${users}
}
userdb {
  driver = static
  args = home=${mailDirectory}/%d/%n
}`;
}

function storage24({ users, mailDirectory }: DovecotSettings): string {
  return `dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = ~/Maildir
passdb passwd-file {
  passwd_file_path = ${users}
}
userdb static {
  fields {
    home = ${mailDirectory}/%{user | domain}/%{user | username}
  }
}`;
}
