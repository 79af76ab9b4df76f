/** Keeps the button of each compose window up to date: Thunderbird has no event for changed recipients. */
import { isMarkedFile } from '../member/forward.ts';
import type { Planner } from '../member/plan.ts';
import type { SealParts } from '../member/seal.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { ComposingView } from '../host.ts';
import { loadSettings } from '../member/preferences.ts';
import { previewDraft, stops } from '../member/preview.ts';
import { composingLabel } from '../ui/composing.tsx';
import { browserApi, type ComposeDetails, type Tab, thunderbirdApi } from './api.ts';
import { choices } from './choices.ts';
import { addressesOf } from './compose.ts';
import { addressOf } from './identity-of.ts';
import { keepAlive } from './keep-alive.ts';
import { logFault } from './log.ts';
import { isFresh } from './sending.ts';
import { words } from './words.ts';

/** Milliseconds between two looks at the recipients; on a slow computer as many times as long as the look itself took, within bounds. */
const LOOK = 1_000;
const RATIO = 20;
const LONGEST = 4_000;
/** How long the button says what was said in passing, milliseconds. */
const SAID = 4_000;
/** Of the files that stand for a mail that is passed on (`forward_file`). */
const FORWARD_SUFFIX = '.ssmax';

export class Composing {
  readonly #member: SealParts;
  readonly #planner: Planner;
  readonly #open = new Set<number>();
  /** Until when the button says something else, milliseconds. */
  readonly #said = new Map<number, number>();

  constructor(member: SealParts, planner: Planner) {
    this.#member = member;
    this.#planner = planner;
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
    this.#said.delete(tabId);
  }

  /** Says something in passing, on the button. */
  async say(tabId: number, text: string): Promise<void> {
    this.#said.set(tabId, Date.now() + SAID);
    await thunderbirdApi.composeAction.setLabel({ tabId, label: text });
    await thunderbirdApi.composeAction.setTitle({ tabId, title: text });
  }

  /** For the popup on the button. */
  async view(tabId: number): Promise<ComposingView> {
    const details = await thunderbirdApi.compose.getComposeDetails(tabId) as ComposeDetails;
    const envelope = addressesOf(details);
    const sealedDrafts = (await loadSettings(this.#member.ports).catch(passOver))?.sealedDrafts ?? false;
    const plan = await this.#planner.plan(envelope, await choices.of(tabId), isFresh(details)).catch(passOver);
    return { preview: await previewDraft(this.#member, envelope, plan?.signedOnly, await addressOf(details.identityId)), ...(plan !== undefined && { plan }), passesOn: await passesOn(tabId), sealedDrafts };
  }

  async #follow(tabId: number): Promise<void> {
    const release = keepAlive();
    let shown = '';
    try {
      while (this.#open.has(tabId)) {
        const started = performance.now();
        const details = await thunderbirdApi.compose.getComposeDetails(tabId) as ComposeDetails;
        const fingerprint = JSON.stringify([addressesOf(details), details.identityId, await choices.of(tabId)]);
        const said = this.#said.get(tabId);
        if (said !== undefined && Date.now() > said) {
          this.#said.delete(tabId);
          shown = '';
        }
        if (fingerprint !== shown && !this.#said.has(tabId)) {
          const view = await this.view(tabId);
          await this.#show(tabId, view);
          // What could not be told is tried again.
          shown = view.preview.kind === 'unknown' ? '' : fingerprint;
        }
        const took = performance.now() - started;
        await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST, Math.max(LOOK, took * RATIO))));
      }
    } catch (error) {
      if (this.#open.has(tabId)) throw error; // else the window was closed meanwhile
    } finally {
      release();
      this.#open.delete(tabId);
    }
  }

  async #show(tabId: number, { preview, plan }: ComposingView): Promise<void> {
    const label = composingLabel(words, preview, plan);
    const { composeAction } = thunderbirdApi;
    const stopped = preview.kind === 'not-enrolled' || preview.kind === 'from-typed' || preview.kind === 'unknown'
      || preview.kind === 'protected' && preview.recipients.some(({ outcome }) => stops(outcome));
    await composeAction.setLabel({ tabId, label });
    await composeAction.setTitle({ tabId, title: label });
    await composeAction.setIcon({ tabId, path: stopped ? 'icons/problem.svg' : preview.kind === 'not-ours' ? 'icons/outside.svg' : 'icons/ssmax.svg' });
  }
}

async function passesOn(tabId: number): Promise<boolean> {
  for (const { id, name = '' } of await thunderbirdApi.compose.listAttachments(tabId)) {
    if (name.endsWith(FORWARD_SUFFIX) && await isMarkedFile(await thunderbirdApi.compose.getAttachmentFile(id))) return true;
  }
  return false;
}

/** Settings that cannot be followed are told when the mail is sent. */
function passOver(error: unknown): undefined {
  if (!(error instanceof SsmaxError)) throw error;
}
