import type { SearchHost } from '../host.ts';
import { searchChoice } from '../member/search-choice.ts';
import { SearchIndex } from '../member/search-index.ts';
import { Search } from '../ui/search.tsx';
import { browserApi, thunderbirdApi } from './api.ts';
import { mount } from './page.tsx';
import type { Request } from './protocol.ts';
import { createMember } from './storage.ts';
import { words } from './words.ts';

const { ports } = createMember();
const index = new SearchIndex(ports.tables);

const host: SearchHost = {
  async search() {
    const choice = await searchChoice(ports);
    return { ...choice, count: choice.on ? await index.count() : 0 };
  },
  async switchSearch(on) {
    await ports.tables.preferences.put('search', { search: on });
    // The event page erases it, so that nothing that is being added comes after.
    await browserApi.runtime.sendMessage<Request>({ kind: 'search-switched' });
  },
  find: (query) => index.search(query),
  async open(messageId) {
    const { messages: [message] } = await thunderbirdApi.messages.query({ headerMessageId: messageId });
    if (message === undefined) await index.remove(messageId);
    else await thunderbirdApi.messageDisplay.open({ messageId: message.id, location: 'tab' });
    return message !== undefined;
  },
  erase: () => index.erase(),
};

mount(words.text('search_title'), <Search host={host} words={words} />);
