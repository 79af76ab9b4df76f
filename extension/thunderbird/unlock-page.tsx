import type { UnlockHost } from '../host.ts';
import { Unlock } from '../ui/unlock.tsx';
import { type Reason, reasonOf } from '../ui/reasons.ts';
import { browserApi } from './api.ts';
import { openTab } from './open-tab.ts';
import { closePage, mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const host: UnlockHost = {
  async unlock(passphrase): Promise<Reason | undefined> {
    const code = await browserApi.runtime.sendMessage<Request, string | undefined>({ kind: 'unlock', passphrase });
    return code === undefined ? undefined : reasonOf(words, code);
  },
  openEnrolment: () => void openTab('enrolment.html').finally(closePage),
  close: closePage,
};

mount(words.text('unlock_title'), <Unlock host={host} words={words} />);
