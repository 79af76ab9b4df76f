import type { ComposingHost, ComposingView } from '../host.ts';
import { Composing } from '../ui/composing.tsx';
import { Shortcut } from '../ui/shortcut.tsx';
import { browserApi } from './api.ts';
import { goBack, leave, shortcutHost, tabOfMail } from './about-mail.ts';
import { openTab } from './open-tab.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const host: ComposingHost = {
  view: async () => browserApi.runtime.sendMessage<Request, ComposingView>({ kind: 'preview', tabId: await tabOfMail() }),
  choose: async (choice) => browserApi.runtime.sendMessage<Request, undefined>({ kind: 'choose', tabId: await tabOfMail(), choice }),
  saveDraft: () => void tabOfMail().then((id) => {
    void browserApi.runtime.sendMessage<Request>({ kind: 'save-draft', tabId: id });
    void goBack().catch(leave);
  }),
  split: () => void tabOfMail().then((id) => {
    void browserApi.runtime.sendMessage<Request>({ kind: 'split', tabId: id });
    leave();
  }),
  openEnrolment: () => {
    void openTab('enrolment.html').finally(leave);
  },
};

mount(words.text('composing_title'), <Composing host={host} words={words}><Shortcut host={shortcutHost} words={words} /></Composing>);
