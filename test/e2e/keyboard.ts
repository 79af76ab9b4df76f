/** Somebody at a real Thunderbird who has a keyboard and nothing else. */
import type { Place } from '../../scripts/world/chrome-side.ts';
import type { Correspondent } from '../../scripts/world/correspondent.ts';
import { pages } from '../../scripts/world/desktop.ts';
import { until } from '../../scripts/world/wait.ts';

/** Of the program itself, where functions given to `run` stand. */
declare const Services: {
  readonly focus: { readonly focusedElement: (Element & { readonly currentURI?: { readonly spec: string } }) | null };
};

/** More than any round has. */
const MOST = 40;

export class Keyboard {
  readonly #person: Correspondent;
  readonly press: (...keys: readonly string[]) => Promise<void>;
  readonly paste: (text: string) => Promise<void>;

  constructor(person: Correspondent) {
    this.#person = person;
    this.press = (...keys) => person.desktop.keys(...keys);
    this.paste = (text) => person.desktop.paste(text);
  }

  /** What has the keyboard: an element and its document, or the frame of a page and that page's address. */
  async holder(): Promise<string> {
    return this.#thunderbird.marionette.run(() => {
      const element = Services.focus.focusedElement;
      return element === null ? '' : `${element.localName}#${element.id} ${element.currentURI?.spec ?? element.ownerDocument.documentURI}`;
    });
  }

  /** True while a key would go to this place. */
  async isAt(place: Place): Promise<boolean> {
    const focused = (await this.#thunderbird.find(place)).find((seen) => seen.focused);
    return focused !== undefined && (await this.holder()).endsWith(` ${focused.url}`);
  }

  /** Waits until a key would go to this place. */
  async comesTo(place: Place): Promise<void> {
    await until(() => this.isAt(place), { what: `the keyboard to come to ${place.selector}` });
  }

  /** Presses F6, which goes round the parts of a window, until the keyboard is in that part. */
  async goTo(part: string): Promise<void> {
    await this.#again('F6', async () => (await this.holder()).includes(part), `the keyboard to be in ${part}`);
  }

  /** Presses Tab until the keyboard is there. */
  async tabTo(place: Place, key: 'Tab' | 'shift+Tab' = 'Tab'): Promise<void> {
    await this.#again(key, () => this.isAt(place), `the keyboard to be at ${place.selector}`);
  }

  /** Waits until a window of the add-on has the keyboard and shows this, and gives what it says. */
  async hear(selector: string): Promise<string> {
    await until(async () => (await this.holder()).includes(pages.addon), { what: `the window with ${selector} to take the keyboard`, withinMs: 60_000 });
    await this.#thunderbird.see({ page: pages.addon, selector });
    return (await this.#thunderbird.see({ page: pages.addon, selector: 'main' })).text;
  }

  get #thunderbird() {
    return this.#person.desktop.thunderbird;
  }

  async #again(key: string, arrived: () => Promise<boolean>, what: string): Promise<void> {
    let left = MOST;
    await until(async () => {
      if (await arrived()) return true;
      if (left-- <= 0) return false;
      const before = await this.#focus();
      await this.press(key);
      // Pressed again before it has had its effect, it would lead past what is looked for. At the end of a round nothing moves.
      await until(async () => await this.#focus() !== before, { what, withinMs: 2_000 }).catch(() => undefined);
      return false;
    }, { what, withinMs: 120_000, everyMs: 50 });
  }

  /** Differs where something else has the keyboard. */
  async #focus(): Promise<string> {
    const inPages = await this.#thunderbird.find({ page: '', selector: ':focus' });
    return `${await this.holder()} ${inPages.map(({ x, y, width, height, url }) => [x, y, width, height, url].join()).join(' ')}`;
  }
}
