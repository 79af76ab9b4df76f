/**
 * `npm run bench [-- 5a 5b]`: the bars of docs/performance.md, as ratios within one run. It asserts nothing: a busy machine proves
 * nothing. The peers are dependencies of this benchmark only.
 */
import { p256 } from '@noble/curves/nist.js';
import * as openpgp from 'openpgp';
import PostalMime from 'postal-mime';
import * as umbral from '@nucypher/umbral-pre';
import { type Bytes, concat } from '../src/core/bytes.ts';
import { sha256 } from '../src/core/digest.ts';
import { applyReencryption, decapsulateVerified, encapsulate, reencrypt, verifyReencryptions } from '../src/core/elgamal/index.ts';
import { judgeMail } from '../src/flow/open.ts';
import { relay } from '../src/flow/relay.ts';
import { sealMail } from '../src/flow/seal.ts';
import { buildInner } from '../src/mail/build.ts';
import { buildCarrier, mailBytes } from '../src/mail/carrier.ts';
import { parseMime } from '../src/mail/mime.ts';
import { createNodeCrypto, generatePrivateKey, loadOrganisationKey, loadPrivateKey } from '../src/platform/node-crypto.ts';
import { createWorld, NOW } from '../test/flow/world.ts';
import { print, type Row, row } from './measure.ts';

const native = createNodeCrypto();
const rows: Row[] = [];
/** Rows that were asked for by their names; none: all. */
const asked = process.argv.slice(2);
const MEGABYTE = 1024 * 1024;
const { Point } = p256;

async function measure(id: string, ...what: Parameters<typeof row> extends [string, ...infer Rest] ? Rest : never): Promise<void> {
  if (asked.length === 0 || asked.includes(id)) rows.push(await row(id, ...what));
}

/** Rows 1 to 4: the KEM, against the same arithmetic by noble, and against Umbral. */
async function kem(): Promise<void> {
  const organisation = loadOrganisationKey(generatePrivateKey());
  const member = loadPrivateKey(generatePrivateKey());
  const [oldLabel, newLabel] = [await sha256(native.random(8)), await sha256(native.random(8))];
  const sealed = await encapsulate(native, organisation.publicKey, oldLabel);
  const target = { publicKey: member.publicKey, labelDigest: newLabel };
  const point = Point.fromBytes(sealed.c1);
  const scalar = (): bigint => Point.Fn.fromBytes(p256.utils.randomSecretKey());
  const nobleMultiplications = (variable: number, fixed: number): void => {
    for (let i = 0; i < variable; i++) point.multiply(scalar());
    for (let i = 0; i < fixed; i++) Point.BASE.multiply(scalar());
  };
  // a·C1, r′B, U = r′H, V = sH, k_r·B, k_a·C1; r′G, W = sG, k_a·G, k_r·G
  await measure('1', 're-encrypt + proof', 'noble only', 1 / 6, 30, () => reencrypt(native, organisation, sealed.c1, oldLabel, [target]), () => { nobleMultiplications(6, 4); });
  const [answer] = await reencrypt(native, organisation, sealed.c1, oldLabel, [target]);
  if (answer === undefined) throw new Error('no answer');
  const moved = { c1: answer.c1prime, c2: applyReencryption(sealed.c2, answer.d) };
  await measure('2a', 'decapsulate', 'noble only', 1 / 8, 40, () => decapsulateVerified(member, moved), () => { nobleMultiplications(1, 0); });

  const delegating = umbral.SecretKey.random();
  const receiving = umbral.SecretKey.random();
  const signer = new umbral.Signer(umbral.SecretKey.random());
  const [capsule, ciphertext] = umbral.encrypt(delegating.publicKey(), native.random(32));
  const [fragment] = umbral.generateKFrags(delegating, receiving.publicKey(), signer, 1, 1, true, true);
  if (fragment === undefined) throw new Error('no key fragment');
  const capsuleFragment = umbral.reencrypt(capsule, fragment);
  // Verifying uses a fragment up: each turn reads it anew.
  const fragmentBytes = umbral.reencrypt(capsule, fragment).unverify().toBytes();
  await measure('2b', 'decapsulate', 'Umbral decrypt_reencrypted', 1 / 2.8, 40, () => decapsulateVerified(member, moved),
    () => umbral.decryptReencrypted(receiving, delegating.publicKey(), capsule, [capsuleFragment], ciphertext));
  await measure('3', 'encapsulate + label proof', 'Umbral encrypt + capsule check', 1, 40, () => encapsulate(native, organisation.publicKey, oldLabel),
    () => umbral.Capsule.fromBytes(umbral.encrypt(delegating.publicKey(), native.random(32))[0].toBytes()));
  const claim = { publicKey: organisation.publicKey, target: member.publicKey, c1: sealed.c1, oldLabelDigest: oldLabel, newLabelDigest: newLabel, answer };
  const check = (): unknown => umbral.CapsuleFrag.fromBytes(fragmentBytes).verify(capsule, signer.verifyingKey(), delegating.publicKey(), receiving.publicKey());
  await measure('4a', 'verify both proofs of a re-encryption', 'Umbral cfrag.verify', 0.75, 40, () => verifyReencryptions(native, [claim]), check);
  const batch = Array.from({ length: 64 }, () => claim);
  await measure('4b', 'the same, 64 at once', '64 times', 0.4, 5, () => verifyReencryptions(native, batch), () => { for (let i = 0; i < 64; i++) check(); });
  if (asked.length > 0 && !asked.includes('11')) return;
  const many = Array.from({ length: 16 }, () => target);
  const [one, sixteen] = [await time(() => reencrypt(native, organisation, sealed.c1, oldLabel, [target])), await time(() => reencrypt(native, organisation, sealed.c1, oldLabel, many))];
  rows.push({ id: '11', what: 'each further recipient', against: 'bar of 0.6 ms', ours: (sixteen - one) / 15, theirs: 0.6, ratio: (sixteen - one) / 15 / 0.6, bar: 1 });
}

