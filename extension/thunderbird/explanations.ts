/**
 * Windows that say why a mail was not sent. What they say is asked for by the page: an address (URL) would carry the subject to
 * where addresses are remembered.
 */
import type { NotSentView } from '../host.ts';
import { entryOfTable, type Reason } from '../ui/reasons.ts';
import { browserApi } from './api.ts';

/** Reasons that a page can put right. */
const REMEDIES: Readonly<Record<string, NotSentView['remedy']>> = {
  'key-locked': 'unlock', 'draft-waits': 'unlock', 'key-unprotected': 'enrol', 'backup-missing': 'enrol',
  'not-enrolled': 'enrol', 'not-configured': 'enrol', 'certificate-expired': 'enrol', 'certificate-revoked': 'enrol', 'key-mismatch': 'enrol',
  'lists-not-allowed': 'allow-lists',
};
/** More windows than anybody has open. */
const KEPT = 20;

const views = new Map<number, NotSentView>();
let last = 0;

/** Opens a window for it. `splits`: the compose window whose recipients outside can go in a mail of their own. */
export async function explain(subject: string, reason: Reason, failed: NotSentView['failed'] = 'sending', splits?: number): Promise<void> {
  const remedy = splits === undefined ? entryOfTable(REMEDIES, reason.code) : 'split';
  views.set(++last, { failed, subject, reason, ...(remedy !== undefined && { remedy }), ...(splits !== undefined && { tabId: splits }) });
  views.delete(last - KEPT);
  await browserApi.windows.create({ type: 'popup', url: `${browserApi.runtime.getURL('not-sent.html')}?number=${last}`, width: 560, height: 420 });
}

/** For the window's page; undefined once this program has started again. */
export function explanation(number: number): NotSentView | undefined {
  return views.get(number);
}
