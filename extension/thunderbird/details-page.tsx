import type { DetailsHost, DetailsView, Reported } from '../host.ts';
import { Details } from '../ui/details.tsx';
import type { Reason } from '../ui/reasons.ts';
import { browserApi } from './api.ts';
import { mount, openEnrolment } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

async function shownTab(): Promise<number> {
  const [tab] = await browserApi.tabs.query({ active: true, currentWindow: true });
  return tab?.id ?? -1;
}

const host: DetailsHost = {
  async details() {
    return browserApi.runtime.sendMessage<Request, DetailsView | undefined>({ kind: 'verdict', tabId: await shownTab() });
  },
  async report(complaint) {
    return browserApi.runtime.sendMessage<Request, Reported>({ kind: 'report', tabId: await shownTab(), complaint });
  },
  async forward(parts) {
    const reason = await browserApi.runtime.sendMessage<Request, Reason | undefined>({ kind: 'forward', tabId: await shownTab(), ...(parts !== undefined && { parts }) });
    if (reason === undefined) window.close();
    return reason;
  },
  saveCopy: async (as) => browserApi.runtime.sendMessage<Request, Reason | undefined>({ kind: 'copy', tabId: await shownTab(), as }),
  openEnrolment: () => {
    openEnrolment();
    window.close();
  },
};

mount(words.text('details_title'), <Details host={host} words={words} />);
