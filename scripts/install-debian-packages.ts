/** Installs what the demo and the tests run (Postfix, Dovecot, clamd, PostgreSQL, Thunderbird …), where that is possible. */
import { installMissing } from './world/packages.ts';

installMissing();
