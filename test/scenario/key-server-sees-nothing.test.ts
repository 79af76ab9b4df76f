/**
 * What really passes between gateway and key server, recorded by a man in the middle who has the TLS keys of both, while
 * mail goes through two organisations' real servers: the key server never gets C2, a wrapped key, ciphertext or content,
 * and no answer of it tells a·C1 or what could be computed from it.
 */
import { join } from 'node:path';
import { p256 } from '@noble/curves/nist.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HINODE, type LocalOrganisation, MALWARE_MARKER, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { startSmtpTap, type SmtpTap } from '../../scripts/world/smtp-tap.ts';
import { type Bytes, concat, hex, utf8 } from '../../src/core/bytes.ts';
import { parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo, unwrapCek } from '../../src/core/cms/kem-recipient-info.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { decapsulateVerified } from '../../src/core/elgamal/index.ts';
import type { OrganisationKey } from '../../src/core/keys.ts';
import { findCarrier } from '../../src/mail/carrier.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { loadOrganisationKey } from '../../src/platform/node-crypto.ts';
import { loadKey } from '../../src/server/shared/keystore.ts';
import { decodeKemct } from '../../src/wire/kemct.ts';
import { decodeLabel } from '../../src/wire/label.ts';
import { byteNeedles, findIn, type Needle, textNeedles } from './byte-search.ts';
import { callCheckpoint } from './checkpoint.ts';
import { Correspondent } from './correspondent.ts';
import { serverIdentities } from './identities.ts';

const CANARY = 'canary-秘密の本文-9e21d7';
const attachment = crypto.getRandomValues(new Uint8Array(20_000));

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let tap: SmtpTap | undefined;
/** Everything that either key server got, and everything it answered. */
let requests: Buffer;
let answers: Buffer;
const recorded = { 'to-server': [] as Buffer[], 'to-client': [] as Buffer[] };
const paths: string[] = [];
const legs: Leg[] = [];

interface Leg {
  readonly name: string;
  readonly cms: Bytes;
  /** The key of the organisation that it goes through next, if any. */
  readonly key?: OrganisationKey;
}

