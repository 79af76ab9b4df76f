/** Whose a key is: what requests that a member signs, renewal and recovery rest on. */
import { type Bytes, equal } from '../../core/bytes.ts';
import { parseSignedData, verifySignedObject } from '../../core/cms/signed-data.ts';
import { refused } from '../../core/error.ts';
import { OID } from '../../core/oids.ts';
import { type Certificate, parseCertificate } from '../../core/pki/certificate.ts';
import type { z } from 'zod';
import { decodeJson } from '../../wire/json.ts';
import { REQUEST_SKEW } from '../../wire/member-requests.ts';
import type { Store } from './tables.ts';

export interface KeyHolder {
  /** As it signed; of the same key, another may have been issued since. */
  readonly certificate: Certificate;
  /** The registry person. */
  readonly member: string;
}

export interface MemberKeys {
  /**
   * Reads a request that a member's key signed, with a certificate of this organisation that is neither revoked nor suspended (it
   * may have expired). Throws `request-invalid`, `clock-wrong`, `certificate-revoked`, `certificate-suspended`, `json-invalid`.
   */
  read<T extends { audience: string; time: Date }>(der: Bytes, schema: z.ZodType<T>, now: Date): Promise<{ request: T; holder: KeyHolder }>;
  /** The registry person that this key was certified for, at any time. */
  personOfKey(spkiHash: Bytes): Promise<string | undefined>;
}

/** `organisation` is its identifier. */
export function createMemberKeys(store: Store, organisation: string): MemberKeys {
  async function issued(der: Bytes): Promise<KeyHolder> {
    const certificate = parseCertificate(der);
    const row = await store.query.selectFrom('certificates').select(['der', 'member', 'revoked', 'reason'])
      .where('serial', '=', certificate.serial).where('role', '=', 'user').executeTakeFirst();
    if (row === undefined || row.member === null || !equal(row.der, der)) throw refused('request-invalid', { what: 'certificate' });
    if (row.revoked !== null) {
      throw refused(row.reason === 'certificateHold' ? 'certificate-suspended' : 'certificate-revoked', { date: new Date(row.revoked).toISOString() });
    }
    return { certificate, member: row.member };
  }

  return {
    async read(der, schema, now) {
      const signed = parseSignedData(der);
      const [first] = signed.certificates;
      if (first === undefined) throw refused('request-invalid', { what: 'certificate' });
      const holder = await issued(first);
      await verifySignedObject(signed, { contentType: OID.userRequest, certificate: first, publicKey: holder.certificate.publicKey });
      const request = decodeJson(schema, signed.eContent);
      if (request.audience !== organisation) throw refused('request-invalid', { what: 'audience' });
      if (Math.abs(now.getTime() - request.time.getTime()) > REQUEST_SKEW) throw refused('clock-wrong');
      return { request, holder };
    },

    async personOfKey(spkiHash) {
      const row = await store.query.selectFrom('certificates').select('member')
        .where('spki_hash', '=', spkiHash).where('role', '=', 'user').where('member', 'is not', null).executeTakeFirst();
      return row?.member ?? undefined;
    },
  };
}
