import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Bytes, hex } from '../../../src/core/bytes.ts';
import { type Certificate, parseCertificate } from '../../../src/core/pki/certificate.ts';
import { decodeCertsOnly } from '../../../src/core/pki/certs-only.ts';
import { checkRevocation, parseCrl } from '../../../src/core/pki/crl.ts';
import { parseCsr } from '../../../src/core/pki/csr.ts';
import { validatePath } from '../../../src/core/pki/path.ts';
import { expectCode } from './expect-code.ts';
import type { PkiVectors } from './vectors.ts';

const vectors = JSON.parse(readFileSync(new URL('../../vectors/pki.json', import.meta.url), 'utf8')) as PkiVectors;
const bytes = (base64: string): Bytes => Uint8Array.from(Buffer.from(base64, 'base64'));
const certificate = (base64: string): Certificate => parseCertificate(bytes(base64));

/** A certificate's fields as the vectors spell them. */
function spell(value: unknown): unknown {
  return value instanceof Date ? value.toISOString() : value instanceof Uint8Array ? hex(value) : value;
}

describe('test/vectors/pki.json', () => {
  test.each(vectors.certificates)('certificate: $name → $expected', async ({ der, expected, fields = {} }) => {
    if (expected !== 'ok') return expectCode(() => certificate(der), expected);
    const parsed = certificate(der);
    const all = new Map(Object.entries({ ...parsed, ...parsed.nameConstraints }));
    for (const [name, value] of Object.entries(fields)) expect(spell(all.get(name)), name).toEqual(value);
  });

  test.each(vectors.paths)('path: $name → $expected', async ({ leaf, intermediates, root, at, role, expected }) => {
    const validate = () =>
      validatePath({ leaf: certificate(leaf), intermediates: intermediates.map(certificate), root: certificate(root), at: new Date(at), role });
    if (expected === 'ok') expect((await validate()).leaf.der).toEqual(bytes(leaf));
    else await expectCode(validate, expected);
  });

  test.each(vectors.crls)('CRL: $name → $expected', async (vector) => {
    const check = async () =>
      checkRevocation({ certificate: certificate(vector.certificate), issuer: certificate(vector.issuer), crl: parseCrl(bytes(vector.crl)), at: new Date(vector.at) });
    if (vector.expected !== 'good' && vector.expected !== 'revoked') return expectCode(check, vector.expected, 'unavailable');
    const found = new Map(Object.entries(await check()));
    expect(found.get('status')).toBe(vector.expected);
    for (const [name, value] of Object.entries(vector.revocation ?? {})) expect(spell(found.get(name)), name).toEqual(value);
  });

  test.each(vectors.csrs)('request: $name → $expected', async ({ der, expected, fields }) => {
    if (expected !== 'ok') return expectCode(() => parseCsr(bytes(der)), expected);
    const { publicKey, subject, emails } = await parseCsr(bytes(der));
    expect({ publicKey: hex(publicKey), ...subject, emails }).toEqual(fields);
  });

  test.each(vectors.certsOnly)('certs-only: $name', ({ der, certificates }) => {
    expect(decodeCertsOnly(bytes(der)).map((one) => hex(parseCertificate(one).sha256)).sort()).toEqual(certificates);
  });
});
