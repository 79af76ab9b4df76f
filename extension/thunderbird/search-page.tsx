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
  search: async () => ({ ...await searchChoice(ports), count: await index.count() }),
  async switchSearch(on) {
    await ports.tables.preferences.put('search', { search: on });
    if (!on) await index.erase();
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
