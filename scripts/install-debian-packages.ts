/** Installs what the demo and the tests run (Postfix, Dovecot, clamd, PostgreSQL, Thunderbird …), where that is possible. */
import { installOrExplain } from './world/packages.ts';

process.exitCode = installOrExplain() ? 0 : 1;
