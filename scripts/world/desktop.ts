/**
 * Somebody at the screen: acts on a real Thunderbird by keyboard and mouse events only (xdotool), after having looked
 * where things are.
 */
import { SsmaxError } from '../../src/core/error.ts';
import type { Place, Seen } from './chrome-side.ts';
import type { Display } from './display.ts';
import type { Thunderbird } from './thunderbird.ts';
import { until } from './wait.ts';

/** Thunderbird's documents, as `Place.page` wants them. */
export const pages = {
  main: 'chrome://messenger/content/messenger.xhtml',
  mailTab: 'about:3pane',
  message: 'about:message',
  messageWindow: 'chrome://messenger/content/messageWindow.xhtml',
  compose: 'chrome://messenger/content/messengercompose/messengercompose.xhtml',
  dialog: 'chrome://global/content/commonDialog.xhtml',
  addon: 'moz-extension://',
} as const;

/** A question or an alert of Thunderbird. */
export interface Dialog {
  readonly title: string;
  readonly text: string;
}

/** The wheel turns about this many pixels per click. */
const wheelStep = 90;
/** After so many milliseconds without an effect somebody tries again. */
const PATIENCE = 10_000;

export class Desktop {
  constructor(
    readonly display: Display,
    readonly thunderbird: Thunderbird,
  ) {}

  /** Presses keys one after the other, in the window that has the focus; in xdotool's names (`ctrl+Return`). */
  async keys(...keys: readonly string[]): Promise<void> {
    await this.display.command('xdotool', ['key', '--clearmodifiers', '--delay', '20', ...keys]);
  }

  /** Brings a window to the front and gives it the focus, as a click in a task bar would. */
  async activate(place: Place): Promise<void> {
    await until(
      async () => {
        const [seen] = await this.thunderbird.find(place);
        if (seen === undefined) return false;
        if (seen.active || seen.inPopup) return true;
        await this.#raise(seen);
        return false;
      },
      { what: `the window of ${place.selector} to be active`, everyMs: 100 },
    );
  }

  /** Clicks on the middle of the first visible element of a place, after it came to rest and was scrolled into view. */
  async click(place: Place, options: { readonly double?: boolean; readonly button?: 1 | 3 } = {}): Promise<Seen> {
    const { double = false, button = 1 } = options;
    await this.activate(place);
    let before: Seen | undefined;
    let rested = 0;
    const seen = await until(
      async () => {
        const [now] = await this.thunderbird.find(place);
        rested = now !== undefined && before !== undefined && before.x === now.x && before.y === now.y && before.width === now.width ? rested + 1 : 0;
        before = now;
        if (now === undefined || rested < 2 || now.disabled) return undefined;
        if (now.reachable) return now;
        if (now.beyond !== 0) await this.#scroll(now);
        return undefined;
      },
      { what: `${place.page} ${place.selector} ${place.text ?? ''} to be clickable`, everyMs: 40 },
    );
    await this.#clickAt(seen.x + seen.width / 2, seen.y + seen.height / 2, button, double);
    return seen;
  }

  /** Pastes text into what has the focus. */
  async paste(text: string): Promise<void> {
    await this.display.setClipboard('UTF8_STRING', new TextEncoder().encode(text));
    await this.keys('ctrl+v');
  }

  /** Pastes an image (PNG), as after a screenshot. */
  async pastePng(png: Uint8Array): Promise<void> {
    await this.display.setClipboard('image/png', png);
    await this.keys('ctrl+v');
  }

  /** Clicks into a field until that has the focus: a window that has just opened may still move it. */
  async enter(place: Place): Promise<void> {
    await this.again(`${place.selector} to have the focus`, () => this.click(place), async () => (await this.thunderbird.find(place)).some(({ active, focused }) => active && focused));
  }

  /** Replaces the text of a field and waits until it is there. */
  async fill(place: Place, text: string): Promise<void> {
    const type = async (): Promise<void> => {
      await this.enter(place);
      await this.keys('ctrl+a');
      await this.paste(text);
    };
    await this.again(`the text in ${place.selector}`, type, async () => (await this.thunderbird.find(place)).some((seen) => seen.value === text || seen.text === text));
  }

  /** Closes the window of this place by Ctrl+W, and waits until it has gone. */
  async closeWindow(place: Place): Promise<void> {
    await this.activate(place);
    await this.keys('ctrl+w');
    await until(async () => (await this.thunderbird.find(place)).length === 0, { what: `the window of ${place.selector} to close` });
  }

  /** Opens the list of a `<select>`, chooses in it by these keys and Return, and waits until it has that value. */
  async choose(place: Place, value: string, ...keys: readonly string[]): Promise<void> {
    await this.click(place);
    // Keys that come before the list is there are lost.
    const { marionette } = this.thunderbird;
    await until(() => marionette.run((chrome) => chrome.listOpen()), { what: `the list of ${place.selector}` });
    await this.keys(...keys, 'Return');
    await until(async () => (await this.thunderbird.find(place))[0]?.value === value, { what: `${value} to be chosen in ${place.selector}` });
  }

