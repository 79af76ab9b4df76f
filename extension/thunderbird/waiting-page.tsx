import type { WaitingHost, WaitingMail } from '../host.ts';
import type { Reason } from '../ui/reasons.ts';
import { Waiting } from '../ui/waiting.tsx';
import { browserApi } from './api.ts';
import { closePage, mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { words } from './words.ts';

const mails = await browserApi.runtime.sendMessage<Request, readonly WaitingMail[]>({ kind: 'waiting' });

const host: WaitingHost = {
  mails,
  again: (id) => browserApi.runtime.sendMessage<Request, Reason | undefined>({ kind: 'send-again', messageId: id }),
  close: closePage,
};

if (mails.length === 0) closePage();
else mount(words.text('waiting_title'), <Waiting host={host} words={words} />);
