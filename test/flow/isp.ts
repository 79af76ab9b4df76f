/** What a member of an ISP says about inspection, signed as the product does it. */
import type { Bytes } from '../../src/core/bytes.ts';
import { signObject } from '../../src/core/cms/signed-data.ts';
import { OID } from '../../src/core/oids.ts';
import type { Credential } from '../../src/flow/ports.ts';
import type { ConsentStatement } from '../../src/wire/consent.ts';
import { encodeJson } from '../../src/wire/json.ts';
import { native, NOW, type TestOrganisation } from './world.ts';

export function statementOf(organisation: TestOrganisation, { certificate }: Credential, fields: Partial<ConsentStatement> = {}): ConsentStatement {
  return {
    type: 'consent', audience: organisation.id, address: certificate.emails[0] ?? '', number: 1, outbound: true, inbound: true, time: NOW, nonce: native.random(32), ...fields,
  };
}

export function signStatement(statement: ConsentStatement, { key, certificate }: Credential, type: string = OID.userRequest): Promise<Bytes> {
  return signObject(
    { type, value: encodeJson(statement), signingTime: statement.time },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
}

/** As the organisation's key server would keep it. */
export async function consent(organisation: TestOrganisation, member: Credential, directions: { outbound?: boolean; inbound?: boolean }): Promise<void> {
  const [address = ''] = member.certificate.emails;
  const der = await signStatement(statementOf(organisation, member, { outbound: false, inbound: false, ...directions }), member);
  for (const direction of ['outbound', 'inbound'] as const) {
    organisation.consents.set(`${direction} ${address}`, directions[direction] === true ? [der] : []);
  }
}
