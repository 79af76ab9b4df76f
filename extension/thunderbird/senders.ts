/**
 * Who may ask the background for what. Its scripts in message and compose documents stand beside what others wrote: they may ask
 * about their own tab alone, for nothing that sends, opens a key, or reads another mail. Only the add-on's own pages may ask for the rest.
 */
import type { Runtime } from 'webextension-polyfill';
import { browserApi } from './api.ts';
import type { Request } from './protocol.ts';

const OF_SCRIPTS: ReadonlySet<Request['kind']> = new Set(['show', 'save', 'open', 'link', 'enrol', 'show-pictures', 'save-draft', 'seals-drafts'] as const);

export function mayAsk(request: Request, { id, url }: Runtime.MessageSender): boolean {
  if (id !== undefined && id !== browserApi.runtime.id) return false;
  if (url?.startsWith(browserApi.runtime.getURL('')) === true) return true;
  return OF_SCRIPTS.has(request.kind) && !('tabId' in request && request.tabId !== undefined);
}
