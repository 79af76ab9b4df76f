import type { AttachmentHost, AttachmentView } from '../host.ts';
import { Attachment } from '../ui/attachment.tsx';
import { browserApi } from './api.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const query = new URLSearchParams(location.search);
const number = (name: string): number => Number(query.get(name));

/** Starts a download and gives its number once the file is there. */
async function download({ name, bytes }: AttachmentView): Promise<number> {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  return browserApi.downloads.download({ url, filename: name, conflictAction: 'uniquify' });
}

const host: AttachmentHost = {
  async attachment() {
    const request: Request = { kind: 'attachment', tabId: number('tab'), messageId: number('message'), index: number('index') };
    return browserApi.runtime.sendMessage<Request, AttachmentView | undefined>(request);
  },
  save: async (view) => void (await download(view)),
  openOutside: async (view) => browserApi.downloads.open(await download(view)),
};

mount(words.text('banner_open'), <Attachment host={host} words={words} />);
