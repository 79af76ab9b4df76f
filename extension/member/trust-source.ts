/**
 * Directory and revocation lists, fetched from the own organisation and verified up to the pinned root. They are kept in
 * memory for a minute only: whoever blocks a revocation list gets "cannot check now", never an old "verified". How new they
 * were is remembered for ever: whoever plays back older ones, still in date, gets the same. Copies are kept for one use alone: sealing
 * what waits in the outbox while this computer works offline (decision 66).
 */
import { hex } from '../../src/core/bytes.ts';
import { sha256 } from '../../src/core/digest.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { fetchTrust } from '../../src/flow/enrol.ts';
import type { Http } from '../../src/flow/ports.ts';
import { createTrustCache, laterMarks, requireSuccessor, type Trust, trustMarks } from '../../src/flow/trust.ts';
import { INDEX_FILE } from '../../src/wire/directory-index.ts';
import { loadConfiguration } from './configuration.ts';
import type { MemberPorts } from './ports.ts';
import type { Configuration } from './records.ts';

/** Milliseconds. */
const MAX_AGE = 60_000;
/** What comes in has the directory fetched again no more often than this. */
const ASK_AGAIN = 10_000;
const KEPT = 30 * 86_400_000;
const FILE = /\/ssmax\/v1\/directory\/files\/[0-9a-f]+$/;

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

  /** Fetches again, unless that was done moments ago; whether there is a newer directory now than this trust's. */
  async newerThan(used: Trust): Promise<boolean> {
    const last = this.#last;
    if (last !== undefined && Math.abs(this.#ports.clock.now().getTime() - last.at) > ASK_AGAIN) this.#last = undefined;
    try {
      return (await this.get()).directory.issued > used.directory.issued;
    } catch {
      return false; // what was found stands
    }
  }

  /**
   * For sealing. The same, but while this computer works offline it is what was fetched last, verified anew, for as long as it is in date:
   * the mail waits, and its gateway judges by what holds when it goes. Never for a verdict.
   */
  async forSealing(): Promise<Trust> {
    try {
      return await this.get();
    } catch (error) {
      const configuration = await loadConfiguration(this.#ports);
      const away = error instanceof SsmaxError && error.code === 'network-unreachable' && this.#ports.offline?.() === true;
      if (!away || configuration === undefined) throw error;
      const { organisationUrl, root } = configuration;
      const { trust } = await fetchTrust(fromCopies(this.#ports), organisationUrl, root, this.#ports.clock.now());
      await requireSuccessor(trust, await this.#ports.tables.trust.get(hex(await sha256(root))));
      return trust;
    }
  }

  async #fetch({ organisationUrl, root }: Configuration, now: Date): Promise<Trust> {
    const { tables } = this.#ports;
    const { published: { directory, authorityCrl, organisationCrl }, trust } = await fetchTrust(keepingFiles(this.#ports), organisationUrl, root, now, this.#cache);
    const name = hex(await sha256(root));
    await requireSuccessor(trust, await tables.trust.get(name));
    await tables.trust.change(name, (known) => laterMarks(trustMarks(trust), known));
    for (const [path, body] of [[`/ssmax/v1/directory/${INDEX_FILE}`, directory.index], ['/ssmax/v1/crl/authority', authorityCrl], ['/ssmax/v1/crl/organisation', organisationCrl]] as const) {
      const url = `${organisationUrl}${path}`;
      await tables.copies.put(url, { url, at: now, body });
    }
    return trust;
  }
}

type CopyPorts = Pick<MemberPorts, 'http' | 'tables' | 'clock'>;

/** Keeps the directory's files, each of which is known by its digest; those that nobody fetched for a long time go. */
function keepingFiles({ http, tables: { copies }, clock }: CopyPorts): Http {
  return async (request) => {
    const answer = await http(request);
    const { url } = request;
    if (!FILE.test(url) || answer.status !== 200) return answer;
    const now = clock.now();
    for (const copy of await copies.all()) if (FILE.test(copy.url) && now.getTime() - copy.at.getTime() > KEPT) await copies.remove(copy.url);
    await copies.put(url, { url, at: now, body: answer.body });
    return answer;
  };
}

function fromCopies({ tables: { copies } }: CopyPorts): Http {
  return async ({ url }) => {
    const copy = await copies.get(url);
    if (copy === undefined) throw new SsmaxError('unavailable', 'network-unreachable', { url });
    return { status: 200, header: () => undefined, body: copy.body };
  };
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