  /** Types a path into GTK's file dialog, and waits until that has gone. */
  async chooseFile(path: string): Promise<void> {
    const dialog = await until(() => this.#fileDialog(), { what: 'the file dialog' });
    await this.display.command('xdotool', ['windowactivate', '--sync', dialog]);
    // Its path field opens by Ctrl+L; in a dialog for saving the name field, which has the focus, takes paths too.
    await this.keys('ctrl+l', 'ctrl+a');
    await this.paste(path);
    // GTK cannot be looked into, but what is selected in it can be read: that tells when the paste has arrived.
    const arrived = async (): Promise<boolean> => {
      await this.keys('ctrl+a');
      return (await this.display.command('xclip', ['-selection', 'primary', '-o']).catch(() => '')) === path;
    };
    await until(arrived, { what: 'the path in the file dialog', everyMs: 50 });
    let looks = 0;
    await until(
      async () => {
        if ((await this.#fileDialog()) === undefined) return true;
        // The first Return may only close the list of completions. Sent to this very window: one too many is lost, and
        // opens nothing in the window behind.
        if (looks++ % 8 === 0) await this.display.command('xdotool', ['key', '--window', dialog, 'End', 'Return']).catch(() => undefined);
        return false;
      },
      { what: 'the file dialog to close', everyMs: 50 },
    );
  }

  /** The dialog in front, if there is one. */
  async dialog(): Promise<Dialog | undefined> {
    const [seen] = await this.thunderbird.find({ page: pages.dialog, selector: '#infoBody' });
    return seen === undefined ? undefined : { title: seen.window, text: seen.text };
  }

  /** Waits for a dialog whose text contains this. */
  seeDialog(containing = '', withinMs?: number): Promise<Dialog> {
    return until(
      async () => {
        const found = await this.dialog();
        return found?.text.includes(containing) === true ? found : undefined;
      },
      { what: `a dialog with "${containing}"`, ...(withinMs === undefined ? {} : { withinMs }) },
    );
  }

  /** Answers the dialog in front by keyboard: Return (its default) unless told, and waits until it has gone. */
  async closeDialog(key: 'Return' | 'Escape' = 'Return'): Promise<Dialog> {
    const dialog = await this.seeDialog();
    let looks = 0;
    await until(
      async () => {
        const seen = (await this.thunderbird.find({ page: pages.dialog, selector: '#infoBody' })).find(({ window, text }) => window === dialog.title && text === dialog.text);
        if (seen === undefined) return true;
        if (!seen.active) await this.#raise(seen);
        // Buttons of a dialog are dead for the first moments: people must not answer what they did not see coming. Looked at
        // more often than pressed: a key that comes when it has just gone is for the window behind.
        else if (looks++ % 5 === 0) await this.keys(key);
        return false;
      },
      { what: `the dialog "${dialog.text}" to close`, everyMs: 300 },
    );
    return dialog;
  }

  /** Does something, as somebody would once more where nothing came of it for a while: what was typed before a window was ready is lost. */
  async again(what: string, act: () => Promise<unknown>, done: () => Promise<boolean>): Promise<void> {
    await until(async () => {
      await act();
      return until(done, { what, withinMs: PATIENCE }).catch((error: unknown) => {
        if (error instanceof SsmaxError && error.code === 'wait-timed-out') return false;
        throw error;
      });
    }, { what });
  }

  /** Asks the window manager for the window of what was seen. */
  async #raise({ window: wanted }: Seen): Promise<void> {
    const window = await this.#xWindow((title) => title === wanted);
    // It may have closed meanwhile.
    if (window !== undefined) await this.display.command('xdotool', ['windowactivate', window]).catch(() => undefined);
  }

  async #scroll(seen: Seen): Promise<void> {
    // The pointer must be over the page: just inside the edge that the element lies beyond.
    const y = seen.beyond > 0 ? seen.y + seen.height / 2 - seen.beyond - 40 : seen.y + seen.height / 2 - seen.beyond + 40;
    await this.#clickAt(seen.x + seen.width / 2, y, seen.beyond > 0 ? 5 : 4, false, Math.ceil(Math.abs(seen.beyond) / wheelStep) + 1);
  }

  async #clickAt(x: number, y: number, button: number, double: boolean, times = double ? 2 : 1): Promise<void> {
    const where = [Math.round(x), Math.round(y)].map(String);
    await this.display.command('xdotool', ['mousemove', ...where, 'click', '--repeat', String(times), '--delay', '40', String(button)]);
  }

  #fileDialog(): Promise<string | undefined> {
    return this.#xWindow((_, role) => role === 'GtkFileChooserDialog');
  }

  /** The id of the topmost window that matches. */
  async #xWindow(matches: (title: string, role: string) => boolean): Promise<string | undefined> {
    const list = await this.display.command('xprop', ['-root', '_NET_CLIENT_LIST_STACKING']);
    for (const id of (list.match(/0x[0-9a-f]+/g) ?? []).reverse()) {
      // A window may vanish between the list and this look.
      const props = await this.display.command('xprop', ['-id', id, '-f', '_NET_WM_NAME', '8u', '_NET_WM_NAME', 'WM_WINDOW_ROLE']).catch(() => '');
      const title = /^_NET_WM_NAME\(UTF8_STRING\) = "(.*)"$/m.exec(props)?.[1] ?? '';
      const role = /^WM_WINDOW_ROLE\(STRING\) = "(.*)"$/m.exec(props)?.[1] ?? '';
      if (matches(title, role)) return id;
    }
    return undefined;
  }
}
