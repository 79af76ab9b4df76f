/**
 * The key server never gets C2, a wrapped key, ciphertext or content (design §1): everything that goes to it is recorded
 * while mail passes two organisations, and searched byte by byte.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bytes, concat } from '../../src/core/bytes.ts';
import { parseAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseKemRecipientInfo } from '../../src/core/cms/kem-recipient-info.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import type { KeyServer } from '../../src/flow/relay.ts';
import { decodeKemct } from '../../src/wire/kemct.ts';
import { encodeJson, toBase64 } from '../../src/wire/json.ts';
import { evidenceSchema, inspectRequestSchema, reencryptRequestSchema, signRequestSchema } from '../../src/wire/relay.ts';
import type { TestOrganisation } from '../flow/world.ts';
import { arrive, CANARY, createScene, departure, HANAKO, holds, JIRO, type Scene, seal, submit, YUKI } from './scene.ts';

let scene: Scene;
let calls = 0;
/** Each request as its bytes: the JSON, and every byte string in it decoded. */
const requests: Bytes[] = [];
const legs: Bytes[] = [];

function record(organisation: TestOrganisation): void {
  const { keyServer } = organisation.parts;
  const recorded = <K extends keyof KeyServer>(name: K): KeyServer[K] => (async (request: never, more: never) => {
    calls++;
    requests.push(encodeJson(request), ...byteStrings(request));
    return keyServer[name](request, more);
  }) as KeyServer[K];
  organisation.parts = {
    ...organisation.parts,
    keyServer: {
      inspect: recorded('inspect'), consents: recorded('consents'), transfer: recorded('transfer'), deliver: recorded('deliver'), sign: recorded('sign'),
      signOutside: recorded('signOutside'),
    },
  };
}

function byteStrings(value: unknown): Bytes[] {
  if (value instanceof Uint8Array) return [new Uint8Array(value)];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(byteStrings) : [];
}

beforeAll(async () => {
  scene = await createScene();
  record(scene.hinode);
  record(scene.tsukimi);
  const leg1 = await seal(scene, [HANAKO, YUKI], [JIRO]);
  const out = await submit(scene, leg1, [HANAKO, YUKI, JIRO], { visible: [HANAKO, YUKI] });
  legs.push(leg1, ...out.departures.map(({ cms }) => cms));
  for (const [address, visible] of [[HANAKO, [HANAKO, YUKI]], [JIRO, [HANAKO, YUKI]]] as const) {
    const last = await arrive(scene, departure(out, address), [address], { visible });
    legs.push(...last.departures.map(({ cms }) => cms));
  }
});

function found(secret: Bytes): boolean {
  // As bytes, and as base64 at each of the three offsets that it may have in JSON.
  const texts = [0, 1, 2].map((offset) => toBase64(concat(new Uint8Array(offset), secret)).slice(4, -4));
  return requests.some((request) => holds(request, secret) || texts.some((text) => holds(request, text)));
}

describe('what the key servers were sent', () => {
  it('was recorded: eleven requests for six legs, and the search finds what is there', () => {
    expect(legs).toHaveLength(6);
    expect(calls).toBe(1 + 2 * 2 + 2 * 3);
    const signer = parseSignedData(legs[0] ?? new Uint8Array(0)).signer;
    expect(found(signer.signedAttrs.subarray(10, 42))).toBe(true);
  });

  it('holds no C2 and no wrapped key of any leg', () => {
    for (const leg of legs) {
      for (const der of parseAuthEnvelopedData(parseSignedData(leg).eContent).recipientInfos) {
        const { kemct, encryptedKey } = parseKemRecipientInfo(der);
        expect(found(decodeKemct(kemct).c2.subarray(1))).toBe(false);
        expect(found(encryptedKey)).toBe(false);
      }
    }
  });

  it('holds no piece of ciphertext or content', () => {
    const { ciphertext } = parseAuthEnvelopedData(parseSignedData(legs[0] ?? new Uint8Array(0)).eContent).body;
    for (let at = 0; at + 16 <= ciphertext.length; at += 16) expect(found(ciphertext.subarray(at, at + 16))).toBe(false);
    expect(requests.some((request) => holds(request, CANARY))).toBe(false);
  });

  it('could hold none: the schemas know no other fields', () => {
    expect(Object.keys(evidenceSchema.shape).sort()).toEqual(['certificates', 'headers', 'mixed', 'signerInfo']);
    expect(Object.keys(inspectRequestSchema.shape)).toEqual(['evidence', 'recipients']);
    expect(Object.keys(reencryptRequestSchema.shape).sort()).toEqual(['evidence', 'splits', 'verdicts']);
    expect(Object.keys(signRequestSchema.shape).sort()).toEqual(['evidence', 'purpose', 'splits', 'verdicts']);
  });
});
