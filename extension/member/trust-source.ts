/**
 * Directory and revocation lists, fetched from the own organisation and verified up to the pinned root. They are kept in
 * memory for a minute only: whoever blocks a revocation list gets "cannot check now", never an old "verified". How new they
 * were is remembered for ever: whoever plays back older ones, still in date, gets the same.
 */
import { hex } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/core/digest.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { fetchTrust } from '../../src/flow/enrol.ts';
import { createTrustCache, requireSuccessor, type Trust, trustMarks } from '../../src/flow/trust.ts';
import { loadConfiguration } from './configuration.ts';
import type { MemberPorts } from './ports.ts';
import type { Configuration } from './records.ts';

/** Milliseconds. */
const MAX_AGE = 60_000;

export class TrustSource {
  readonly #ports: MemberPorts;
  readonly #cache = createTrustCache();
  #last: { readonly at: number; readonly by: string; readonly trust: Promise<Trust> } | undefined;

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
    const by = `${configuration.organisationUrl} ${hex(configuration.root)}`;
    const last = this.#last;
    if (last !== undefined && last.by === by && Math.abs(now.getTime() - last.at) < MAX_AGE) return last.trust;
    const trust = this.#fetch(configuration, now);
    this.#last = { at: now.getTime(), by, trust };
    // A failure is not kept: the next mail asks again.
    trust.catch(() => { if (this.#last?.trust === trust) this.#last = undefined; });
    return trust;
  }

  async #fetch({ organisationUrl, root }: Configuration, now: Date): Promise<Trust> {
    const { http, tables } = this.#ports;
    const { trust } = await fetchTrust(http, organisationUrl, root, now, this.#cache);
    const name = hex(await sha256(root));
    const known = await tables.trust.get(name);
    await requireSuccessor(trust, known);
    const marks = trustMarks(trust);
    await tables.trust.put(name, { ...marks, crls: new Map([...(known?.crls ?? []), ...marks.crls]) });
    return trust;
  }
}

/** For readers, who are told why there is no trust rather than stopped. */
export async function trustOrReason(source: TrustSource): Promise<Trust | SsmaxError> {
  try {
    return await source.get();
  } catch (error) {
    if (!(error instanceof SsmaxError)) throw error;
    return error.kind === 'unavailable' ? error : new SsmaxError('unavailable', error.code, error.params, { cause: error });
  }
}
