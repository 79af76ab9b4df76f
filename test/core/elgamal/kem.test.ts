import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { decapsulate, encapsulate } from '../../../src/core/elgamal/index.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';

const native = createNodeCrypto();
const label = native.random(32);
const otherLabel: Bytes = native.random(32);

describe('KEM', () => {
  it('gives both sides the same secret', async () => {
    const key = loadPrivateKey(generatePrivateKey());
    const { secret, ...ciphertext } = await encapsulate(native, key.publicKey, label);
    expect(secret).toHaveLength(65);
    expect(await decapsulate(native, key, ciphertext, label)).toEqual(secret);
  });

  it('refuses another label', async () => {
    const key = loadPrivateKey(generatePrivateKey());
    const ciphertext = await encapsulate(native, key.publicKey, label);
    await expect(decapsulate(native, key, ciphertext, otherLabel)).rejects.toMatchObject({ code: 'kem-invalid' });
  });
});
