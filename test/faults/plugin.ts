/** Checks on the plugin's side, beyond those that it shares with the servers. */
import { type Fault, of } from './fault.ts';

const SENDER = 'test/security/claimed-sender.test.ts';

export const plugin: readonly Fault[] = [
  ...of('src/mail/address.ts', SENDER, [
    ['claimed sender: comments', '...texts.map(withoutComments)', '', 'claims the domain'],
    ['claimed sender: quotes and brackets', `.replace(/["\\\\[\\]]/g, '')`, '', 'claims the domain'],
    ['claimed sender: spaces around dots', ".replace(/ ?([.@]) ?/g, '$1')", '', 'claims the domain'],
    ['claimed sender: invisible letters', ".replace(/\\p{Cf}/gu, '')", '', 'claims the domain'],
  ]),
  ...of('src/mail/delivery-report.ts', SENDER, [
    ['claimed sender: reports too', '.flatMap(asReadersMight)', '', 'reports for a mail server'],
  ]),
  ...of('extension/member/plan.ts', 'test/extension/sending.test.ts', [
    ['sending: a subject that another hid', "hideSubject || answersHidden : chosen", 'hideSubject : chosen', 'though the organisation says that subjects are shown'],
  ]),
  ...of('extension/member/backup.ts', 'test/extension/member.test.ts', [
    ['backup: takes no passphrase back', "if (known !== undefined && 'wrapped' in known.pair) {", 'if (known === undefined) {', 'by an old backup'],
  ]),
  ...of('src/mail/scan.ts', 'test/mail/hostile.test.ts', [
    ['scan: words that do not tell', 'if (++misses > MISSES) return undefined;', '', 'searched in few steps'],
  ]),
  ...of('src/mail/delivery-report.ts', 'test/mail/delivery-report.test.ts', [
    ['delivery report: no person’s name', '/^(?:|mail delivery', '/^(?:.*|mail delivery', 'does not'],
    ['delivery report: says what became of a mail', ' && mail.children.some(isStatus)', '', 'says what became of a mail'],
  ]),
  ...of('src/server/gateway/stages.ts', SENDER, [
    ['stages: members as readers see them', 'values.flatMap(asReadersMight).join', 'values.join', 'is the member of a group'],
    ['stages: an exception is for its own members', '  if (claimedDomains([others])', '  if (others === text && claimedDomains([text])', 'excuses nobody beside him'],
  ]),
  ...of('extension/thunderbird/mail-documents.ts', 'test/extension/mail-documents.test.ts', [
    ['pane: a document keeps its mail', ' || bound.messageId === messageId', ' || bound.messageId >= 0', 'of its own mail'],
    ['pane: a document keeps its mail when the event page starts again', 'if (kept !== undefined && !this.#bound.has(tabId)) this.#bound.set(tabId, kept);', '', 'the event page was ended meanwhile'],
    ['pane: the selection moves before the document', "(await messageIn(tabId))?.id !== message.id || ", '', 'while the selection moves'],
  ]),
  ...of('extension/thunderbird/mail-actions.ts', 'test/extension/mail-actions.test.ts', [
    ['actions: with the mail that was told of', 'if (shown?.message.id !== messageId) throw', 'if (shown === undefined) throw', 'does nothing where the tab shows'],
  ]),
  ...of('extension/ui/safe-html.ts', 'test/extension/safe-html.test.ts', [
    ['safe HTML: backwards', '^(?:margin|letter-spacing)', '^margin', 'stays in its place'],
    ['safe HTML: what a link says of itself', "if (node.tagName !== 'A' && node.closest('a') !== null) node.removeAttribute('title');", '', 'a link says where it leads'],
  ]),
  ...of('extension/thunderbird/addressees.ts', 'test/extension/addressees.test.ts', [
    ['reply: an outer Reply-To', 'const toAll = !misled && ', 'const toAll = ', 'does not make a reply to all'],
    ['written anew: to whom it was sealed', "details.type === 'forward') return {};", "details.type !== 'reply') return {};", 'the own mail written anew'],
  ]),
  ...of('extension/thunderbird/sending.ts', 'test/extension/sending.test.ts', [
    ['sending: what is left sealed is ours', 'cms !== undefined && await this.#member.sealed.isUnsent(cms)', 'cms !== undefined', 'nothing in clear beside it'],
    ['sending: the draft of a mail that went', 'await this.#onSent(tabId); //', '//', 'removes the draft of a mail that went'],
    ['sending: waits for what is written', 'await this.#filled(tabId) ? ', 'false ? ', 'waits until what is still being filled'],
  ]),
  ...of('extension/thunderbird/sending.ts', 'test/extension/sending-asked.test.ts', [
    ['sending: what is ours no more stays', "if (result.kind === 'not-ours') throw refused('not-enrolled', { address: readMailbox(draft.from).address });", "if (result.kind === 'not-ours') return undefined;", 'what was ours when the question came'],
    ['sending: a hidden subject comes out unasked', 'answersHidden && plan.hideSubject && !hidesSubject(draft)', 'false', 'a subject that another hid comes out'],
  ]),
  ...of('extension/thunderbird/sending.ts', 'test/extension/opened-content.test.ts', [
    ['sending: a redirect says whose text it is', "if (current.type === 'redirect') await requireLooked(tabId);", '', 'once its sender is changed'],
    ['sending: opened content stays inside', "if (address !== undefined) throw refused('opened-content-outside'", "if (address === '') throw refused('opened-content-outside'", 'a window with what was opened'],
  ]),
  ...of('extension/thunderbird/reply.ts', 'test/extension/opened-content.test.ts', [
    ['reply: a window found open holds what was opened', 'if (!signed && mode', 'if (signed && mode', 'was open before the add-on'],
    ['reply: only the last who fills a window is waited for', 'allSettled([this.#filling.get(tabId), filling])', 'allSettled([filling])', 'is waited for until both'],
    ['reply: a window found open hides what was hidden', 'if (unknown || message?.headers.outerSubject !== undefined) await', 'if (unknown) await', 'still hides the subject'],
    ['reply: opened by an account that can seal', 'if (first === undefined) return;', '', 'is left empty'],
    ['reply: what is opened is marked', 'await openedContent.mark(tabId, readMailbox(addressesOf(details).from).address);\n      return details;', 'return details;', 'after its sender was changed'],
  ]),
  ...of('extension/thunderbird/drafts.ts', 'test/extension/drafts.test.ts', [
    ['drafts: sealed though the answered mail is gone', 'messages.get(relatedMessageId).catch(() => undefined))?.', 'messages.get(relatedMessageId)).', 'was deleted meanwhile'],
    ['drafts: opened content is sealed by any account', 'return openedContent.of(tabId); //', 'return undefined; //', 'whatever account it is written in'],
  ]),
  ...of('extension/thunderbird/drafts.ts', 'test/extension/drafts.test.ts', [
    ['drafts: settings that cannot be followed are told', 'if (await this.#sealer(tabId, given) === undefined) return;', 'if (await this.#sealer(tabId, given).catch(() => undefined) === undefined) return;', 'settings cannot be followed'],
  ]),
  ...of('extension/thunderbird/reply.ts', 'test/extension/reply.test.ts', [
    ['reply: a window that could not be opened leaves no mark', 'window.catch(() => this.#left.delete(messageId));', 'window.catch(() => undefined);', 'could not be opened'],
  ]),
  ...of('extension/thunderbird/splitting.ts', 'test/extension/outside.test.ts', [
    ['split: asks about both', 'if (doubt !== undefined) await', 'if (doubt === undefined) await', 'asks about each of the two'],
    ['split: a subject that another hid', 'await choices.choose(window, hiding);', '', 'that another hid, in the mail of its own too'],
  ]),
  ...of('extension/thunderbird/searching.ts', 'test/extension/searching.test.ts', [
    ['search: nothing of what was deleted meanwhile', 'if (await thunderbirdApi.messages.get(message.id).then(() => true, () => false)) await', 'await', 'while it is judged is not kept'],
    ['search: forgets in turn', 'await this.#inTurn(() => this.#index.remove(headerMessageId))', 'await this.#index.remove(headerMessageId)', 'while it is being kept is forgotten'],
  ]),
  ...of('extension/thunderbird/compose.ts', 'test/extension/sending.test.ts', [
    ['sending: no text beside a seal', " || letters(details.plainTextBody ?? '') !== letters(CARRIER_NOTICE.join(''))", '', 'nothing in clear beside it'],
    ['sending: no file beside a seal', ' || others.length > 0', '', 'nothing in clear beside it'],
  ]),
  ...of('extension/member/enrol.ts', 'test/extension/key-lock.test.ts', [
    ['key lock: not kept without a passphrase', 'if (!lock && !(await lockPolicy(ports)).required) await identities.add(identity);', 'await identities.add(identity); if (key === undefined) return;', 'no key is kept without one'],
    ['key lock: not kept while it waits', 'if (!unstored) await tables.pending', 'await tables.pending', 'no key is kept without one'],
  ]),
  ...of('extension/member/report.ts', 'test/extension/managed-choices.test.ts', [
    ['reports: the member is named against the organisation', 'named === undefined ? complaint', 'named !== true ? complaint', 'a report names its reporter'],
  ]),
  ...of('src/wire/managed-settings.ts', 'test/extension/managed-settings.test.ts', [
    ['managed settings: no unknown name', 'z.strictObject(SETTINGS)', 'z.object(SETTINGS)', 'with a name that is none'],
    ['managed settings: whom to ask, whatever else is wrong', 'z.object({ contact: SETTINGS.contact })', 'schema', 'even where another setting is at fault'],
  ]),
  ...of('extension/thunderbird/managed.ts', 'test/extension/managed-settings.test.ts', [
    ['managed settings: not to be had is not none', 'if (/\\bnot found\\b/i.test(String(error))) return', 'return', 'not the same as none'],
  ]),
  ...of('extension/thunderbird/senders.ts', 'test/extension/senders.test.ts', [
    ['background: pages ask for what pages may', 'return OF_SCRIPTS.has(request.kind) &&', 'return', 'by the own pages only'],
    ['background: scripts ask about their own tab', " && !('tabId' in request && request.tabId !== undefined)", '', 'by the own pages only'],
    ['background: nobody else asks', 'if (id !== undefined && id !== browserApi.runtime.id) return false;', '', 'what is about their own tab'],
  ]),
  ...of('extension/ui/safe-html.ts', 'test/extension/safe-html.test.ts', [
    ['pictures are fetched from outside unasked', '  if (!outside) return;', '', 'fetches pictures from servers only when it is told to'],
    ['text beside HTML is HTML', '>${escaped(beside)}<', '>${beside}<', 'which no part of the HTML takes in'],
    ['a mail brings styles for our pages', "ALLOW_DATA_ATTR: false", 'ALLOW_DATA_ATTR: true', 'keeps styles aside for pages'],
  ]),
  ...of('extension/thunderbird/pane-view.ts', 'test/extension/pane-view.test.ts', [
    ['pictures are offered where the organisation forbids them', 'servers.length > 0 && { pictures: picturesAllowed', 'servers.length > 0 && { pictures: true', 'cannot be asked for where the organisation forbids them'],
  ]),
  ...of('extension/member/reading-content.ts', 'test/extension/pane-view.test.ts', [
    ['a text of any length is made safe to show', 'html.length <= LONGEST_HTML', 'true', 'lies among the files with its pictures'],
  ]),
  ...of('extension/ui/html-text.ts', 'test/extension/html-text.test.ts', [
    ['a quotation of what is never shown', 'unseen.remove();', 'void unseen;', 'is in no text'],
    ['an answer quotes what nobody saw', 'letters(text) === letters(seen)', "text !== ''", 'only where it says the same'],
  ]),
  ...of('src/mail/content.ts', 'test/mail/content.test.ts', [
    ['text beside HTML is not shown', "type !== 'text/html' && !alternative", 'false', 'is shown too'],
  ]),
  ...of('extension/member/list-tags.ts', 'test/extension/list-tags.test.ts', [
    ['a tag that anybody set stays', 'mail.tags.filter((tag) => !own.includes(tag))', 'mail.tags', 'a tag stands on what was judged here'],
    ['a tag goes by the list alone', 'digest === undefined || await digest() === judged.digest', 'true', 'says something else has no tag'],
    ['a tag goes by the Message-ID alone', '[headerMessageId, author, subject, String(new Date(date).getTime()), String(size)]', '[headerMessageId]', 'a tag stands on what was judged here'],
  ]),
  ...of('extension/thunderbird/compose-script.ts', 'test/extension/compose-script.test.ts', [
    ['drafts: Latin letters only', ": event.code === 'KeyS' ? 's' : ''", ": ''", 'takes'],
  ]),
  ...of('extension/thunderbird/open-link.ts', 'test/extension/open-link.test.ts', [
    ['links: what they may open', 'if (!/^mailto:/i.test(url)) return;', '', 'does nothing for'],
  ]),
  ...of('extension/thunderbird/message-pane-links.ts', 'test/extension/message-pane-links.test.ts', [
    ['links: where they lead', '    link.append(mark);', '', 'say where they lead if their words do not'],
    ['links: where they lead, out of sight', 'if (!isInSight(mark, box))', 'if (false)', 'are followed only while'],
    ['links: Thunderbird opens them too', "    link.removeAttribute('href');\n", '', 'are none that Thunderbird knows of'],
    ['links: where they lead, covered', 'else if (isUncovered(mark, box)) return true;', 'else return true;', 'nothing else that says so lies over it'],
    ['links: one in front', "other.classList.remove(ABOVE)", 'void other', 'by the first click'],
    ['links: an address with something in front', 'link.replaceChildren(mark);', 'link.append(mark);', 'hide nothing in front'],
    ['links: an address turned around', '[^\\s\\p{C}]*$', '\\S*$', 'moc.knab'],
  ]),
  ...of('extension/thunderbird/message-pane-guard.ts', 'test/extension/message-pane.test.ts', [
    ['pane: popovers of a mail', 'if (event.target !== null && !ours.has(event.target)) event.preventDefault();', '', 'opens no popover'],
    ['pane: a film over the line', 'void document.exitFullscreen();', '{ /* stays */ }', 'does not stay over the line'],
    ['pane: a shadow tree of the mail', 'one.openOrClosedShadowRoot !== null', 'false', 'does nothing in a shadow tree'],
    ['pane: what is lent to a shadow tree', 'one = one.parentElement', 'one = null', 'lent to it'],
    ['pane: links that no list finds', 'if (!leading || ', 'if (', 'follows nothing by a click'],
  ]),
  ...of('extension/thunderbird/message-pane.ts', 'test/extension/message-pane.test.ts', [
    ['pane: what the root element does', "document.documentElement.style.setProperty(name, value, 'important');", '', 'is neither shrunk, hidden nor recoloured'],
    ['pane: the line of the add-on before', 'if (one.openOrClosedShadowRoot !== null) one.remove();', '{ /* stays */ void one; }', 'switched off and on again'],
    ['pane: the line of the mail before', 'line?.remove(); // what', '// what', 'does not keep the line'],
  ]),
  ...of('extension/ui/words.ts', 'test/extension/shown-names.test.ts', [
    ['sentences: names as they were written', 'shownText(String(values[name]))', 'String(values[name])', 'cannot steer the verdict'],
  ]),
  ...of('src/mail/shown-text.ts', 'test/mail/shown-text.test.ts', [
    ['names: an address for a name', "/[@<>]/.test(name.normalize('NFKC'))", 'false', 'could pass for the address'],
    ['names: from right to left', 'return RIGHT_TO_LEFT.test(text) ?', 'return false ?', 'keeps to itself'],
  ]),
  ...of('extension/member/lock-demand.ts', 'test/extension/lock-demand.test.ts', [
    ['a demanded passphrase is not asked of keys that are there', "!('wrapped' in pair)", 'false', 'a policy that comes later than a key'],
  ]),
  ...of('extension/member/attached-mail.ts', 'test/extension/attached-mail.test.ts', [
    ['an attached mail with a seal is shown without its verdict', "return findCarrier(outer).kind === 'carrier';", 'return false;', 'an attached mail has its own verdict'],
  ]),
  ...of('extension/member/read.ts', 'test/extension/member.test.ts', [
    ['reader: another date outside', '...(other && { otherDate: at })', '', 'notes a second delivery across restarts'],
  ]),
  ...of('extension/member/trust-source.ts', 'test/extension/managed-settings.test.ts', [
    ['trust: of this root', '${hex(configuration.root)}', '', 'is set up only if'],
  ]),
  ...of('extension/member/configuration.ts', 'test/extension/managed-settings.test.ts', [
    ['set-up: nothing stays that failed', "if (before === undefined) await tables.settings.remove('organisation');", 'if (before === undefined) await Promise.resolve();', 'is set up only if'],
  ]),
  ...of('extension/member/seal.ts', 'test/extension/sending.test.ts', [
    ['storage: no hidden subject', 'subject: hidesSubject(draft) ? HIDDEN_SUBJECT : draft.subject, sealedAt', 'subject: draft.subject, sealedAt', 'hides the subject where all is hidden'],
  ]),
];
