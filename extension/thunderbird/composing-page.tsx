import type { ComposingHost } from '../host.ts';
import type { DraftPreview } from '../member/preview.ts';
import { Composing } from '../ui/composing.tsx';
import { browserApi } from './api.ts';
import { mount, openEnrolment } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const host: ComposingHost = {
  async preview() {
    const [tab] = await browserApi.tabs.query({ active: true, currentWindow: true });
    return browserApi.runtime.sendMessage<Request, DraftPreview>({ kind: 'preview', tabId: tab?.id ?? -1 });
  },
  openEnrolment: () => {
    openEnrolment();
    window.close();
  },
};

mount(words.text('composing_title'), <Composing host={host} words={words} />);
