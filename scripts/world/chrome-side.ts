/**
 * What runs inside Thunderbird, sent as text by `Marionette.run`. It finds things on the screen and reads them; it
 * works on Thunderbird's inner documents, of which only the few parts used are typed here.
 */

/** Where to look: elements by CSS selector (open and closed shadow trees included) in a document. */
export interface Place {
  /** Start of the document's URL, such as `about:message` or `moz-extension://`. */
  readonly page: string;
  /** Look not in that document itself but in all documents inside its frame that this CSS selector names. */
  readonly frame?: string;
  readonly selector: string;
  /** Only elements whose text contains this. */
  readonly text?: string;
  /** Only in top-level windows whose title contains this. */
  readonly window?: string;
}

/** One visible element. */
export interface Seen {
  /** In pixels of the screen. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Visible text, label or value of a control. */
  readonly text: string;
  readonly value: string;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly focused: boolean;
  /** A click on its middle would meet it: not scrolled out of view, not covered. */
  readonly reachable: boolean;
  /** Of its text colour to the nearest opaque ground below it, 1 to 21 (WCAG 2.2); 0 where there is no such ground. */
  readonly contrast: number;
  /** Pixels by which its middle is above (negative) or below the visible part of its page. */
  readonly beyond: number;
  /** Title of the top-level window it is in. */
  readonly window: string;
  /** Which window that is: titles may be the same. */
  readonly windowId: number;
  /** That window has the focus. */
  readonly active: boolean;
  /** In a menu or panel, which closes when another window is activated. */
  readonly inPopup: boolean;
  /** URL of the document. */
  readonly url: string;
}

type SeenInPage = Omit<Seen, 'window' | 'windowId' | 'active' | 'inPopup' | 'url'>;

interface GeckoWindow extends Window {
  readonly docShell: { readonly outerWindowID: number };
  readonly mozInnerScreenX: number;
  readonly mozInnerScreenY: number;
}

interface GeckoElement extends HTMLElement {
  readonly openOrClosedShadowRoot?: ShadowRoot | null;
}

interface MessageListener {
  (message: { readonly data: SeenInPage[] | null }): void;
}

/** <browser>, <iframe> or <editor>. */
interface FrameElement extends GeckoElement {
  readonly contentWindow: GeckoWindow | null;
  readonly contentDocument: Document | null;
  readonly isRemoteBrowser?: boolean;
  readonly docShellIsActive?: boolean;
  readonly currentURI?: { readonly spec: string };
  readonly messageManager?: {
    loadFrameScript(url: string, delayed: boolean): void;
    addMessageListener(name: string, listener: MessageListener): void;
    removeMessageListener(name: string, listener: MessageListener): void;
  };
}

interface MailFolder {
  readonly URI: string;
  readonly name: string;
  readonly subFolders: readonly MailFolder[];
  getTotalMessages(deep: boolean): number;
  updateFolder(window: unknown): void;
}

interface IncomingServer {
  readonly type: string;
  readonly rootFolder: MailFolder;
  password: string;
  getNewMessages(folder: MailFolder, window: unknown, listener: null): void;
}

/** The 3-pane window, as far as used. */
interface MainWindow extends GeckoWindow {
  readonly msgWindow: unknown;
}

interface ComposeWindow extends GeckoWindow {
  readonly composeEditorReady?: boolean;
  readonly gWindowLocked?: boolean;
  readonly gSendOperationInProgress?: boolean;
  readonly gSaveOperationInProgress?: boolean;
}

interface MailRow {
  readonly messageKey: number;
  readonly folder: { readonly URI: string };
}

interface TabMail extends HTMLElement {
  openTab(kind: 'contentTab', options: Readonly<Record<string, unknown>>): void;
  readonly currentAboutMessage?: Window & {
    readonly currentAttachments: readonly { readonly name: string }[];
    readonly gMessage?: MailRow | null;
    readonly msgLoaded?: boolean;
  };
  readonly currentAbout3Pane?: MailPane;
  readonly tabInfo: readonly { readonly chromeBrowser?: { readonly contentWindow: MailPane | null } | null }[];
}

type MailPane = Window & {
  readonly folderTree?: { readonly rowCount: number; readonly selectedRow?: { readonly uri?: string } | null };
  readonly gDBView?: { readonly hdrForFirstSelectedMessage: MailRow; readonly viewFolder: { readonly URI: string } | null } | null;
};

