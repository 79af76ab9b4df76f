import { describe, expect, it } from 'vitest';
import {
  applyReencryption,
  decapsulate,
  encapsulate,
  reencrypt,
  type ReencryptionClaim,
  verifyReencryption,
  verifyReencryptions,
} from '../../../src/core/elgamal/index.ts';
import { createNodeCrypto, generatePrivateKey, loadOrganisationKey, loadPrivateKey } from '../../../src/platform/node-crypto.ts';

const native = createNodeCrypto();

describe('re-encryption', () => {
  it('keeps the secret and opens for each target', async () => {
    const organisation = loadOrganisationKey(generatePrivateKey());
    const members = [loadPrivateKey(generatePrivateKey()), loadPrivateKey(generatePrivateKey())];
    const oldLabelDigest = native.random(32);
    const { secret, ...old } = await encapsulate(native, organisation.publicKey, oldLabelDigest);
    const targets = members.map(({ publicKey }) => ({ publicKey, labelDigest: native.random(32) }));
    const answers = await reencrypt(native, organisation, old.c1, oldLabelDigest, targets);
    expect(answers).toHaveLength(2);
    const claims: ReencryptionClaim[] = [];
    for (const [i, answer] of answers.entries()) {
      const [target, member] = [targets[i], members[i]];
      if (target === undefined || member === undefined) throw new Error('missing');
      const claim = {
        publicKey: organisation.publicKey, target: target.publicKey, c1: old.c1,
        oldLabelDigest, newLabelDigest: target.labelDigest, answer,
      };
      claims.push(claim);
      await verifyReencryption(native, claim);
      const { c1prime: c1, d, u, w, v, f } = answer;
      const c2 = applyReencryption(old.c2, d);
      expect(await decapsulate(native, member, { c1, c2, u, w, v, f }, target.labelDigest)).toEqual(secret);
    }
    expect(await verifyReencryptions(native, claims)).toEqual([]);
    const [first, second] = claims;
    if (first === undefined || second === undefined) throw new Error('missing');
    expect(await verifyReencryptions(native, [first, { ...second, answer: first.answer }, first])).toEqual([1]);
  });
});
