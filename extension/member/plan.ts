/**
 * How a mail that is being written will go: what of it is encrypted and whether its subject is hidden. Whole protection is what
 * happens unless the member wants less, the organisation permits it, and he is told: less is never taken by itself.
 */
import { SsmaxError } from '../../src/core/error.ts';
import { formFor } from '../../src/flow/recipients.ts';
import { readSendingPolicy, type SendingPolicy } from '../../src/flow/sending-policy.ts';
import { loadConfiguration } from './configuration.ts';
import { type Draft, readMailbox, type WritingMode } from './draft.ts';
import { loadSettings, type Settings } from './preferences.ts';
import type { SealParts } from './seal.ts';

const WRITING_MODES: readonly WritingMode[] = ['protect-all', 'attachments-only', 'sign-only'];

/** What the member chose for one mail; what is left out is not chosen. */
export interface Choice {
  readonly mode?: WritingMode;
  readonly hideSubject?: boolean;
  /** It answers a mail whose writer hid the subject. */
  readonly answersHidden?: boolean;
}

/** Whether the subject of a mail is hidden. Nobody's rule that subjects are shown is about the one that another hid. */
export function choosesHidden({ hideSubject, fixed }: Pick<Settings, 'hideSubject' | 'fixed'>, { hideSubject: chosen, answersHidden = false }: Choice): boolean {
  return fixed.has('hideSubject') ? hideSubject || answersHidden : chosen ?? (hideSubject || answersHidden);
}

export interface Plan {
  /** To choose from, the strongest first; `protect-all` is always there, but where all recipients are outside SSMAX. */
  readonly modes: readonly WritingMode[];
  readonly mode: WritingMode;
  /**
   * Where the mode comes from: the member's choice for this mail, his last mail to all of these recipients, or neither; `outside`: there is
   * no other for recipients outside SSMAX, and the organisation allows it to all of these.
   */
  readonly origin: 'chosen' | 'remembered' | 'default' | 'outside';
  /** Domains outside SSMAX to which mail may go signed only (src/wire/sending-policy.ts). */
  readonly signedOnly: readonly string[];
  readonly hideSubject: boolean;
  /** The organisation decides on it. */
  readonly hideSubjectFixed: boolean;
  /** Code of why the organisation's rules are not known; then nothing but `protect-all` can go. */
  readonly problem?: string;
}

type Envelope = Pick<Draft, 'from' | 'to' | 'cc' | 'bcc'>;

/** Milliseconds for which an answer of the organisation is believed. */
const MAX_AGE = 10 * 60_000;

export class Planner {
  readonly #parts: SealParts;
  readonly #known = new Map<string, { readonly at: number; readonly policy: Promise<SendingPolicy> }>();

  constructor(parts: SealParts) {
    this.#parts = parts;
  }