declare const Services: {
  readonly wm: { getMostRecentWindow(type: string | null): MainWindow | null; getEnumerator(type: string | null): Iterable<GeckoWindow> };
  readonly prefs: { setBoolPref(name: string, value: boolean): void; setIntPref(name: string, value: number): void; setStringPref(name: string, value: string): void };
  readonly focus: { readonly activeWindow: GeckoWindow | null };
  readonly logins: { addLoginAsync(login: unknown): Promise<unknown> };
};
declare const WebExtensionPolicy: { getByID(id: string): { getURL(path: string): string; readonly extension: { readonly principal: unknown; readonly browsingContextGroupId: unknown; terminateBackground(): Promise<void> } } | null };
declare const ChromeUtils: {
  importESModule(url: 'resource:///modules/MailServices.sys.mjs'): {
    readonly MailServices: { readonly accounts: { createIdentity(): { email: string }; readonly accounts: readonly { readonly incomingServer: IncomingServer; addIdentity(identity: { email: string }): void }[]; readonly localFoldersServer: { readonly rootFolder: { getFolderWithFlags(flags: number): MailFolder } } } };
  };
  importESModule(url: 'resource://gre/modules/Downloads.sys.mjs'): {
    readonly Downloads: { readonly ALL: string; getList(kind: string): Promise<{ getAll(): Promise<readonly { readonly succeeded: boolean; readonly target: { readonly path: string } }[]> }> };
  };
  importESModule(url: 'resource://gre/modules/AddonManager.sys.mjs'): { readonly AddonManager: { getAddonByID(id: string): Promise<{ enable(): Promise<void>; disable(): Promise<void> } | null> } };
  importESModule(url: 'chrome://remote/content/shared/listeners/PromptListener.sys.mjs'): {
    readonly PromptListener: { readonly prototype: { startListening: () => void } };
  };
};
declare const Cc: Readonly<
  Record<
    string,
    {
      createInstance(kind: unknown): { init(...values: (string | null)[]): void };
      getService(kind: unknown): { addCertFromBase64(certificate: string, trust: string): unknown };
    }
  >
>;
declare const Ci: Readonly<Record<string, unknown>>;

export type ChromeSide = ReturnType<typeof chromeSide>;

