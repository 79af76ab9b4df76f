/**
 * Directory and revocation lists, fetched from the own organisation and verified up to the pinned root. They are kept in
 * memory for a minute; where the whole server cannot be reached, mail is read by the last ones until they are out of date, and
 * the reader is told so. Whoever blocks one list gets "cannot check now", never an old "verified". How new they were is
 * remembered for ever: whoever plays back older ones, still in date, gets the same.
 */
import { hex } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/core/digest.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { fetchTrust } from '../../src/flow/enrol.ts';
import type { Http } from '../../src/flow/ports.ts';
import { createTrustCache, loadTrust, requireSuccessor, type Trust, trustMarks } from '../../src/flow/trust.ts';
import { loadConfiguration } from './configuration.ts';
import type { MemberPorts } from './ports.ts';
import type { Configuration } from './records.ts';

export interface TrustForReading {
  /** Or why there is none now, kind unavailable. */
  readonly trust: Trust | SsmaxError;
  /** When it was fetched, where the organisation could not be reached since. */
  readonly from?: Date;
}

/** Something of what was asked for came: then nobody is offline, but somebody holds the rest back. */
const PARTLY = 'partly';

/** Milliseconds. */
const MAX_AGE = 60_000;

export class TrustSource {
  readonly #ports: MemberPorts;
  readonly #cache = createTrustCache();
  #last: { readonly at: number; readonly url: string; readonly trust: Promise<Trust> } | undefined;

  constructor(ports: MemberPorts) {
    this.#ports = ports;
  }

  /**
   * Throws `not-configured` (fault) or why there is nothing to go by now, kind unavailable: `network-unreachable`,
   * `directory-stale`, `crl-missing`, `crl-stale`, `clock-wrong`, `trust-invalid` and others.
   */
  async get(): Promise<Trust> {
    const configuration = await loadConfiguration(this.#ports);
    if (configuration === undefined) throw new SsmaxError('fault', 'not-configured');
    const now = this.#ports.clock.now();
    const last = this.#last;
    if (last !== undefined && last.url === configuration.organisationUrl && Math.abs(now.getTime() - last.at) < MAX_AGE) return last.trust;
    const trust = this.#fetch(configuration, now);
    this.#last = { at: now.getTime(), url: configuration.organisationUrl, trust };
    // A failure is not kept: the next mail asks again.
    trust.catch(() => { if (this.#last?.trust === trust) this.#last = undefined; });
    return trust;
  }

  /**
   * For reading: the same, or what was fetched last where the organisation cannot be reached at all and that is still in date
   * (docs/decisions/0042). `from`: when that was fetched. For sealing nothing but `get` will do.
   */
  async forReading(): Promise<TrustForReading> {
    try {
      return { trust: await this.get() };
    } catch (error) {
      if (!(error instanceof SsmaxError)) throw error;
      const kept = error.code === 'network-unreachable' && error.params[PARTLY] === undefined ? await this.#kept() : undefined;
      if (kept !== undefined) return kept;
      return { trust: error.kind === 'unavailable' ? error : new SsmaxError('unavailable', error.code, error.params, { cause: error }) };
    }
  }

  async #kept(): Promise<TrustForReading | undefined> {
    const configuration = await loadConfiguration(this.#ports);
    if (configuration === undefined) return undefined;
    const { root } = configuration;
    const name = hex(await sha256(root));
    const kept = await this.#ports.tables.published.get(name);
    if (kept === undefined) return undefined;
    try {
      const { directory, crls, at } = kept;
      const trust = await loadTrust({ root, directory, crls }, this.#ports.clock.now(), this.#cache);
      await requireSuccessor(trust, await this.#ports.tables.trust.get(name));
      return { trust, from: at };
    } catch (error) {
      if (error instanceof SsmaxError) return undefined; // out of date: then there is nothing to go by
      throw error;
    }
  }

  async #fetch({ organisationUrl, root }: Configuration, now: Date): Promise<Trust> {
    const { http, tables } = this.#ports;
    const asked: ReturnType<Http>[] = [];
    const noted: Http = (request) => {
      const answer = http(request);
      asked.push(answer);
      return answer;
    };
    const { trust, published } = await fetchTrust(noted, organisationUrl, root, now, this.#cache).catch(async (error: unknown) => {
      const answered = (await Promise.allSettled(asked)).some(({ status }) => status === 'fulfilled');
      if (!answered || !(error instanceof SsmaxError) || error.code !== 'network-unreachable') throw error;
      throw new SsmaxError(error.kind, error.code, { ...error.params, [PARTLY]: 'yes' }, { cause: error });
    });
    const name = hex(await sha256(root));
    const known = await tables.trust.get(name);
    await requireSuccessor(trust, known);
    const marks = trustMarks(trust);
    await tables.trust.put(name, { ...marks, crls: new Map([...(known?.crls ?? []), ...marks.crls]) });
    await tables.published.put(name, { directory: published.directory, crls: [published.authorityCrl, published.organisationCrl], at: now });
    return trust;
  }
}
