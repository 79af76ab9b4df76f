/** Tags in Thunderbird's list of messages, where the member or the organisation chose that. */
import type { Permissions } from 'webextension-polyfill';
import { digestOfMail, forgetVerdict, pruneVerdicts, rememberVerdict, rightTags, toLookInto, VERDICT_TAGS } from '../member/list-tags.ts';
import { loadSettings } from '../member/preferences.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import type { SealParts } from '../member/seal.ts';
import type { MessageKey } from '../ui/words.ts';
import { browserApi, type MessageHeader, thunderbirdApi } from './api.ts';
import { keepAlive } from './keep-alive.ts';
import { rawOf } from './raw-mail.ts';
import type { Shown } from './reading.ts';
import { words } from './words.ts';

/** Asked for when tags are switched on. The polyfill's types know the permissions of browsers only. */
export const TAGS_PERMISSION = { permissions: ['messagesTags', 'messagesUpdate'] } as unknown as Permissions.Permissions;

const TAGS: readonly { readonly key: string | undefined; readonly words: MessageKey; readonly color: string }[] = [
  { key: VERDICT_TAGS.verified, words: 'tag_verified', color: '#0B6E4F' }, { key: VERDICT_TAGS.problem, words: 'tag_problem', color: '#B3261E' },
];

const BEGUN = 'tags-begun';

export class ListTags {
  readonly #member: SealParts;

  constructor(member: SealParts) {
    this.#member = member;
  }

  /** Once until Thunderbird ends, however often the event page starts: whatever has a tag put on it from then on is looked at then. */
  async begin(): Promise<void> {
    const { session } = browserApi.storage;
    if (BEGUN in await session.get(BEGUN)) return;
    const release = keepAlive();
    try {
      await this.start();
      await session.set({ [BEGUN]: true });
    } finally {
      release();
    }
  }

  /** As is chosen: makes the tags and takes them off what was never judged here, or takes them away altogether. */
  async start(): Promise<void> {
    if (!await browserApi.permissions.contains(TAGS_PERMISSION)) return;
    const { tags } = thunderbirdApi.messages;
    if (await this.#on()) {
      for (const { key = '', words: name, color } of TAGS) {
        // Which tags there are is another permission: one that is not there cannot be changed.
        await tags.update(key, { tag: words.text(name), color }).catch(() => tags.create(key, words.text(name), color));
      }
      await pruneVerdicts(this.#member.ports.tables.judged);
      const all: MessageHeader[] = [];
      for await (const message of tagged()) all.push(message);
      const looked = await toLookInto(all);
      for (const message of all) await this.#right(message, looked.has(message));
    } else {
      for await (const message of tagged()) await thunderbirdApi.messages.update(message.id, { tags: message.tags.filter((tag) => TAGS.every(({ key }) => key !== tag)) });
      for (const { key = '' } of TAGS) await tags.delete(key).catch(() => undefined); // it was none
    }
  }

  /** A mail with these bytes was judged because somebody looks at it. */
  async judged({ message, reading }: Shown, raw: Bytes | undefined): Promise<void> {
    if (reading === undefined || raw === undefined || !await this.#active()) return;
    // Its tags may have changed since it was shown.
    const now = await thunderbirdApi.messages.get(message.id);
    await rememberVerdict(this.#member.ports.tables.judged, now, await digestOfMail(raw), reading.judgement.state, this.#member.ports.clock.now());
    await this.#right(now, false); // its bytes are those that were judged
  }

  /** Mails that came, or whose tags somebody changed. */
  async look(messages: readonly MessageHeader[]): Promise<void> {
    const suspects = messages.filter((message) => message.tags.some((tag) => TAGS.some(({ key }) => key === tag)));
    if (suspects.length === 0 || !await this.#active()) return;
    for (const message of suspects) await this.#right(message, true);
  }

  async deleted(messages: readonly MessageHeader[]): Promise<void> {
    for (const message of messages) await forgetVerdict(this.#member.ports.tables.judged, message);
  }

  async #right(message: MessageHeader, lookInto: boolean): Promise<void> {
    const digest = async (): Promise<string> => digestOfMail(await rawOf(message.id));
    const tags = await rightTags(this.#member.ports.tables.judged, message, lookInto ? digest : undefined);
    if (tags !== undefined) await thunderbirdApi.messages.update(message.id, { tags });
  }

  async #active(): Promise<boolean> {
    return await this.#on() && browserApi.permissions.contains(TAGS_PERMISSION);
  }

  async #on(): Promise<boolean> {
    return (await loadSettings(this.#member.ports)).listTags;
  }
}

/** Every mail with a tag of ours, in all folders. */
async function* tagged(): AsyncGenerator<MessageHeader> {
  for (const { key = '' } of TAGS) {
    let page = await thunderbirdApi.messages.query({ tags: { mode: 'any', tags: { [key]: true } } });
    for (;;) {
      yield* page.messages;
      if (page.id === null || page.id === undefined) break;
      page = await thunderbirdApi.messages.continueList(page.id);
    }
  }
}