/** Makes the functions. Travels as text: everything used must be inside. */
export function chromeSide() {
  const mainWindow = (): MainWindow => {
    const found = Services.wm.getMostRecentWindow('mail:3pane');
    if (found === null) throw new Error('no main window');
    return found;
  };

  /** Asks every 20 ms; throws after `withinMs`. */
  const until = async <T>(look: () => T | Promise<T>, what: string, withinMs = 50_000): Promise<NonNullable<T>> => {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
      const window = Services.wm.getMostRecentWindow(null);
      await new Promise((resolve) => (window ?? mainWindow()).setTimeout(resolve, 20));
    }
  };

  /** Of the account with this number; the first is 0. */
  const imapServer = (account = 0): IncomingServer => {
    const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs');
    const found = MailServices.accounts.accounts.map(({ incomingServer }) => incomingServer).filter((server) => server.type === 'imap')[account];
    if (found === undefined) throw new Error('no IMAP account');
    return found;
  };

  const folder = (name: string, account = 0): MailFolder | undefined => {
    const all = (from: MailFolder): MailFolder[] => from.subFolders.flatMap((child) => [child, ...all(child)]);
    return all(imapServer(account).rootFolder).find((child) => child.URI.toLowerCase().endsWith(`/${name.toLowerCase()}`));
  };

  /** How many mails wait to be sent. */
  const outbox = (): number => {
    const { MailServices } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs');
    return MailServices.accounts.localFoldersServer.rootFolder.getFolderWithFlags(0x800).getTotalMessages(false);
  };

  const mainWindowReady = (): boolean => {
    // The first tab, which need not be in front: an add-on that comes by policy opens its own at once.
    const pane = Services.wm.getMostRecentWindow('mail:3pane')?.document.querySelector<TabMail>('#tabmail')?.tabInfo[0]?.chromeBrowser?.contentWindow;
    return pane?.document.readyState === 'complete' && (pane.folderTree?.rowCount ?? 0) > 0;
  };

  /** Names of the attachments of the mail in front, as Thunderbird lists them. */
  const displayedAttachments = (): string[] => {
    const message = mainWindow().document.querySelector<TabMail>('#tabmail')?.currentAboutMessage;
    return message?.currentAttachments.map(({ name }) => name) ?? [];
  };

  /** True once the mail in front is loaded; in the three-pane tab, once it is the mail that is selected in the list. */
  const messageLoaded = (): boolean => {
    const tabs = mainWindow().document.querySelector<TabMail>('#tabmail');
    const message = tabs?.currentAboutMessage;
    const shown = message?.gMessage;
    if (message?.msgLoaded !== true || !shown) return false;
    const view = tabs?.currentAbout3Pane?.gDBView;
    if (!view) return true;
    const selected = view.hdrForFirstSelectedMessage;
    return selected.messageKey === shown.messageKey && selected.folder.URI === shown.folder.URI;
  };

  /** Paths of the finished downloads. */
  const downloads = async (): Promise<string[]> => {
    const { Downloads } = ChromeUtils.importESModule('resource://gre/modules/Downloads.sys.mjs');
    const all = await (await Downloads.getList(Downloads.ALL)).getAll();
    return all.filter(({ succeeded }) => succeeded).map(({ target }) => target.path);
  };

  /** True once the compose window used last can be typed into, sent and closed: neither begins, saves nor sends, nor stops doing so. */
  const composeReady = (): boolean => {
    const window = Services.wm.getMostRecentWindow('msgcompose') as ComposeWindow | null;
    return window?.composeEditorReady === true && window.gWindowLocked !== true && window.gSendOperationInProgress !== true && window.gSaveOperationInProgress !== true;
  };

  /** True once the list in the first tab is that of the folder which is selected beside it. */
  const folderListed = (): boolean => {
    const pane = mainWindow().document.querySelector<TabMail>('#tabmail')?.tabInfo[0]?.chromeBrowser?.contentWindow;
    const selected = pane?.folderTree?.selectedRow?.uri;
    return selected !== undefined && pane?.gDBView?.viewFolder?.URI === selected;
  };

  const storePassword = async (origin: string, user: string, password: string): Promise<void> => {
    const login = Cc['@mozilla.org/login-manager/loginInfo;1']?.createInstance(Ci['nsILoginInfo']);
    login?.init(origin, null, origin, user, password, '', '');
    await Services.logins.addLoginAsync(login);
  };

  const leaveDialogsAlone = (): void => {
    const { PromptListener } = ChromeUtils.importESModule('chrome://remote/content/shared/listeners/PromptListener.sys.mjs');
    PromptListener.prototype.startListening = () => undefined;
  };

  /** Makes a CA certificate (DER in base64) trusted for servers and for signed mail. */
  const trust = (certificate: string): void => {
    Cc['@mozilla.org/security/x509certdb;1']?.getService(Ci['nsIX509CertDB']).addCertFromBase64(certificate, 'C,C,');
  };

  /** Gives the first mail account another address, as the account settings do. */
  const addAddress = (email: string): void => {
    const { MailServices: { accounts } } = ChromeUtils.importESModule('resource:///modules/MailServices.sys.mjs');
    const identity = accounts.createIdentity();
    identity.email = email;
    accounts.accounts.find(({ incomingServer }) => incomingServer.type === 'imap')?.addIdentity(identity);
  };

  /** Opens a page of an add-on in a tab, as the add-on itself would. */
  const openAddonPage = (id: string, page: string): void => {
    const policy = WebExtensionPolicy.getByID(id);
    const { principal, browsingContextGroupId } = policy?.extension ?? {};
    mainWindow().document.querySelector<TabMail>('#tabmail')?.openTab('contentTab', { url: policy?.getURL(page), linkHandler: 'single-page', principal, browsingContextGroupId });
  };

  const setPref = (name: string, value: boolean | number | string): void => {
    if (typeof value === 'string') Services.prefs.setStringPref(name, value);
    else if (typeof value === 'boolean') Services.prefs.setBoolPref(name, value);
    else Services.prefs.setIntPref(name, value);
  };

  /** Changes to the other look, as the system's switch would. */
  const setDark = async (dark: boolean): Promise<void> => {
    const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
    await (await AddonManager.getAddonByID(`thunderbird-compact-${dark ? 'dark' : 'light'}@mozilla.org`))?.enable();
    setPref('ui.systemUsesDarkTheme', dark ? 1 : 0);
    setPref('layout.css.prefers-color-scheme.content-override', dark ? 0 : 1);
  };

  /** Ends an add-on's event page, as it ends by itself when nothing happens for a while. */
  const endBackground = async (id: string): Promise<void> => WebExtensionPolicy.getByID(id)?.extension.terminateBackground();

  /** Switches an add-on off and on again, as the list of add-ons does. */
  const restartAddon = async (id: string): Promise<void> => {
    const addon = await ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs').AddonManager.getAddonByID(id);
    await addon?.disable();
    await addon?.enable();
  };

  /** Runs in the page's own process, alone: must not use anything of its surroundings. */
  const lookInPage = (view: GeckoWindow, selector: string, text: string | null): SeenInPage[] => {
    const matches = (root: Document | ShadowRoot): GeckoElement[] => {
      const inside: GeckoElement[] = [];
      for (const element of root.querySelectorAll<GeckoElement>('*')) {
        if (element.matches(selector)) inside.push(element);
        if (element.openOrClosedShadowRoot) inside.push(...matches(element.openOrClosedShadowRoot));
      }
      return inside;
    };
    const meets = (element: GeckoElement, x: number, y: number): boolean => {
      let hit = view.document.elementFromPoint(x, y) as GeckoElement | null;
      for (let root = hit?.openOrClosedShadowRoot; root; root = hit?.openOrClosedShadowRoot) {
        const inner = root.elementFromPoint(x, y) as GeckoElement | null;
        if (inner === null || inner === hit) break;
        hit = inner;
      }
      for (let node: Node | null = hit; node !== null; node = node.parentNode ?? (node as ShadowRoot).host ?? null) if (node === element) return true;
      return false;
    };
    /** What is displayed, shadow trees included. */
    const textOf = (element: GeckoElement): string => {
      const texts = [element.innerText || element.textContent || ''];
      for (const host of [element, ...element.querySelectorAll<GeckoElement>('*')]) {
        for (const child of host.openOrClosedShadowRoot?.children ?? []) if (!child.matches('style, script, link')) texts.push(textOf(child as GeckoElement));
      }
      return texts.filter((one) => one !== '').join('\n');
    };
    const parentOf = (element: Element): Element | null => element.assignedSlot ?? element.parentElement ?? (element.parentNode as ShadowRoot | null)?.host ?? null;
    const channels = (colour: string): number[] => (/^rgba?\((.+)\)$/.exec(colour)?.[1] ?? '').split(',').map(Number);
    const luminance = (colour: string): number => {
      const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrastOf = (element: Element): number => {
      for (let below: Element | null = element; below !== null; below = parentOf(below)) {
        const ground = view.getComputedStyle(below).backgroundColor;
        const [, , , alpha = 1] = channels(ground);
        if (!ground.startsWith('rgb') || alpha < 1) continue;
        const [dark = 0, light = 0] = [luminance(view.getComputedStyle(element).color), luminance(ground)].sort((a, b) => a - b);
        return (light + 0.05) / (dark + 0.05);
      }
      return 0;
    };
    const out: SeenInPage[] = [];
    for (const element of matches(view.document)) {
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0 || !element.checkVisibility({ visibilityProperty: true })) continue;
      const x = box.x + box.width / 2;
      const y = box.y + box.height / 2;
      const control = element as GeckoElement & { readonly value?: unknown; readonly checked?: unknown; readonly disabled?: unknown };
      const value = typeof control.value === 'string' || element.localName === 'progress' ? String(control.value) : '';
      const shown = element.getAttribute('label') ?? (textOf(element) || value);
      if (text !== null && !shown.includes(text)) continue;
      const { innerHeight } = view;
      out.push({
        x: view.mozInnerScreenX + box.x,
        y: view.mozInnerScreenY + box.y,
        width: box.width,
        height: box.height,
        text: shown,
        value,
        checked: control.checked === true,
        disabled: control.disabled === true || element.getAttribute('disabled') === 'true',
        reachable: meets(element, x, y),
        contrast: contrastOf(element),
        beyond: y < 0 ? y : Math.max(0, y - innerHeight),
        focused: view.document.activeElement === element || (element.getRootNode() as ShadowRoot).activeElement === element,
      });
    }
    return out;
  };

  /** True once the list of a `<select>` is open and takes keys. */
  const listOpen = (): boolean => windows().some(({ document }) => document.querySelector<Element & { readonly state?: string }>('#ContentSelectDropdown > menupopup')?.state === 'open');

  let lastMessage = 0;
  const lookInRemote = (frame: FrameElement, selector: string, text: string | null): Promise<SeenInPage[]> => {
    const name = `ssmax:seen:${Date.now()}:${lastMessage++}`;
    const script = `{ const __name = (named) => named;
      let seen = null;
      const look = ${lookInPage.toString()};
      const all = (view) => [...look(view, ${JSON.stringify(selector)}, ${JSON.stringify(text)}), ...Array.from({ length: view.length }, (_, index) => view[index]).flatMap(all)];
      try { seen = all(content); } finally { sendAsyncMessage(${JSON.stringify(name)}, seen); } }`;
    return new Promise((resolve) => {
      let asked: FrameElement['messageManager'];
      let looks = 0;
      const finish = (seen: SeenInPage[] | null): void => {
        asked?.removeMessageListener(name, listener);
        asked = undefined;
        mainWindow().clearInterval(timer);
        resolve(seen ?? []);
      };
      const listener: MessageListener = ({ data }) => finish(data);
      const ask = (): void => {
        // A page that went away shows nothing. One that is there may be at work, or have come in the place of the one that was asked.
        if (!frame.isConnected || !isShown(frame) || looks++ > 15) return finish(null);
        asked?.removeMessageListener(name, listener);
        asked = frame.messageManager;
        if (asked === undefined) return finish(null);
        asked.addMessageListener(name, listener);
        asked.loadFrameScript(`data:text/javascript;charset=utf-8,${encodeURIComponent(script)}`, false);
      };
      const timer = mainWindow().setInterval(ask, 2_000);
      ask();
    });
  };

  const windows = (): GeckoWindow[] => {
    const recent = Services.wm.getMostRecentWindow(null);
    const others = [...Services.wm.getEnumerator(null)].filter((window) => window !== recent);
    return recent === null ? others : [recent, ...others];
  };

  const isShown = (frame: FrameElement): boolean => {
    // The panels of tabs that are not in front keep their size and pass for visible.
    const panels = frame.closest<Element & { readonly selectedPanel?: Element }>('tabpanels');
    if (panels?.selectedPanel?.contains(frame) === false) return false;
    const box = frame.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && frame.checkVisibility({ visibilityProperty: true }) && frame.docShellIsActive !== false;
  };

  /** All visible elements of that place, those of the window used last first. */
  const find = async (place: Place): Promise<Seen[]> => {
    const text = place.text ?? null;
    const visit = async (view: GeckoWindow, at: { readonly top: GeckoWindow; readonly inPopup: boolean; readonly inside: boolean }): Promise<Seen[]> => {
      const { top } = at;
      const wrap = (seen: SeenInPage[], url: string, inPopup: boolean): Seen[] =>
        seen.map((one) => ({ ...one, window: top.document.title, windowId: top.docShell.outerWindowID, active: Services.focus.activeWindow === top, inPopup, url }));
      const isPage = view.document.documentURI.startsWith(place.page);
      const matches = at.inside || (isPage && place.frame === undefined);
      const found = matches ? wrap(lookInPage(view, place.selector, text), view.document.documentURI, at.inPopup) : [];
      for (const frame of view.document.querySelectorAll<FrameElement>('browser, iframe, editor')) {
        if (!isShown(frame)) continue;
        const inPopup = at.inPopup || frame.closest('panel, menupopup') !== null;
        const inside = at.inside || (isPage && place.frame !== undefined && frame.matches(place.frame));
        if (frame.isRemoteBrowser === true) {
          const url = frame.currentURI?.spec ?? '';
          if (inside || (url.startsWith(place.page) && place.frame === undefined)) found.push(...wrap(await lookInRemote(frame, place.selector, text), url, inPopup));
        } else if (frame.contentWindow !== null && frame.contentDocument !== null) {
          found.push(...(await visit(frame.contentWindow, { top, inPopup, inside })));
        }
      }
      return found;
    };
    const found: Seen[] = [];
    for (const window of windows().filter((one) => one.document.title.includes(place.window ?? ''))) found.push(...(await visit(window, { top: window, inPopup: false, inside: false })));
    return found;
  };

  return { mainWindow, mainWindowReady, composeReady, folderListed, messageLoaded, displayedAttachments, downloads, listOpen, windows, until, imapServer, folder, outbox, storePassword, trust, addAddress, openAddonPage, endBackground, restartAddon, setDark, setPref, leaveDialogsAlone, find };
}
