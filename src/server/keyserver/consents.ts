/** Consents to inspection that an ISP's members gave and withdrew (docs/protocol.md §9.4). */
import { type Bytes, equal, hex } from '../../core/bytes.ts';
import { sha256 } from '../../core/digest.ts';
import { refused, SsmaxError } from '../../core/error.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import type { Clock, Consents, Members } from '../../flow/ports.ts';
import type { ConsentStatement } from '../../wire/consent.ts';
import type { Direction } from '../../wire/leg.ts';
import { appendAuditIn } from '../shared/audit-chain.ts';
import type { Store } from './tables.ts';

export interface ConsentState {
  readonly address: string;
  readonly number: number;
  readonly outbound: boolean;
  readonly inbound: boolean;
}

export interface ConsentStore extends Consents {
  /** What the holder of this certificate last said. Throws `request-invalid` for a certificate that is not in force. */
  state(certificate: Certificate): Promise<ConsentState>;
  /**
   * Keeps a statement whose signature by `certificate` was verified. The same one again changes nothing. Throws
   * `request-invalid`, `consent-superseded` (its number is not the next one: an old statement, or another device was first).
   */
  keep(statement: ConsentStatement, der: Bytes, certificate: Certificate): Promise<ConsentState>;
}

export function createConsents(store: Store, members: Members, clock: Clock): ConsentStore {
  /** The member behind a certificate that is in force now. */
  async function holder({ serial }: Certificate): Promise<string> {
    const row = await store.query.selectFrom('certificates').select(['member', 'revoked', 'not_after']).where('serial', '=', serial).where('role', '=', 'user').executeTakeFirst();
    const inForce = row !== undefined && row.revoked === null && row.not_after > clock.now().getTime();
    if (!inForce || row.member === null) throw refused('request-invalid', { what: 'certificate' });
    return row.member;
  }

  async function last(address: string, member: string) {
    return store.query.selectFrom('consents').selectAll().where('address', '=', address).where('member', '=', member)
      .orderBy('number', 'desc').executeTakeFirst();
  }

  async function stateOf(address: string, member: string): Promise<ConsentState> {
    const row = await last(address, member);
    return { address, number: row?.number ?? 0, outbound: row?.outbound === 1, inbound: row?.inbound === 1 };
  }

  /** The statement by which this member's mail may be inspected, if there is one and its key was not lost before it was made. */
  async function statementFor(direction: Direction, address: string, member: string): Promise<Bytes | undefined> {
    const row = await last(address, member);
    if (row === undefined || row[direction] !== 1) return undefined;
    const certificate = await store.query.selectFrom('certificates').select(['revoked', 'invalid_since']).where('serial', '=', row.serial).executeTakeFirst();
    const { revoked = null, invalid_since: invalid = null } = certificate ?? {};
    const since = Math.min(revoked ?? Infinity, invalid ?? Infinity);
    return certificate === undefined || since <= row.at ? undefined : row.statement;
  }

  return {
    async given(direction, address) {
      const holders = new Map<string, { address: string; member: string }>();
      for (const { mailbox, certificates } of await members.expand(address)) {
        // Nobody has a key for it yet: nobody has spoken for it either.
        if (certificates.length === 0) return [];
        for (const der of certificates) {
          const member = await holder(parseCertificate(der)).catch(() => undefined);
          if (member === undefined) return [];
          holders.set(`${mailbox} ${member}`, { address: mailbox, member });
        }
      }
      const statements = await Promise.all([...holders.values()].map((one) => statementFor(direction, one.address, one.member)));
      const given = statements.filter((one) => one !== undefined);
      return given.length === statements.length ? given : [];
    },

    async state(certificate) {
      return stateOf(certificate.emails[0] ?? '', await holder(certificate));
    },

    async keep(statement, der, certificate) {
      const member = await holder(certificate);
      const { address, number } = statement;
      if (certificate.emails[0] !== address) throw refused('request-invalid', { what: 'address' });
      const before = await last(address, member);
      if (before !== undefined && equal(before.statement, der)) return stateOf(address, member); // its answer was lost
      if (number !== (before?.number ?? 0) + 1) throw refused('consent-superseded', { number: before?.number ?? 0 });
      const [outbound, inbound] = [statement.outbound ? 1 : 0, statement.inbound ? 1 : 0];
      const statementHash = hex(await sha256(der));
      await store.transaction(async (tx) => {
        const added = await tx.insertInto('consents')
          .values({ address, member, number, outbound, inbound, statement: der, serial: certificate.serial, at: statement.time.getTime() })
          .onConflict((conflict) => conflict.columns(['address', 'member', 'number']).doNothing()).executeTakeFirst();
        if (added.numInsertedOrUpdatedRows === 0n) throw refused('consent-superseded', { number });
        await appendAuditIn(tx, clock.now(), 'consent', { member, number, outbound, inbound, statement: statementHash });
      });
      return stateOf(address, member);
    },
  };
}

/** Only at an ISP is there anything to consent to. Throws `consent-not-applicable`. */
export function requireIsp(type: 'organisation' | 'isp' | undefined): void {
  if (type === undefined) throw new SsmaxError('unavailable', 'organisation-unknown');
  if (type !== 'isp') throw refused('consent-not-applicable');
}
