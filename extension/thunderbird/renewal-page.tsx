import { RenewalNotice } from '../ui/renewal-notice.tsx';
import { closePage, mount, openEnrolment } from './page.tsx';
import { words } from './words.ts';

const query = new URLSearchParams(location.search);
const view = { address: query.get('address') ?? '', until: new Date(query.get('until') ?? ''), code: query.get('code') ?? '', now: new Date() };
const enrol = (): void => {
  openEnrolment();
  closePage();
};

mount(words.text('renewal_title'), <RenewalNotice view={view} words={words} onEnrol={enrol} onClose={closePage} />);
