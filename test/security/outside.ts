/** What everybody does in the tests of mail to readers outside SSMAX. */
import type { Bytes } from '../../src/core/bytes.ts';
import { issueMailSigner } from '../../src/core/pki/issue.ts';
import { createKeyService } from '../../src/flow/key-service.ts';
import type { Credential, OutsideSigner } from '../../src/flow/ports.ts';
import { sealMixed } from '../../src/flow/seal.ts';
import { buildMixed, type InnerMail } from '../../src/mail/build.ts';
import { generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { native, NOW, type TestOrganisation } from '../flow/world.ts';
import { attachment } from './modes.ts';
import { CANARY, type Scene, TARO } from './scene.ts';

export const MIKA = 'mika@outside.example';
export const NORI = 'nori@elsewhere.example';

const DAY = 86_400_000;

/** From now on the organisation's mail goes outside, signed only, to domains of these patterns. Gives who signs. */
export function allowOutside(organisation: TestOrganisation, signedOnly: readonly string[], now = NOW): OutsideSigner {
  const key = loadPrivateKey(generatePrivateKey());
  const made = new Map<string, Credential>();
  const outside: OutsideSigner = {
    signedOnly,
    async credentialFor(address) {
      const credential = made.get(address) ?? { key, certificate: await issueMailSigner({
        publicKey: key.publicKey, issuer: organisation.issuer, random: (length) => native.random(length), email: address,
        validity: { notBefore: new Date(now.getTime() - DAY), notAfter: new Date(now.getTime() + DAY) },
      }) };
      made.set(address, credential);
      return credential;
    },
  };
  organisation.service = createKeyService({ ...organisation.serviceParts, modes: ['protect-all'], outside });
  organisation.parts = { ...organisation.parts, keyServer: organisation.service };
  return outside;
}

/** Leg 1 of taro, with Japanese text and a file. */
export async function sealOutside(
  { taro, hinode, world }: Scene, to: readonly string[], hidden: readonly string[] = [], changes: Partial<InnerMail> = {},
): Promise<Bytes> {
  const mail = buildMixed('sign-only', {
    from: { address: TARO, displayName: '' }, to: to.map((address) => ({ address, displayName: '' })), subject: 'Estimate', date: NOW, text: `${CANARY}\nお世話になっております。`,
    attachments: [attachment()], transport: '7bit', ...changes,
  }, (length) => native.random(length));
  const { cms } = await sealMixed(native, {
    mode: 'sign-only', mail, recipients: [...to, ...hidden], hidden, sender: taro, organisation: hinode.issuer.certificate, signingTime: world.now,
  });
  return cms;
}
