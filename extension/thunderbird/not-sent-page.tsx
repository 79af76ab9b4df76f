import type { NotSentHost, NotSentView } from '../host.ts';
import { NotSent, TITLES } from '../ui/not-sent.tsx';
import { browserApi } from './api.ts';
import { openTab } from './open-tab.ts';
import { closePage, mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const number = Number(new URLSearchParams(location.search).get('number'));

const view = await browserApi.runtime.sendMessage<Request, NotSentView | undefined>({ kind: 'not-sent', number });

const host: Omit<NotSentHost, 'view'> = {
  openEnrolment: () => {
    void openTab('enrolment.html').finally(closePage);
  },
  // Thunderbird asks for permissions in its main window only, not over a window such as this.
  openOptions: () => {
    void openTab('options.html');
    closePage();
  },
  split: () => {
    void browserApi.runtime.sendMessage<Request>({ kind: 'split', tabId: view?.tabId ?? -1 });
    closePage();
  },
  openUnlock: () => {
    void browserApi.runtime.sendMessage<Request>({ kind: 'enrol' });
    closePage();
  },
  close: closePage,
};

if (view === undefined) closePage();
else mount(words.text(TITLES[view.failed]), <NotSent host={{ ...host, view }} words={words} />);
