/** The policy in force: read again on SIGHUP and when the file changes. A bad file changes nothing, and is told loudly. */
import { statSync } from 'node:fs';
import type { Policy } from '../../flow/policy/rules.ts';
import type { Logger } from '../shared/log.ts';

export interface PolicyFile {
  readonly policy: Policy;
  /** Whether the file as it is now could not be taken over. */
  readonly rejected: boolean;
  reload(): void;
  stop(): void;
}

/** How often the file is looked at; milliseconds. */
const INTERVAL = 5000;

/** `read` throws what is wrong with the file: at first to the caller, later to the log. */
export function openPolicyFile(file: string, read: () => Policy, log: Logger): PolicyFile {
  let policy = read();
  let rejected = false;
  let seen = stamp(file);

  function reload(): void {
    seen = stamp(file);
    try {
      policy = read();
      rejected = false;
      log.info('policy-reloaded', { version: policy.version });
    } catch (error) {
      rejected = true;
      log.error('policy-not-reloaded', { version: policy.version, error });
    }
  }

  // Not fs.watch: editors replace files, and network file systems tell nothing.
  const timer = setInterval(() => {
    if (stamp(file) !== seen) reload();
  }, INTERVAL);
  timer.unref();
  return {
    get policy() {
      return policy;
    },
    get rejected() {
      return rejected;
    },
    reload,
    stop: () => { clearInterval(timer); },
  };
}

function stamp(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? 'gone' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}
