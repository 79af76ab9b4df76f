import type { DetailsHost, DetailsView, Reported } from '../host.ts';
import { Details } from '../ui/details.tsx';
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
  openEnrolment: () => {
    openEnrolment();
    window.close();
  },
};

mount(words.text('details_title'), <Details host={host} words={words} />);
