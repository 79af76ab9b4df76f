/** The event page: joins Thunderbird's events to the stories. Every listener is added at once, so that each can wake it. */
import { isAttachedMail } from '../member/attached-mail.ts';
import { Planner } from '../member/plan.ts';
import { browserApi, type Sender, type Tab, thunderbirdApi } from './api.ts';
import { choices } from './choices.ts';
import { Composing } from './composing.ts';
import { saveFile } from './downloads.ts';
import { demandPassphrase, offerEnrolment, offerToAddress } from './demanding.ts';
import { doubtful } from './doubtful.ts';
import { Drafts } from './drafts.ts';
import { explanation } from './explanations.ts';
import { ListTags } from './list-tags.ts';
import { logFault } from './log.ts';
import { openLink } from './open-link.ts';
import { openTab } from './open-tab.ts';
import { Outbox } from './outbox.ts';
import { MailActions } from './mail-actions.ts';
import { MailWindows } from './mail-windows.ts';
import type { Request } from './protocol.ts';
import { ReadingDesk } from './reading.ts';
import { redirects } from './redirects.ts';
import { renew } from './renewing.ts';
import { Replying } from './reply.ts';
import { Searching } from './searching.ts';
import { mayAsk } from './senders.ts';
import { Sending } from './sending.ts';
import { split } from './splitting.ts';
import { createMember } from './storage.ts';
import { Unlocking } from './unlocking.ts';

const { commands, compose, identities, messageDisplay, messages, scripting } = thunderbirdApi;
const member = createMember();
const searching = new Searching(member);
const listTags = new ListTags(member);
const desk = new ReadingDesk(member, (shown, raw) => {
  attempt(searching.read(shown));
  attempt(listTags.judged(shown, raw));
});
/** What waited for a key goes on. */
const unlocking = new Unlocking(member, () => {
  attempt(desk.again());
  attempt(renew(member, unlocking));
  attempt(drafts.unlocked());
});
const planner = new Planner(member);
const replying = new Replying(member, desk, planner);
const composing = new Composing(member, planner);
const mailWindows = new MailWindows();
const mailActions = new MailActions(member, desk);
const drafts = new Drafts(member, (tabId, text) => composing.say(tabId, text), replying, () => unlocking.demand());
const outbox = new Outbox(member, replying);
const sending = new Sending(member, planner, { filled: (tabId) => replying.filled(tabId), sent: (tabId) => drafts.sent(tabId), unlocked: () => unlocking.demand() });

/** Events have nobody who waits for an answer: what goes wrong is at least said. */
function attempt(work: Promise<unknown>): void {
  work.catch(logFault);
}

compose.onBeforeSend.addListener((tab, details) => sending.beforeSend(tab, details));
compose.onAfterSave.addListener((tab, info) => attempt(drafts.saved(tab, info)));
compose.onAfterSend.addListener((tab, info) => attempt(sending.afterSend(tab, info)));
messageDisplay.onMessagesDisplayed.addListener((tab, displayed) => {
  attempt(mailWindows.displayed(tab.id ?? -1));
  attempt(desk.displayed(tab, displayed));
});
commands.onCommand.addListener((_, tab) => attempt(mailWindows.open(tab)));
messages.onDeleted.addListener(({ messages: deleted }) => {
  attempt(searching.deleted(deleted));
  attempt(listTags.deleted(deleted));
});
messages.onUpdated.addListener((message, { tags }) => {
  if (tags !== undefined) attempt(listTags.look([message]));
});
messages.onNewMailReceived.addListener((_, { messages: received }) => attempt(listTags.look(received)));
browserApi.tabs.onCreated.addListener((tab) => {
  composing.opened(tab);
  attempt(replying.opened(tab));
  attempt(drafts.opened(tab));
});
identities.onCreated.addListener((_, { email }) => attempt(offerToAddress(member, email)));
identities.onUpdated.addListener((_, { email }) => attempt(offerToAddress(member, email))); // some are made first and get their address then
browserApi.windows.onRemoved.addListener((windowId) => {
  attempt(sending.dialog.windowClosed(windowId));
  attempt(unlocking.closed(windowId));
});
browserApi.tabs.onRemoved.addListener((tabId) => {
  composing.closed(tabId);
  attempt(mailWindows.closed(tabId));
  attempt(doubtful.forget(tabId));
  attempt(redirects.forget(tabId));
  sending.closed(tabId);
  attempt(desk.closed(tabId));
});

browserApi.runtime.onMessage.addListener(async (message: unknown, sender: Sender): Promise<unknown> => {
  const request = message as Request;
  if (!mayAsk(request, sender)) throw new Error('asked by somebody who may not');
  return answer(request, sender.tab?.id ?? -1, sender.documentId);
});

