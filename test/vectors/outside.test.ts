/** test/vectors/outside.json: signed-only mail out, consent, and the report on a mail from outside. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { equal, hex, utf8 } from '../../src/core/bytes.ts';
import { parseSignedData, verifySignedObject } from '../../src/core/cms/signed-data.ts';
import { OID } from '../../src/core/oids.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { judgeMail } from '../../src/flow/open.ts';
import { departOutside } from '../../src/flow/outside-signature.ts';
import { REPORT_FIELD } from '../../src/flow/outside-report.ts';
import { loadTrust, type Trust } from '../../src/flow/trust.ts';
import { verifyLeg } from '../../src/flow/verify-leg.ts';
import { mailBytes } from '../../src/mail/carrier.ts';
import { clearSigned } from '../../src/mail/clear-signed.ts';
import { mailDigest } from '../../src/mail/outside-digest.ts';
import { createNodeCrypto } from '../../src/platform/node-crypto.ts';
import { consentStatementSchema } from '../../src/wire/consent.ts';
import { decodeJson, toBase64 } from '../../src/wire/json.ts';
import { base64Bytes, hexBytes, load, sourceOf } from './load.ts';

const { now: at, trust: material, signedOnly, consent, report } = load('outside', {
  now: z.string(),
  trust: z.strictObject({ root: base64Bytes, directory: base64Bytes, files: z.record(z.string(), base64Bytes), crls: z.array(base64Bytes) }),
  signedOnly: z.strictObject({
    leg: base64Bytes, clear: base64Bytes, answer: z.strictObject({ signedAttrs: base64Bytes, signature: base64Bytes, certificate: base64Bytes }),
    boundary: z.string(), smime: base64Bytes, mail: base64Bytes,
  }),
  consent: z.strictObject({ statement: base64Bytes, fields: z.record(z.string(), z.unknown()) }),
  report: z.strictObject({ mail: base64Bytes, mailDigest: hexBytes, object: base64Bytes, reader: z.string() }),
});
const now = new Date(at);
const trust = (): Promise<Trust> => loadTrust({ ...material, directory: sourceOf(material.directory, material.files) }, now);

describe('outside.json', () => {
  test('a gateway that gets this answer sends this mail', async () => {
    const known = await trust();
    const leg = await verifyLeg(signedOnly.leg, known, now, 'now');
    const organisation = parseCertificate(leg.organisation.certificate);
    const [made] = await departOutside({ leg, verdicts: [], organisation, trust: known, now, sign: () => Promise.resolve(signedOnly.answer) }, [{ recipients: leg.leg.recipients }]);
    expect(hex(made?.clear ?? new Uint8Array(0))).toBe(hex(signedOnly.clear));
    expect(hex(made?.cms ?? new Uint8Array(0))).toBe(hex(signedOnly.smime));
    const header = utf8('From: taro@hinode.example\r\nTo: mika@outside.example\r\nSubject: Estimate\r\n\r\n');
    expect(equal(mailBytes(clearSigned(header, signedOnly.clear, signedOnly.smime, signedOnly.boundary)), signedOnly.mail)).toBe(true);
  });

  test('a consent says this, by its member', async () => {
    const signed = parseSignedData(consent.statement);
    const member = parseCertificate(signed.certificates[0] ?? new Uint8Array(0));
    await verifySignedObject(signed, { contentType: OID.userRequest, certificate: member.der, publicKey: member.publicKey });
    const { time, nonce, ...fields } = decodeJson(consentStatementSchema, signed.eContent);
    expect({ ...fields, time: time.toISOString(), nonce: hex(nonce) }).toEqual(consent.fields);
    expect(member.emails).toEqual([fields.address]);
  });

  test('a report is believed of this mail, and of no other', async () => {
    expect(hex(await mailDigest(report.mail))).toBe(hex(report.mailDigest));
    const field = utf8(`${REPORT_FIELD}: ${toBase64(report.object)}\r\n`);
    const judge = async (mail: string) => judgeMail(utf8(new TextDecoder().decode(field) + mail), {
      native: createNodeCrypto(), credentials: [], addresses: [report.reader], trust: await trust(), now,
    });
    const text = new TextDecoder().decode(report.mail);
    expect(await judge(text)).toMatchObject({ state: 'outside', report: { by: 'gateway', dmarc: { result: 'pass', domain: 'outside.example' } } });
    expect(await judge(text.replace('hello', 'hullo'))).toMatchObject({ state: 'outside', detail: 'outside-report-invalid' });
  });
});