  /**
   * What will happen to a mail; undefined where it is none of ours. `fresh`: written from nothing, so that what was done last time may
   * be done again; an answer may quote what was sealed. Throws `configuration-invalid`.
   */
  async plan(envelope: Envelope, choice: Choice, fresh: boolean): Promise<Plan | undefined> {
    const address = addressOf(envelope.from);
    if (address === undefined || await this.#parts.identities.signer(address) === undefined) return undefined;
    const settings = await loadSettings(this.#parts.ports);
    const rules = await this.#permitted(address);
    const { modes: permitted, signedOnly } = 'problem' in rules ? { modes: [], signedOnly: [] } : rules;
    const outside = await this.#goesOutside(envelope, signedOnly);
    const modes = WRITING_MODES.filter((mode) => outside ? mode === 'sign-only' : mode === 'protect-all' || permitted.includes(mode));
    const remembered = fresh && choice.mode === undefined ? await this.#remembered(envelope) : undefined;
    const usable = remembered !== undefined && modes.includes(remembered) ? remembered : undefined;
    return {
      modes,
      signedOnly,
      mode: outside ? 'sign-only' : choice.mode ?? usable ?? 'protect-all',
      origin: outside ? 'outside' : choice.mode !== undefined ? 'chosen' : usable !== undefined ? 'remembered' : 'default',
      hideSubject: choosesHidden(settings, choice),
      hideSubjectFixed: settings.fixed.has('hideSubject'),
      ...('problem' in rules && { problem: rules.problem }),
    };
  }

  /** Whether the organisation is known to permit passing mail on unopened. `from`: as it stands in the window. */
  async mayForward(from: string): Promise<boolean> {
    const address = addressOf(from);
    if (address === undefined || await this.#parts.identities.signer(address) === undefined) return false;
    const rules = await this.#permitted(address);
    return !('problem' in rules) && rules.modes.includes('forward');
  }

  async #permitted(address: string): Promise<SendingPolicy | { readonly problem: string }> {
    const now = this.#parts.ports.clock.now().getTime();
    let known = this.#known.get(address);
    if (known === undefined || Math.abs(now - known.at) > MAX_AGE) {
      known = { at: now, policy: this.#ask(address) };
      this.#known.set(address, known);
    }
    try {
      return await known.policy;
    } catch (error) {
      this.#known.delete(address); // a failure is not kept
      if (!(error instanceof SsmaxError)) throw error;
      return { problem: error.code };
    }
  }

  /** All recipients are outside SSMAX, and may be written to. */
  async #goesOutside({ to, cc, bcc }: Envelope, signedOnly: readonly string[]): Promise<boolean> {
    const addresses = [...to, ...cc, ...bcc].map(addressOf).filter((address) => address !== undefined);
    if (signedOnly.length === 0 || addresses.length < to.length + cc.length + bcc.length) return false;
    try {
      return await formFor(addresses, await this.#parts.trust.forSealing(), signedOnly) === 'signed-only';
    } catch (error) {
      if (!(error instanceof SsmaxError)) throw error;
      return false; // it will be told why
    }
  }

  async #ask(address: string): Promise<SendingPolicy> {
    const { ports, identities, trust } = this.#parts;
    const credential = await identities.signer(address);
    const configuration = await loadConfiguration(ports);
    if (credential === undefined || configuration === undefined) throw new SsmaxError('fault', 'not-configured');
    return readSendingPolicy({
      http: ports.http, url: configuration.organisationUrl, credential, trust: await trust.get(), clock: ports.clock,
      random: (length) => ports.native.random(length),
    });
  }

  /** The mode last chosen for every one of these recipients, if it was the same; `protect-all` for none of them is no answer. */
  async #remembered({ to, cc, bcc }: Envelope): Promise<WritingMode | undefined> {
    const addresses = [...to, ...cc, ...bcc].map(addressOf);
    const modes = new Set(await Promise.all(addresses.map(async (address) =>
      (address === undefined ? undefined : (await this.#parts.ports.tables.correspondents.get(address))?.mode))));
    const [only] = modes;
    return modes.size === 1 && only !== 'protect-all' ? only : undefined;
  }
}

function addressOf(entry: string): string | undefined {
  try {
    return readMailbox(entry).address;
  } catch {
    return undefined; // still being typed
  }
}

/** What becomes of the mode once it is known what is in the mail: without a file, "attachments only" would protect nothing. */
export function effectiveMode(mode: WritingMode, { attachments }: Pick<Draft, 'attachments'>): WritingMode {
  return mode === 'attachments-only' && attachments.length === 0 ? 'protect-all' : mode;
}

/** Throws `mode-not-allowed`, or why it is not known whether it is allowed. */
export function requirePermitted({ mode, modes, problem }: Plan): void {
  if (modes.includes(mode)) return;
  if (problem !== undefined) throw new SsmaxError('unavailable', problem);
  throw new SsmaxError('refused', 'mode-not-allowed', { mode });
}
