import { describe, expect, it } from 'vitest';
import { verifyEcdsa } from '../../src/core/ecdsa.ts';
import { decapsulate, encapsulate } from '../../src/core/elgamal/index.ts';
import { createNodeCrypto, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { createWebCrypto, generateWebKey, loadWebPrivateKey, splitWebKey } from '../../src/platform/web-crypto.ts';

const native = createWebCrypto();
const label = native.random(32);

describe('keys in WebCrypto', () => {
  it('are not extractable', async () => {
    const { pair } = await generateWebKey();
    for (const key of [pair.ecdh, pair.ecdsa]) {
      expect(key.extractable).toBe(false);
      await expect(crypto.subtle.exportKey('pkcs8', key)).rejects.toThrow();
    }
    expect(pair.ecdh.usages).toEqual(['deriveBits']);
    expect(pair.ecdsa.usages).toEqual(['sign']);
  });

  it('sign and decapsulate with one public key', async () => {
    const { pair } = await generateWebKey();
    const key = await loadWebPrivateKey(native, pair);
    expect(await verifyEcdsa(pair.publicKey, label, await key.sign(label))).toBe(true);
    const { secret, ...ciphertext } = await encapsulate(native, key.publicKey, label);
    expect(await decapsulate(native, key, ciphertext, label)).toEqual(secret);
  });

  it('agree with Node, which opens what the browser sealed and the other way round', async () => {
    const { pair, exportable } = await generateWebKey();
    const web = await loadWebPrivateKey(native, pair);
    const node = loadPrivateKey(new Uint8Array(await crypto.subtle.exportKey('pkcs8', exportable)));
    expect(node.publicKey).toEqual(web.publicKey);
    const fromWeb = await encapsulate(native, web.publicKey, label);
    expect(await decapsulate(createNodeCrypto(), node, fromWeb, label)).toEqual(fromWeb.secret);
    const fromNode = await encapsulate(createNodeCrypto(), web.publicKey, label);
    expect(await decapsulate(native, web, fromNode, label)).toEqual(fromNode.secret);
  });

  it('survive a backup under PBKDF2 and AES-CBC', async () => {
    const { pair, exportable } = await generateWebKey();
    const password = await crypto.subtle.importKey('raw', native.random(16), 'PBKDF2', false, ['deriveKey']);
    const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt: native.random(16), iterations: 600_000 };
    const wrapping = await crypto.subtle.deriveKey(derivation, password, { name: 'AES-CBC', length: 256 }, false, ['wrapKey', 'unwrapKey']);
    const algorithm = { name: 'AES-CBC', iv: native.random(16) };
    const backup = await crypto.subtle.wrapKey('pkcs8', exportable, wrapping, algorithm);
    const restored = await crypto.subtle.unwrapKey('pkcs8', backup, wrapping, algorithm, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
    const key = await loadWebPrivateKey(native, await splitWebKey(restored, pair.publicKey));
    const { secret, ...ciphertext } = await encapsulate(native, pair.publicKey, label);
    expect(await decapsulate(native, key, ciphertext, label)).toEqual(secret);
  });

  it('are refused when a part belongs to another key', async () => {
    const [{ pair: one }, { pair: other }] = await Promise.all([generateWebKey(), generateWebKey()]);
    const mismatch = { kind: 'fault', code: 'key-mismatch' };
    await expect(loadWebPrivateKey(native, { ...one, publicKey: other.publicKey })).rejects.toMatchObject(mismatch);
    await expect(loadWebPrivateKey(native, { ...one, ecdh: other.ecdh })).rejects.toMatchObject(mismatch);
    await expect(loadWebPrivateKey(native, { ...one, ecdsa: other.ecdsa })).rejects.toMatchObject(mismatch);
  });
});
