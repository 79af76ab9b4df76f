import type { AttachedMailHost, AttachedMailView } from '../host.ts';
import { AttachedMail } from '../ui/attached-mail.tsx';
import { browserApi } from './api.ts';
import { saveFile } from './downloads.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const query = new URLSearchParams(location.search);
const number = (name: string): number => Number(query.get(name));

const host: AttachedMailHost = {
  mail: () => browserApi.runtime.sendMessage<Request, AttachedMailView | undefined>({ kind: 'attached-mail', tabId: number('tab'), messageId: number('message'), index: number('index') }),
  save: async (name, bytes) => void (await saveFile(name, bytes)),
};

mount(words.text('attached_heading'), <AttachedMail host={host} words={words} />);
