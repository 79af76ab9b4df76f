/** A link of an opened mail that was clicked. */
import { percentDecoded } from '../ui/percent.ts';
import { thunderbirdApi } from './api.ts';

/** In the browser, or as a new mail to that address with that subject; any other link does nothing. */
export async function openLink(url: string): Promise<void> {
  if (/^https?:\/\//i.test(url)) return thunderbirdApi.windows.openDefaultBrowser(url);
  if (!/^mailto:/i.test(url)) return;
  const [to = '', fields = ''] = url.slice('mailto:'.length).split('?');
  const subject = /(?:^|&)subject=([^&#]*)/i.exec(fields)?.[1];
  await thunderbirdApi.compose.beginNew({ to: [percentDecoded(to)], ...(subject !== undefined && { subject: percentDecoded(subject) }) });
}
