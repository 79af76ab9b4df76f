import type { SendingHost, SendingView } from '../host.ts';
import { Sending } from '../ui/sending.tsx';
import { browserApi } from './api.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const tabId = Number(new URLSearchParams(location.search).get('tab'));

const host: SendingHost = {
  sending: () => browserApi.runtime.sendMessage<Request, SendingView | undefined>({ kind: 'sending', tabId }),
  decide: (go) => void browserApi.runtime.sendMessage<Request>({ kind: 'decide', tabId, go }),
};

mount(words.text('sending_title'), <Sending host={host} words={words} />);
