/** Keeps the button of each compose window up to date: Thunderbird has no event for changed recipients. */
import type { SealParts } from '../member/seal.ts';
import { type DraftPreview, previewDraft } from '../member/preview.ts';
import { composingLabel } from '../ui/composing.tsx';
import { browserApi, type Tab, thunderbirdApi } from './api.ts';
import { addressesOf } from './compose.ts';
import { keepAlive } from './keep-alive.ts';
import { logFault } from './log.ts';
import { words } from './words.ts';

/** Milliseconds between two looks at the recipients, and how many times as long as the look itself took, at least. */
const LOOK = 1_000;
const RATIO = 20;

export class Composing {
  readonly #member: SealParts;
  readonly #open = new Set<number>();

  constructor(member: SealParts) {
    this.#member = member;
  }

  /** The windows that are open already, such as when the event page was ended and starts again. */
  async start(): Promise<void> {
    for (const tab of await browserApi.tabs.query({})) this.opened(tab);
  }

  /** For tabs.onCreated. */
  opened(tab: Tab): void {
    if (tab.id === undefined || tab.type !== 'messageCompose' || this.#open.has(tab.id)) return;
    this.#open.add(tab.id);
    void this.#follow(tab.id).catch(logFault);
  }

  closed(tabId: number): void {
    this.#open.delete(tabId);
  }

  async preview(tabId: number): Promise<DraftPreview> {
    return previewDraft(this.#member, addressesOf(await thunderbirdApi.compose.getComposeDetails(tabId)));
  }

  async #follow(tabId: number): Promise<void> {
    const release = keepAlive();
    let shown = '';
    try {
      while (this.#open.has(tabId)) {
        const started = performance.now();
        const envelope = addressesOf(await thunderbirdApi.compose.getComposeDetails(tabId));
        const fingerprint = JSON.stringify(envelope);
        if (fingerprint !== shown) {
          const preview = await previewDraft(this.#member, envelope);
          await this.#show(tabId, preview);
          // What could not be told is tried again.
          shown = preview.kind === 'unknown' ? '' : fingerprint;
        }
        const took = performance.now() - started;
        await new Promise((resolve) => setTimeout(resolve, Math.max(LOOK, took * RATIO)));
      }
    } catch (error) {
      if (this.#open.has(tabId)) throw error; // else the window was closed meanwhile
    } finally {
      release();
      this.#open.delete(tabId);
    }
  }

  async #show(tabId: number, preview: DraftPreview): Promise<void> {
    const label = composingLabel(words, preview);
    const { composeAction } = thunderbirdApi;
    const stopped = preview.kind === 'not-enrolled' || preview.kind === 'unknown'
      || preview.kind === 'protected' && preview.recipients.some(({ outcome }) => outcome === 'outside' || outcome === 'unreadable');
    await composeAction.setLabel({ tabId, label });
    await composeAction.setTitle({ tabId, title: label });
    await composeAction.setIcon({ tabId, path: stopped ? 'icons/problem.svg' : preview.kind === 'not-ours' ? 'icons/outside.svg' : 'icons/ssmax.svg' });
  }
}
