/** Old mail opens again: what was sealed for a former key is asked for once and kept, sealed to the present one. */
import { type Bytes, hex } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import type { Reader } from '../../src/flow/open.ts';
import { requestRecovery } from '../../src/flow/request-recovery.ts';
import type { LegPart, VerifiedLeg } from '../../src/flow/verify-leg.ts';
import { decodeKemct, encodeKemct } from '../../src/wire/kemct.ts';
import { loadConfiguration } from './configuration.ts';
import type { Identities } from './identities.ts';
import type { MemberPorts } from './ports.ts';

/** An organisation that said no is not asked again for a while; milliseconds. */
const PAUSE = 60_000;

interface RecoveryParts {
  readonly ports: MemberPorts;
  readonly identities: Identities;
}

/** For judgeMail. A refusal says why in the judgement's `recovery`. */
export class Recovery {
  readonly #parts: RecoveryParts;
  #refused: { readonly at: number; readonly error: SsmaxError } | undefined;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  readonly recover: NonNullable<Reader['recover']> = async (leg, part) => {
    const { ports, identities } = this.#parts;
    const credential = await identities.signer(holderOf(leg));
    const configuration = await loadConfiguration(ports);
    if (credential === undefined || configuration === undefined) return undefined;
    const name = nameOf(part, credential.certificate.spkiSha256);
    const kept = await ports.tables.recovered.get(name);
    if (kept !== undefined) return { credential, kemct: decodeKemct(kept.kemct) };
    const now = ports.clock.now();
    if (this.#refused !== undefined && now.getTime() - this.#refused.at < PAUSE) throw this.#refused.error;
    try {
      const kemct = await requestRecovery({ native: ports.native, http: ports.http, url: configuration.organisationUrl, now, credential }, leg, part);
      await ports.tables.recovered.put(name, { kemct: encodeKemct(kemct) });
      return { credential, kemct };
    } catch (error) {
      // Of one mail it says nothing about the next.
      if (error instanceof SsmaxError && error.code === 'recovery-not-open') this.#refused = { at: now.getTime(), error };
      throw error;
    }
  };
}

/** Whose mail it is: of leg 3 the mailbox's, of the own copy its sender's. */
function holderOf({ leg }: VerifiedLeg): string {
  return (leg.leg === 3 ? leg.recipients[0] : leg.sender.address) ?? '';
}

function nameOf({ digest }: LegPart, key: Bytes): string {
  return `${hex(digest)}<${hex(key)}`;
}