beforeAll(async () => {
  world = await World.open();
  const local = await startLocalWorld(world, [HINODE, TSUKIMI], {
    detour: async (organisation, hop, target) => {
      if (hop !== 'keyServer') return target;
      const port = await world.ports.take();
      await callCheckpoint(world, { port, target }, () => serverIdentities(world, organisation, hop, target, PASSPHRASE), {
        on: async (path, event) => {
          if (event === 'request') paths.push(path);
          return 'pass';
        },
        bytes: (direction, chunk) => recorded[direction].push(chunk),
      });
      return port;
    },
    route: async (domain, port) => {
      if (domain !== TSUKIMI.domain) return port;
      tap = await startSmtpTap(world, port);
      return tap.port;
    },
  });
  const [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  const [taro, yuki, hanako, jiro] = await Promise.all([
    Correspondent.enrol(local, hinode, 'taro'), Correspondent.enrol(local, hinode, 'yuki'),
    Correspondent.enrol(local, tsukimi, 'hanako'), Correspondent.enrol(local, tsukimi, 'jiro'),
  ]);
  const to = [hanako, yuki].map(({ address }) => ({ address, displayName: '' }));
  const all = [hanako, yuki, jiro].map(({ address }) => address);
  const content = { to, subject: 'x', text: CANARY, attachments: [{ name: `${CANARY}.bin`, type: 'application/octet-stream', bytes: attachment }] };
  const keyOf = ({ dir }: LocalOrganisation): OrganisationKey => loadOrganisationKey(loadKey(join(dir, 'organisation.key'), PASSPHRASE));
  const [hinodeKey, tsukimiKey] = [keyOf(hinode), keyOf(tsukimi)];

  const delivered = await taro.seal(content, [jiro.address]);
  expect((await taro.submit(delivered.raw, all)).final.text).toMatch(/^250 /);
  legs.push({ name: 'leg 1', cms: delivered.cms, key: hinodeKey });
  for (const reader of [hanako, yuki, jiro]) {
    const [message] = await reader.receive(1);
    legs.push({ name: `leg 3 to ${reader.address}`, cms: cmsOf(message?.raw) });
  }
  for (const { raw, recipients } of tap?.mails ?? []) legs.push({ name: `leg 2 to ${recipients.join()}`, cms: cmsOf(new Uint8Array(raw)), key: tsukimiKey });
  // Refused on the way: by inspection at either side.
  for (const [name, text] of [['refused outbound', `社外秘 ${CANARY}`], ['refused inbound', `${MALWARE_MARKER} ${CANARY}`]] as const) {
    const sealed = await taro.seal({ ...content, to: to.slice(0, 1), text });
    legs.push({ name, cms: sealed.cms, key: hinodeKey });
    await taro.submit(sealed.raw, [hanako.address]);
  }
  await hinode.postfix.drained(60_000);
  [requests, answers] = [Buffer.concat(recorded['to-server']), Buffer.concat(recorded['to-client'])];
});
afterAll(async () => {
  await world.stop();
});

describe('what the real key servers were sent and answered', () => {
  it('is all of it: every call of every leg, and the search finds what is there', () => {
    expect(legs.map(({ name }) => name).sort()).toEqual([
      'leg 1', 'leg 2 to hanako@tsukimi.example', 'leg 2 to jiro@tsukimi.example', 'leg 3 to hanako@tsukimi.example',
      'leg 3 to jiro@tsukimi.example', 'leg 3 to yuki@hinode.example', 'refused inbound', 'refused outbound',
    ]);
    for (const [path, times] of [['/v1/inspect', 6], ['/v1/transfer', 2], ['/v1/deliver', 3], ['/v1/sign', 5], ['/v1/refusals', 1]] as const) {
      expect(paths.filter((one) => one === path), path).toHaveLength(times);
    }
    for (const { key, cms } of legs.filter(({ key }) => key !== undefined)) {
      const { c1 } = mainRecipient(cms, key);
      expect(findIn(requests, byteNeedles('C1', c1))).not.toEqual([]);
    }
    // C1 of legs 2 and 3 is the key server's own r′G.
    const [leg2] = legs.filter(({ name }) => name.startsWith('leg 2'));
    expect(findIn(answers, byteNeedles('C1', mainRecipient(leg2?.cms ?? new Uint8Array(), leg2?.key).c1))).not.toEqual([]);
  });

  it('holds no C2 and no wrapped key of any leg', () => {
    const needles = legs.flatMap(({ name, cms }) => recipientsOf(cms).flatMap(({ c2, encryptedKey }) => [
      ...byteNeedles(`x(C2) of ${name}`, c2.subarray(1, 33)), ...byteNeedles(`y(C2) of ${name}`, c2.subarray(33)), ...byteNeedles(`wrapped key of ${name}`, encryptedKey),
    ]));
    expect(found(needles)).toEqual([]);
  });

  it('holds no piece of ciphertext', () => {
    for (const { name, cms } of legs.filter(({ name }) => !/leg [23]/.test(name))) {
      const { ciphertext } = parseAuthEnvelopedData(parseSignedData(cms).eContent).body;
      const pieces = Array.from({ length: Math.floor(ciphertext.length / 16) }, (_, index) => byteNeedles(`${name} at ${index * 16}`, ciphertext.subarray(index * 16, index * 16 + 16)));
      expect(found(pieces.flat())).toEqual([]);
    }
  });

  it('holds no content: text, file name, attachment', () => {
    expect(found([...textNeedles('canary', CANARY), ...byteNeedles('attachment', attachment.subarray(0, 32)), ...byteNeedles('attachment', attachment.subarray(10_000, 10_032))])).toEqual([]);
  });

  it('holds no a·C1, no M and no content key: nothing that opens the mail', async () => {
    for (const { name, cms, key } of legs) {
      if (key === undefined) continue;
      const { c1, c2, encryptedKey, ukm } = mainRecipient(cms, key);
      const x = await key.sharedX(c1);
      const aC1 = p256.Point.fromHex(`02${hex(x)}`).toAffine();
      const y = p256.Point.Fp.toBytes(aC1.y);
      const secret = await decapsulateVerified(key, { c1, c2 });
      // The computation is the right one: this secret opens the wrapped key.
      const cek = await unwrapCek(encryptedKey, secret, ukm);
      const needles = [
        ...byteNeedles(`x(aC1) of ${name}`, x), ...byteNeedles(`y(aC1) of ${name}`, new Uint8Array(y)), ...byteNeedles(`-y(aC1) of ${name}`, new Uint8Array(p256.Point.Fp.toBytes(p256.Point.Fp.neg(aC1.y)))),
        ...byteNeedles(`x(M) of ${name}`, secret.subarray(1, 33)), ...byteNeedles(`y(M) of ${name}`, secret.subarray(33)), ...byteNeedles(`CEK of ${name}`, cek),
        { name: `x(aC1) of ${name}, decimal`, pattern: Buffer.from(aC1.x.toString()) },
      ];
      expect(found(needles)).toEqual([]);
    }
  });

  it('is searched by a search that finds each of these things when it is planted', () => {
    const secret = crypto.getRandomValues(new Uint8Array(32));
    for (const written of [secret, utf8(hex(secret)), ...[0, 1, 2].map((offset) => utf8(Buffer.from(concat(new Uint8Array(offset), secret, utf8('!'))).toString('base64')))]) {
      expect(findIn(concat(utf8('{"d":"'), written, utf8('"}')), byteNeedles('planted', secret))).not.toEqual([]);
    }
  });
});

function found(needles: readonly Needle[]): string[] {
  return [...findIn(requests, needles).map((name) => `request: ${name}`), ...findIn(answers, needles).map((name) => `answer: ${name}`)];
}

function cmsOf(raw: Bytes | undefined): Bytes {
  const carrier = findCarrier(parseMime(raw ?? new Uint8Array(), 'outer'));
  if (carrier.kind !== 'carrier') throw new Error('no carrier');
  return carrier.cms;
}

function recipientsOf(cms: Bytes) {
  return parseAuthEnvelopedData(parseSignedData(cms).eContent).recipientInfos.map((der) => {
    const { kemct, encryptedKey, ukm } = parseKemRecipientInfo(der);
    const { c1, c2, label } = decodeKemct(kemct);
    return { c1, c2, encryptedKey, ukm, purpose: decodeLabel(label).purpose };
  });
}

/** The recipient info that the next organisation opens; `key` only says that there is one. */
function mainRecipient(cms: Bytes, key: OrganisationKey | undefined) {
  const recipient = recipientsOf(cms).find(({ purpose }) => purpose === 'seal' || purpose === 'transfer');
  if (key === undefined || recipient === undefined) throw new Error('no recipient info for an organisation');
  return recipient;
}
