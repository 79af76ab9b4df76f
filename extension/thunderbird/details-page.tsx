import type { DetailsHost, Reported } from '../host.ts';
import { Details } from '../ui/details.tsx';
import { Shortcut } from '../ui/shortcut.tsx';
import type { Reason } from '../ui/reasons.ts';
import { browserApi } from './api.ts';
import { leave, shortcutHost, tabOfMail } from './about-mail.ts';
import { openTab } from './open-tab.ts';
import { mount } from './page.tsx';
import type { DetailsAnswer, Request } from './protocol.ts';
import { words } from './words.ts';

/** The mail that this page told of; what is done here is done to it, or not at all. */
let messageId = -1;

const host: DetailsHost = {
  async details() {
    const answer = await browserApi.runtime.sendMessage<Request, DetailsAnswer | undefined>({ kind: 'verdict', tabId: await tabOfMail() });
    messageId = answer?.messageId ?? -1;
    return answer;
  },
  async report(complaint) {
    return browserApi.runtime.sendMessage<Request, Reported>({ kind: 'report', tabId: await tabOfMail(), messageId, complaint });
  },
  async forward(parts) {
    const reason = await browserApi.runtime.sendMessage<Request, Reason | undefined>({ kind: 'forward', tabId: await tabOfMail(), messageId, ...(parts !== undefined && { parts }) });
    if (reason === undefined) leave();
    return reason;
  },
  saveCopy: async (as) => browserApi.runtime.sendMessage<Request, Reason | undefined>({ kind: 'copy', tabId: await tabOfMail(), messageId, as }),
  openEnrolment: () => {
    void openTab('enrolment.html').finally(leave);
  },
};

mount(words.text('details_title'), <Details host={host} words={words}><Shortcut host={shortcutHost} words={words} /></Details>);
