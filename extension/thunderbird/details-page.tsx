import type { DetailsHost, DetailsView } from '../host.ts';
import { Details } from '../ui/details.tsx';
import { browserApi } from './api.ts';
import { mount, openEnrolment } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const host: DetailsHost = {
  async details() {
    const [tab] = await browserApi.tabs.query({ active: true, currentWindow: true });
    const request: Request = { kind: 'verdict', tabId: tab?.id ?? -1 };
    return browserApi.runtime.sendMessage<Request, DetailsView | undefined>(request);
  },
  openEnrolment: () => {
    openEnrolment();
    window.close();
  },
};

mount(words.text('details_title'), <Details host={host} words={words} />);
