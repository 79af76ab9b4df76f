/** Scripts inside the documents that a real Thunderbird shows: pages of the add-on, and the mail in front. */
import type { Thunderbird } from '../../scripts/world/thunderbird.ts';

/** The mail in front; else a page of the add-on by its name (`options.html`), open in a tab, a window or a popup. */
export const MAIL = 'mail';

/** Runs a script in the process of that document (`content`), with the privileges of Thunderbird; it calls `answer` with a string. */
export function runIn(thunderbird: Thunderbird, where: string, script: string): Promise<string> {
  return thunderbird.marionette.run((chrome, place, body) => {
    // Some frames lie in frames: the settings in Thunderbird's own page about add-ons.
    const framesIn = (document: Document): Frame[] => [...document.querySelectorAll<Frame>('browser')].flatMap((one) => [one, ...(one.contentDocument ? framesIn(one.contentDocument) : [])]);
    const inMail = (): Frame | null | undefined => (chrome.mainWindow().document.querySelector('#tabmail') as unknown as { currentAboutMessage?: Window }).currentAboutMessage?.document.querySelector<Frame>('#messagepane');
    const onPage = (): Frame | undefined => chrome.windows().flatMap(({ document }) => framesIn(document))
      .find(({ currentURI }) => currentURI?.spec.startsWith('moz-extension://') === true && new URL(currentURI.spec).pathname === `/${place}`);
    const frame = place === 'mail' ? inMail() : onPage();
    if (!frame) throw new Error(`${place} is not open`);
    const { messageManager } = frame;
    const answered = `ssmax:in-frame:${Date.now()}`;
    return new Promise<string>((resolve) => {
      const listener = ({ data }: { data: string }): void => {
        messageManager.removeMessageListener(answered, listener);
        resolve(data);
      };
      messageManager.addMessageListener(answered, listener);
      messageManager.loadFrameScript(`data:text/javascript;charset=utf-8,${encodeURIComponent(`{ const answer = (text) => sendAsyncMessage(${JSON.stringify(answered)}, text); ${body} }`)}`, false);
    });
  }, where, script);
}

/** A frame of Thunderbird's windows, as far as used. */
interface Frame extends Element {
  readonly contentDocument?: Document | null;
  readonly currentURI?: { readonly spec: string };
  readonly messageManager: {
    loadFrameScript(url: string, delayed: boolean): void;
    addMessageListener(name: string, listener: (message: { data: string }) => void): void;
    removeMessageListener(name: string, listener: (message: { data: string }) => void): void;
  };
}