async function time(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 11; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[5] ?? NaN;
}

/** Rows 5 to 8: whole mails. */
async function mails(): Promise<void> {
  const world = await createWorld();
  const organisation = await world.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  const taro = await world.addUser(organisation, 'taro@hinode.example', '山田 太郎');
  const yuki = await world.addUser(organisation, 'yuki@hinode.example', '鈴木 雪');
  const trust = await world.trust();
  const random = (length: number): Bytes => native.random(length);
  const { privateKey, publicKey } = await openpgp.generateKey({ type: 'ecc', curve: 'nistP256', userIDs: [{ email: 'taro@hinode.example' }], format: 'object' });
  for (const [size, rounds] of [[25 * MEGABYTE, 5], [1024, 30]] as const) {
    const name = size > MEGABYTE ? '25 MB' : '1 KB';
    const bytes = concat(...Array.from({ length: Math.max(1, size / MEGABYTE) }, () => random(Math.min(size, MEGABYTE))));
    const seal = async (): Promise<Bytes> => {
      const entity = buildInner({
        from: { address: 'taro@hinode.example', displayName: '' }, to: [{ address: 'yuki@hinode.example', displayName: '' }], subject: 'x', date: NOW, text: 'x',
        attachments: [{ name: 'a.bin', type: 'application/octet-stream', bytes }],
      }, random);
      return (await sealMail(native, {
        entity, recipients: ['yuki@hinode.example'], hidden: [], sender: taro, organisation: organisation.issuer.certificate, signingTime: NOW,
      })).cms;
    };
    const { departures: [departure] } = await relay(organisation.parts, 'submission', {
      cms: await seal(), recipients: ['yuki@hinode.example'], from: 'taro@hinode.example', visible: ['yuki@hinode.example'],
    });
    if (departure === undefined) throw new Error('no departure');
    const raw = mailBytes(buildCarrier([['From', 'taro@hinode.example'], ['To', 'yuki@hinode.example'], ['Subject', 'x']], departure.cms));
    const open = (): Promise<unknown> => judgeMail(raw, { native, credentials: [yuki], addresses: ['yuki@hinode.example'], trust, now: NOW });
    const key = await crypto.subtle.importKey('raw', random(32), 'AES-GCM', false, ['encrypt']);
    const physical = async (): Promise<void> => {
      await crypto.subtle.digest('SHA-256', bytes);
      await crypto.subtle.encrypt({ name: 'AES-GCM', iv: random(12) }, key, bytes);
    };
    const pgpSeal = async (): Promise<Uint8Array> => (await openpgp.encrypt({
      message: await openpgp.createMessage({ binary: bytes }), encryptionKeys: publicKey, signingKeys: privateKey, format: 'binary',
    })) as Uint8Array;
    const pgp = await pgpSeal();
    const pgpOpen = async (): Promise<unknown> => {
      const { signatures } = await openpgp.decrypt({
        message: await openpgp.readMessage({ binaryMessage: pgp }), decryptionKeys: privateKey, verificationKeys: publicKey, format: 'binary',
      });
      return signatures[0]?.verified;
    };
    if (size > MEGABYTE) {
      await measure('5a', `seal ${name}`, 'SHA-256 + AES-256-GCM', 2, rounds, seal, physical);
      await measure('5b', `verify and open ${name}`, 'SHA-256 + AES-256-GCM', 2, rounds, open, physical);
    }
    await measure(size > MEGABYTE ? '6a' : '7a', `seal ${name}`, 'OpenPGP.js', 0.5, rounds, seal, pgpSeal);
    await measure(size > MEGABYTE ? '6b' : '7b', `verify and open ${name}`, 'OpenPGP.js', 0.5, rounds, open, pgpOpen);
    if (size > MEGABYTE) await measure('8', `parse the carrier of ${name}`, 'postal-mime', 0.1, rounds, () => parseMime(raw, 'outer').children.map((part) => part.body()), () => PostalMime.parse(raw));
  }
}

await kem();
await mails();
print(rows);
