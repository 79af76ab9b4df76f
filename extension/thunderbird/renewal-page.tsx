import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { RenewalNotice } from '../ui/renewal-notice.tsx';
import { browserApi } from './api.ts';
import { openTab } from './open-tab.ts';
import { closePage, mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { createMember } from './storage.ts';
import { words } from './words.ts';

const query = new URLSearchParams(location.search);
const view = { address: query.get('address') ?? '', until: new Date(query.get('until') ?? ''), code: query.get('code') ?? '', now: new Date() };
const member = createMember();
/** Between two looks whether it was renewed meanwhile, milliseconds. */
const LOOK = 60_000;

const enrol = (): void => {
  void openTab('enrolment.html').finally(closePage);
};

/** What is mended needs no notice any more, wherever that was done. */
async function look(): Promise<void> {
  const identities = await member.identities.all();
  if (identities.some(({ address, certificate }) => address === view.address && parseCertificate(certificate).notAfter > view.until)) closePage();
}

browserApi.runtime.onMessage.addListener((message: unknown) => {
  if ((message as Request).kind === 'keys-changed') void look();
  return undefined; // answered by the background alone
});
setInterval(() => void look(), LOOK);

mount(words.text('renewal_title'), <RenewalNotice view={view} words={words} onEnrol={enrol} onClose={closePage} />);
