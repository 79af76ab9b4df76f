import type { OutsidePicturesHost, OutsidePicturesView } from '../host.ts';
import { Pictures } from '../ui/pictures.tsx';
import { browserApi } from './api.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const query = new URLSearchParams(location.search);

const host: OutsidePicturesHost = {
  pictures: () => browserApi.runtime.sendMessage<Request, OutsidePicturesView | undefined>({ kind: 'pictures', tabId: Number(query.get('tab')), messageId: Number(query.get('message')) }),
};

mount(words.text('pictures_title'), <Pictures host={host} words={words} />);
