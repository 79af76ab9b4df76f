/** Search over opened sealed mail: filled as mails are read, emptied as they are deleted, shown in a space of its own. */
import type { SealParts } from '../member/seal.ts';
import { searchChoice } from '../member/search-choice.ts';
import { SearchIndex } from '../member/search-index.ts';
import { textOfContent } from '../ui/html-text.ts';
import { browserApi, type MessageHeader, thunderbirdApi } from './api.ts';
import type { Shown } from './reading.ts';
import { words } from './words.ts';

const SPACE = 'ssmax_search';

export class Searching {
  readonly #member: SealParts;
  readonly #index: SearchIndex;
  /** One after the other: what is being added when search is switched off is forgotten too. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(member: SealParts) {
    this.#member = member;
    this.#index = new SearchIndex(member.ports.tables);
  }

  /** Shows or hides the space, as is chosen; forgets all where search is off. */
  async start(): Promise<void> {
    const { on } = await searchChoice(this.#member.ports);
    const spaces = await thunderbirdApi.spaces.query({ isSelfOwned: true, name: SPACE });
    if (on && spaces.length === 0) {
      await thunderbirdApi.spaces.create(SPACE, { url: browserApi.runtime.getURL('search.html') }, { title: words.text('search_title'), defaultIcons: 'icons/ssmax.svg' });
    }
    const [space] = spaces;
    if (!on && space !== undefined) await thunderbirdApi.spaces.remove(space.id);
    await this.#inTurn(async () => {
      if (!(await searchChoice(this.#member.ports)).on) await this.#index.erase();
    });
  }

  /** A mail was opened: of a verified one its text is kept, where that was chosen. */
  async read({ message, reading }: Shown): Promise<void> {
    const { content, judgement } = reading ?? {};
    if (content === undefined || judgement?.state !== 'verified' || judgement.contentDigest === undefined) return;
    if (reading?.draft !== undefined) return; // each time it is saved it is another mail
    const { sender, contentDigest } = judgement;
    const names = content.attachments.map(({ name }) => name).join('\n');
    const mail = {
      contentDigest, messageId: message.headerMessageId, subject: judgement.message?.headers.subject ?? message.subject, date: new Date(message.date).getTime(),
      from: sender === undefined ? message.author : words.text('name_and_address', { name: sender.displayName, address: sender.address }),
      text: [textOfContent(content), names].join('\n'),
    };
    await this.#inTurn(async () => {
      if (!(await searchChoice(this.#member.ports)).on) return;
      // It may have been deleted while it was judged: nobody would forget it any more.
      if (await thunderbirdApi.messages.get(message.id).then(() => true, () => false)) await this.#index.add(mail);
    });
  }

  /** Mails were deleted: forgotten once no folder has them any more, the trash included. */
  async deleted(messages: readonly MessageHeader[]): Promise<void> {
    if (!(await searchChoice(this.#member.ports)).on) return;
    for (const { headerMessageId } of messages) {
      const { messages: others } = await thunderbirdApi.messages.query({ headerMessageId });
      if (others.length === 0) await this.#inTurn(() => this.#index.remove(headerMessageId));
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
