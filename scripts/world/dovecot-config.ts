/** The text of Dovecot 2.3's configuration file. */
import { markerVariable } from './owned.ts';

export interface DovecotSettings {
  readonly dir: string;
  readonly mailDirectory: string;
  /** Path of the passwd-file: `address:password` a line. */
  readonly users: string;
  readonly ports: { readonly imap: number; readonly lmtp: number };
  readonly mailUser: string;
  readonly mailGroup: string;
  /** The ordinary user it runs as; undefined for root. */
  readonly ordinary: { readonly user: string; readonly group: string } | undefined;
}

/** dovecot.conf. Log in the file `log` of `dir`, sockets in `run`. */
export function dovecotConf({ dir, mailDirectory, users, ports, mailUser, mailGroup, ordinary }: DovecotSettings): string {
  const identity = ordinary === undefined ? '' : `
default_login_user = ${ordinary.user}
default_internal_user = ${ordinary.user}
default_internal_group = ${ordinary.group}`;
  // Only root may change its root directory, and we need none of it on loopback.
  return `
base_dir = ${dir}/run
state_dir = ${dir}/state
log_path = ${dir}/log
import_environment = TZ ${markerVariable}
listen = 127.0.0.1
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
first_valid_uid = 1
first_valid_gid = 1
mail_uid = ${mailUser}
mail_gid = ${mailGroup}
mail_location = maildir:~/Maildir${identity}
mail_fsync = never

passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u ${users}
}
userdb {
  driver = static
  args = allow_all_users=yes home=${mailDirectory}/%d/%n
}
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
    address = 127.0.0.1
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
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
`.trimStart();
}
