import type { AttachmentHost, AttachmentView } from '../host.ts';
import { Attachment } from '../ui/attachment.tsx';
import { browserApi } from './api.ts';
import { saveFile } from './downloads.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const query = new URLSearchParams(location.search);
const number = (name: string): number => Number(query.get(name));

const host: AttachmentHost = {
  async attachment() {
    const request: Request = { kind: 'attachment', tabId: number('tab'), messageId: number('message'), index: number('index') };
    return browserApi.runtime.sendMessage<Request, AttachmentView | undefined>(request);
  },
  async save({ name, bytes }) {
    const id = await saveFile(name, bytes);
    return { open: async () => void (await browserApi.downloads.open(id)) };
  },
};

mount(words.text('banner_open'), <Attachment host={host} words={words} />);
