import type { NotSentHost, NotSentView } from '../host.ts';
import { NotSent } from '../ui/not-sent.tsx';
import { LISTS_PERMISSION } from './address-lists.ts';
import { browserApi } from './api.ts';
import { closePage, mount, openEnrolment } from './page.tsx';
import { words } from './words.ts';

const host: NotSentHost = {
  view: JSON.parse(decodeURIComponent(location.hash.slice(1))) as NotSentView,
  openEnrolment: () => {
    openEnrolment();
    closePage();
  },
  allowLists: () => browserApi.permissions.request(LISTS_PERMISSION as never),
  close: closePage,
};

mount(words.text('not_sent_title'), <NotSent host={host} words={words} />);
