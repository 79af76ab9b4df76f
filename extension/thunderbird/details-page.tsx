import type { DetailsHost, DetailsView, Reported } from '../host.ts';
import { Details } from '../ui/details.tsx';
import { Shortcut } from '../ui/shortcut.tsx';
import type { Reason } from '../ui/reasons.ts';
import { browserApi } from './api.ts';
import { leave, shortcutHost, tabOfMail } from './about-mail.ts';
import { openTab } from './open-tab.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const host: DetailsHost = {
  async details() {
    return browserApi.runtime.sendMessage<Request, DetailsView | undefined>({ kind: 'verdict', tabId: await tabOfMail() });
  },
  async report(complaint) {
    return browserApi.runtime.sendMessage<Request, Reported>({ kind: 'report', tabId: await tabOfMail(), complaint });
  },
  async forward(parts) {
    const reason = await browserApi.runtime.sendMessage<Request, Reason | undefined>({ kind: 'forward', tabId: await tabOfMail(), ...(parts !== undefined && { parts }) });
    if (reason === undefined) leave();
    return reason;
  },
  saveCopy: async (as) => browserApi.runtime.sendMessage<Request, Reason | undefined>({ kind: 'copy', tabId: await tabOfMail(), as }),
  openEnrolment: () => {
    void openTab('enrolment.html').finally(leave);
  },
};

mount(words.text('details_title'), <Details host={host} words={words}><Shortcut host={shortcutHost} words={words} /></Details>);