/** Requests of the message pane are about the mail whose document it is in. */
async function answer(request: Request, tabId: number, documentId: string | undefined): Promise<unknown> {
  switch (request.kind) {
    case 'show': return desk.pane(tabId, documentId);
    case 'save': return save(tabId, documentId, request.index);
    case 'open': return openAttachment(tabId, documentId, request.index);
    case 'link': return openLink(request.url);
    case 'enrol': return openRemedy();
    case 'show-pictures': return openPictures(tabId, documentId);
    case 'pictures': return desk.pictures(request.tabId, request.messageId);
    case 'unlock': return unlocking.unlock(request.passphrase);
    case 'keys-changed':
      await searching.start(); // no index goes with a key under a passphrase
      return desk.again();
    case 'search-switched': return searching.start();
    case 'tags-switched': return listTags.start();
    case 'preview': return composing.view(request.tabId);
    case 'choose': return choices.choose(request.tabId, request.choice);
    case 'sending': return sending.dialog.view(request.tabId);
    case 'save-draft': return drafts.save(request.tabId ?? tabId);
    case 'split': return split(member, request.tabId, replying);
    case 'waiting': return outbox.waiting();
    case 'send-again': return outbox.again(request.messageId);
    case 'seals-drafts': return drafts.wanted(tabId);
    case 'not-sent': return explanation(request.number);
    case 'decide': return sending.dialog.decide(request.tabId, request.go);
    case 'verdict': return desk.details(request.tabId);
    case 'forward': return mailActions.forward(request.tabId, request.messageId, request.parts);
    case 'copy': return mailActions.copy(request.tabId, request.messageId, request.as);
    case 'report': return mailActions.report(request.tabId, request.messageId, request.complaint);
    case 'attached-mail': return desk.attachedMail(request.tabId, request.messageId, request.index);
    case 'attachment': return desk.attachment(request.tabId, request.messageId, request.index);
  }
}

async function save(tabId: number, documentId: string | undefined, index: number): Promise<boolean> {
  const shown = await desk.shownIn(tabId, documentId);
  const file = shown === undefined ? undefined : await desk.attachment(tabId, shown.message.id, index);
  if (file?.copies !== true) return false;
  return saveFile(file.name, file.bytes).then(() => true, () => false);
}

async function openAttachment(tabId: number, documentId: string | undefined, index: number): Promise<boolean> {
  const shown = await desk.shownIn(tabId, documentId);
  const file = shown?.reading?.files[index];
  if (shown === undefined || file === undefined) return false;
  const page = isAttachedMail(file) ? 'attached-mail.html' : 'attachment.html';
  const query = new URLSearchParams({ tab: String(tabId), message: String(shown.message.id), index: String(index) });
  await browserApi.windows.create({ type: 'popup', url: `${browserApi.runtime.getURL(page)}?${query.toString()}`, width: 900, height: 700 });
  return true;
}

async function openPictures(tabId: number, documentId: string | undefined): Promise<void> {
  const shown = await desk.shownIn(tabId, documentId);
  if (shown === undefined) return;
  const query = new URLSearchParams({ tab: String(tabId), message: String(shown.message.id) });
  await browserApi.windows.create({ type: 'popup', url: `${browserApi.runtime.getURL('pictures.html')}?${query.toString()}`, width: 900, height: 700 });
}

/** For a mail that cannot be opened: the passphrase of a key that is here, else enrolment. */
async function openRemedy(): Promise<void> {
  if (await member.identities.waiting()) await unlocking.ask();
  else await openTab('enrolment.html');
}

async function start(): Promise<void> {
  if ((await scripting.compose.getRegisteredScripts()).length === 0) {
    await scripting.compose.registerScripts([{ id: 'compose-script', js: ['compose-script.js'], runAt: 'document_start' }]);
    await intoOpenWindows();
  }
  if ((await scripting.messageDisplay.getRegisteredScripts()).length > 0) return;
  await scripting.messageDisplay.registerScripts([{ id: 'message-pane', js: ['message-pane.js'], css: ['message-pane.css'], runAt: 'document_start' }]);
  await intoShownMails();
}

/** The same of compose windows that are open already; what was remembered of them may be gone. */
async function intoOpenWindows(): Promise<void> {
  for (const { id, type } of (await browserApi.tabs.query({})) as readonly Tab[]) {
    if (id === undefined || type !== 'messageCompose') continue;
    attempt(replying.found(id));
    await browserApi.scripting.executeScript({ target: { tabId: id }, files: ['compose-script.js'] }).catch(() => undefined); // it was closed
  }
}

/** What is registered goes into mails that are opened from then on; those that are on the screen already get it here. Where it is already, it cannot run twice: its constants are there. */
async function intoShownMails(): Promise<void> {
  for (const { id, type } of (await browserApi.tabs.query({})) as readonly Tab[]) {
    if (id === undefined || (type !== 'mail' && type !== 'messageDisplay')) continue;
    await browserApi.scripting.insertCSS({ target: { tabId: id }, files: ['message-pane.css'] }).catch(() => undefined); // it shows no mail, or several
    await browserApi.scripting.executeScript({ target: { tabId: id }, files: ['message-pane.js'] }).catch(() => undefined);
  }
}

browserApi.runtime.onInstalled.addListener(({ reason }) => {
  if (reason !== 'install') return;
  attempt(member.identities.all().then((identities) => (identities.length === 0 ? openTab('enrolment.html') : undefined)));
});
/**
 * Whoever listens has a new version wait for Thunderbird's next start. Put in place at once, nothing would seal what is sent meanwhile, and
 * what is remembered of open windows would be lost.
 */
browserApi.runtime.onUpdateAvailable.addListener(() => undefined);
browserApi.runtime.onStartup.addListener(() => attempt(offerEnrolment(member)));
attempt(start());
attempt(renew(member, unlocking));
attempt(demandPassphrase(member));
attempt(outbox.look());
attempt(composing.start());
attempt(searching.start());
attempt(listTags.begin());
