/**
 * The window between "send" and sending: asks about what is unusual, counts down a delay, shows long work. It is opened
 * when it has something to say, and closing it is the same as cancelling.
 */
import type { SendingView } from '../host.ts';
import { refused } from '../../src/core/error.ts';
import type { Risks } from '../member/risk.ts';
import { browserApi } from './api.ts';

/** Work shorter than this shows no window. Milliseconds. */
const SHORT = 1_500;

interface Session {
  readonly subject: string;
  view: SendingView | undefined;
  window: Promise<number | undefined> | undefined;
  cancelled: boolean;
  /** Rejects with `sending-cancelled` once the member cancels. */
  readonly stopped: Promise<never>;
  readonly stop: () => void;
  answer: ((go: boolean) => void) | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class SendingDialog {
  /** By compose tab. */
  readonly #sessions = new Map<number, Session>();

  begin(tabId: number, subject: string): void {
    let stop = (): void => undefined;
    const stopped = new Promise<never>((_, reject) => { stop = () => reject(refused('sending-cancelled')); });
    stopped.catch(() => undefined); // nobody may be waiting when it is cancelled
    this.#sessions.set(tabId, { subject, view: undefined, window: undefined, cancelled: false, stopped, stop, answer: undefined, timer: undefined });
  }

  /** Shows what is unusual and resolves when the member has decided. Throws `sending-cancelled`. */
  async confirm(tabId: number, risks: Risks): Promise<void> {
    await this.#ask(tabId, (subject) => ({ stage: 'confirm', subject, risks }));
  }

  /** Waits, unless the member cuts it short. Throws `sending-cancelled`. */
  async delay(tabId: number, seconds: number): Promise<void> {
    const session = this.#session(tabId);
    const asked = this.#ask(tabId, (subject) => ({ stage: 'delay', subject, until: Date.now() + seconds * 1000 }));
    const timer = setTimeout(() => session.answer?.(true), seconds * 1000);
    await asked.finally(() => clearTimeout(timer));
  }

  /** Says how far the work is, from `done` of 0 to 1; to be called between its steps. Throws `sending-cancelled`. */
  async working(tabId: number, done: number): Promise<void> {
    const session = this.#session(tabId);
    session.view = { stage: 'working', subject: session.subject, done };
    if (session.window === undefined) session.timer ??= setTimeout(() => void this.#show(tabId, session), SHORT);
    // Gives the window's events their turn.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (session.cancelled) throw refused('sending-cancelled');
  }

  /** Waits for work that may take long; cancelled, it is not waited for, and what it gives is not used. Throws `sending-cancelled`. */
  async during<T>(tabId: number, work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#session(tabId).stopped]);
  }

  /** How far the work is that goes on, from 0 to 1. */
  progress(tabId: number, done: number): void {
    const session = this.#sessions.get(tabId);
    if (session?.view?.stage === 'working') session.view = { ...session.view, done };
  }

  /** For the window's page; undefined once there is nothing to show. */
  view(tabId: number): SendingView | undefined {
    return this.#sessions.get(tabId)?.view;
  }

  decide(tabId: number, go: boolean): void {
    const session = this.#sessions.get(tabId);
    if (session === undefined) return;
    if (!go) {
      session.cancelled = true;
      session.stop();
    }
    session.answer?.(go);
  }

  /** A window was closed: if it is one of these, that cancels. */
  async windowClosed(windowId: number): Promise<void> {
    for (const [tabId, session] of this.#sessions) {
      if (session.window !== undefined && await session.window === windowId) this.decide(tabId, false);
    }
  }

  async end(tabId: number): Promise<void> {
    const session = this.#sessions.get(tabId);
    this.#sessions.delete(tabId);
    if (session === undefined) return;
    clearTimeout(session.timer);
    const windowId = await session.window?.catch(() => undefined); // one that could not be opened needs no closing
    if (windowId !== undefined) await browserApi.windows.remove(windowId).catch(() => undefined);
  }

  async #ask(tabId: number, view: (subject: string) => SendingView): Promise<void> {
    const session = this.#session(tabId);
    if (session.cancelled) throw refused('sending-cancelled'); // since the last step: nobody would answer
    session.view = view(session.subject);
    const decided = new Promise<boolean>((resolve) => {
      session.answer = resolve;
    });
    await this.#show(tabId, session);
    const go = await decided;
    session.answer = undefined;
    if (!go) throw refused('sending-cancelled');
  }

  async #show(tabId: number, session: Session): Promise<void> {
    if (!this.#sessions.has(tabId)) return;
    session.window ??= browserApi.windows.create({
      type: 'popup', url: `${browserApi.runtime.getURL('sending.html')}?tab=${tabId}`, width: 620, height: 480,
    }).then(({ id }) => id);
    await session.window;
  }

  #session(tabId: number): Session {
    const session = this.#sessions.get(tabId);
    if (session === undefined) throw new Error('no mail is being sent from this tab');
    return session;
  }
}
