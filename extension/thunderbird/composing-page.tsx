import type { ComposingHost, ComposingView } from '../host.ts';
import { Composing } from '../ui/composing.tsx';
import { browserApi } from './api.ts';
import { mount, openEnrolment } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

async function tabId(): Promise<number> {
  const [tab] = await browserApi.tabs.query({ active: true, currentWindow: true });
  return tab?.id ?? -1;
}

const host: ComposingHost = {
  view: async () => browserApi.runtime.sendMessage<Request, ComposingView>({ kind: 'preview', tabId: await tabId() }),
  choose: async (choice) => browserApi.runtime.sendMessage<Request, undefined>({ kind: 'choose', tabId: await tabId(), choice }),
  saveDraft: () => void tabId().then((id) => {
    void browserApi.runtime.sendMessage<Request>({ kind: 'save-draft', tabId: id });
    window.close();
  }),
  split: () => void tabId().then((id) => {
    void browserApi.runtime.sendMessage<Request>({ kind: 'split', tabId: id });
    window.close();
  }),
  openEnrolment: () => {
    openEnrolment();
    window.close();
  },
};

mount(words.text('composing_title'), <Composing host={host} words={words} />);
