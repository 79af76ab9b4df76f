/** Every window that a member meets in a real Thunderbird, in one language, for the gallery. Nothing is tested here but that they come. */
import type { Place } from '../../scripts/world/chrome-side.ts';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { until } from '../../scripts/world/wait.ts';
import { japaneseMail } from './japanese-mail.ts';
import { plainMail, type Post } from './mails.ts';
import { editor, inCompose, inPane, onPage } from './places.ts';
import { ADDON_ID, enrol, type PluginWorld } from './plugin-world.ts';

/** What is typed, and what is waited for. */
export interface Tour {
  /** A partner, a colleague, and somebody outside SSMAX. */
  readonly to: readonly [partner: string, colleague: string, outsider: string];
  readonly subject: string;
  /** Promises an attachment. */
  readonly body: string;
  /** On the button, once it knows what becomes of the recipients. */
  readonly label: string;
  /** Of a mail that can be opened, and a word in it. */
  readonly known: { readonly subject: string; readonly word: string };
}

const button = inCompose(`#${ADDON_ID.replace(/[^a-z0-9_-]/gi, '_')}-composeAction-toolbarbutton`);
const dialog = onPage('main.dialog');

export async function takeTour(person: Correspondent, tour: Tour, take: (name: string) => Promise<void>): Promise<void> {
  const { desktop } = person;
  const { thunderbird } = desktop;
  const gone = (place: Place): Promise<unknown> => until(async () => (await thunderbird.find(place)).length === 0, { what: `${place.selector} to go`, withinMs: 30_000 });
  const open = (page: string): Promise<void> => thunderbird.marionette.run((chrome, id, path) => chrome.openAddonPage(id, path), ADDON_ID, page);
  const [partner, colleague, outsider] = tour.to;

  await person.write({ to: [partner, colleague, outsider], subject: tour.subject, body: [tour.body] });
  await thunderbird.see({ ...button, text: tour.label }, 60_000);
  await take('thunderbird-compose');
  await desktop.click(button);
  await thunderbird.see(onPage('.popup .recipients li:nth-child(3)'), 30_000);
  await take('thunderbird-compose-popup');
  await person.closePopup();
  await person.discard();

  await open('options.html');
  await thunderbird.see(onPage('#delay'));
  await take('thunderbird-options');
  await desktop.choose(onPage('#delay'), '60', 'End');
  await person.closeTab();

  await person.write({ to: [partner], subject: tour.subject, body: [tour.body] });
  await person.pressSend();
  await thunderbird.see(onPage('.checks input'), 60_000);
  await take('thunderbird-risk');
  await desktop.click(onPage('.checks input'));
  await until(async () => (await thunderbird.find(onPage('#send')))[0]?.disabled === false, { what: 'the way to be open' });
  await desktop.click(onPage('#send'));
  await thunderbird.see(onPage('main.dialog [role="timer"]'), 30_000);
  await take('thunderbird-delay');
  await desktop.click(onPage('#back'));
  await gone(dialog);
  await desktop.activate(editor);
  await desktop.click(editor);
  await desktop.keys('ctrl+s');
  await until(async () => (await thunderbird.refresh('Drafts')) > 0, { what: 'the draft', withinMs: 60_000 });
  await take('thunderbird-draft-saved');
  await person.discard();
  await person.openFolder('drafts');
  await desktop.click({ page: pages.mailTab, selector: '#threadTree tr[is]', text: tour.subject });
  await thunderbird.see({ page: pages.message, frame: '#messagepane', selector: '.banner:not(.checking)' }, 30_000);
  await take('thunderbird-draft');

  await open('search.html');
  await desktop.click(onPage('#switch'));
  await thunderbird.see(onPage('#query'));
  await person.closeTab();
  await person.select(tour.known.subject);
  await person.reading(tour.known.word);
  await open('search.html');
  await desktop.fill(onPage('#query'), tour.known.word);
  await desktop.keys('Return');
  await thunderbird.see({ ...onPage('.hits li'), text: tour.known.subject }, 30_000);
  await take('thunderbird-search');
  await person.closeTab();
}

/** What reading.test.ts shows in Japanese, for a member who was not enrolled yet: a locked key, an invitation, an attached mail, tags. */
export async function takeReadingTour(plugin: PluginWorld, post: Post, person: Correspondent, mails: { readonly from: string; readonly to: string }, take: (name: string) => Promise<void>): Promise<void> {
  const { desktop } = person;
  const { thunderbird } = desktop;
  const passphrase = 'three hares under one moon';
  await enrol(plugin, person, mails.to, passphrase);
  await post.send(mails.from, { to: [{ address: mails.to, displayName: '' }], subject: 'Meeting', entity: japaneseMail(mails.from, mails.to, 'Meeting') });
  await person.select('Meeting');
  await thunderbird.see(inPane('.banner.cannot-check'), 60_000);
  await take('pane-locked');
  await desktop.click(inPane('.banner button'));
  await desktop.fill(onPage('#passphrase'), passphrase);
  await desktop.keys('Return');
  await thunderbird.see(inPane('.invitation'), 60_000);
  await take('pane-invitation');
  await desktop.click(inPane('.files li:nth-child(4) button.open'));
  await thunderbird.see({ ...onPage('.viewer'), text: 'original.eml' }, 30_000);
  await take('window-attached-mail');
  await desktop.closeWindow(onPage('.viewer'));

  await thunderbird.marionette.run((chrome) => chrome.setPref('extensions.webextOptionalPermissionPrompts', false));
  await thunderbird.marionette.run((chrome, id) => chrome.openAddonPage(id, 'options.html'), ADDON_ID);
  await desktop.click(onPage('#tags-on'));
  await thunderbird.see(onPage('#tags-off'), 30_000);
  await person.closeTab();
  const store = plugin.store(mails.to);
  await post.send(mails.from, { to: [{ address: mails.to, displayName: '' }], subject: 'Decisions', text: 'The decisions of today.' });
  await store.append(Buffer.from(plainMail(mails.from, mails.to, 'Urgent')));
  for (const [subject, state] of [['Decisions', 'verified'], ['Urgent', 'problem']] as const) {
    await person.select(subject);
    await thunderbird.see(inPane(`.banner.${state}`), 60_000);
    await until(async () => (await store.list()).at(state === 'problem' ? -1 : -2)?.flags.includes(`ssmax-${state}`) === true, { what: `the tag of ${subject}`, withinMs: 30_000, everyMs: 200 });
  }
  await take('list-tags');
}
