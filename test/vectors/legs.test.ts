/** test/vectors/{trust,legs}.json: trust loaded or refused; each leg verified and opened value by value, or refused; a relay replayed. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Bytes, hex } from '../../src/core/bytes.ts';
import { decryptContent } from '../../src/core/cms/auth-enveloped-data.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { kemOtherInfo, unwrapCek } from '../../src/core/cms/kem-recipient-info.ts';
import { hkdf, sha256 } from '../../src/core/digest.ts';
import { decapsulate } from '../../src/core/elgamal/index.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { requireVerdicts } from '../../src/flow/authorise.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { type GatewayParts, relay } from '../../src/flow/relay.ts';
import { Directory } from '../../src/flow/directory-files.ts';
import { loadTrust } from '../../src/flow/trust.ts';
import { type VerifiedLeg, verifyLeg } from '../../src/flow/verify-leg.ts';
import { createNodeCrypto } from '../../src/platform/node-crypto.ts';
import { decodeJson, encodeJson, fromBase64, toBase64 } from '../../src/wire/json.ts';
import { decodeIndex, shardOf } from '../../src/wire/directory-index.ts';
import { inspectAnswerSchema, reencryptAnswerSchema, signAnswerSchema } from '../../src/wire/relay.ts';
import { privateKeyOf } from '../core/elgamal/fixed-keys.ts';
import { base64Bytes, expectation, hexBytes, load, materialOf, outcome, sourceOf, trustVectors } from './load.ts';

const native = createNodeCrypto();
const { now, people, organisations, loading, directories, files, lookUps, shards } = trustVectors;

const steps = z.strictObject({
  messageDigest: hexBytes, contentDigest: hexBytes, signedAttrs: hexBytes, signerInfoHash: hexBytes, legAttribute: hexBytes,
  recipients: z.array(z.strictObject({ holder: z.string(), purpose: z.string(), label: hexBytes, labelHash: hexBytes, secret: hexBytes, kek: hexBytes, cek: hexBytes, content: z.string() })),
});
const exchange = z.strictObject({ path: z.string(), headers: z.record(z.string(), z.string()).optional(), request: z.unknown(), answer: z.unknown() });
const { legs, relay: relayed, verdicts } = load('legs', {
  legs: z.array(z.strictObject({ name: z.string(), trust: z.string(), cms: base64Bytes, expect: expectation, steps: steps.optional() })),
  relay: z.strictObject({ leg: z.string(), recipients: z.array(z.string()), from: z.string(), visible: z.array(z.string()), exchanges: z.array(exchange) }),
  verdicts: z.array(z.strictObject({ name: z.string(), cms: base64Bytes, expect: expectation })),
});

function credentialOf(held: { d: string; certificate: Bytes } | undefined): Credential {
  if (held === undefined) throw new Error('no such holder');
  return { key: privateKeyOf(BigInt(`0x${held.d}`)), certificate: parseCertificate(held.certificate) };
}

const cmsOf = (name: string): Bytes => legs.find((one) => one.name === name)?.cms ?? new Uint8Array(0);

describe('trust.json', () => {
  test.each(loading)('$situation → $expect', async ({ situation, expect: due }) => {
    expect(await outcome(() => loadTrust(materialOf(situation), now))).toBe(due);
  });

  test.each(lookUps)('$domain → $id', async ({ directory, domain, id }) => {
    const index = decodeIndex(parseSignedData(directories[directory] ?? new Uint8Array(0)).eContent);
    expect((await new Directory(index, sourceOf(new Uint8Array(0), files).file).byDomain(domain))?.id ?? null).toBe(id);
  });

  test.each(shards)('$kind $name, $bits bits → shard $shard', async ({ kind, name, bits, shard }) => {
    expect(await shardOf(kind, name, bits)).toBe(shard);
  });

  test('every key is its certificate’s', () => {
    const all = [...Object.values(people), ...Object.values(organisations).flatMap((one) => [one, one.gateway, one.inspection])];
    for (const { key, certificate } of all.map(credentialOf)) expect(key.publicKey).toEqual(certificate.publicKey);
  });
});

describe('legs.json', () => {
  test.each(legs)('$name → $expect', async ({ cms, trust, expect: due, steps: found }) => {
    let leg: VerifiedLeg | undefined;
    expect(await outcome(async () => { leg = await verifyLeg(cms, await loadTrust(materialOf(trust), now), now, 'now'); })).toBe(due);
    if (due !== 'ok' || leg === undefined || found === undefined) return expect(found).toBeUndefined();
    expect(hex(await sha256(leg.signedData.eContent))).toBe(hex(found.messageDigest));
    expect(hex(leg.contentDigest)).toBe(hex(found.contentDigest));
    expect(hex(leg.signer.signedAttrs)).toBe(hex(found.signedAttrs));
    expect(hex(await sha256(leg.signer.der))).toBe(hex(found.signerInfoHash));
    expect(hex(leg.signer.attributes.leg ?? new Uint8Array(0))).toBe(hex(found.legAttribute));
    const infos = leg.parts.flatMap(({ body, recipients }) => recipients.map((one) => ({ ...one, body })));
    expect(infos).toHaveLength(found.recipients.length);
    for (const [i, { kemct, info, label, body }] of infos.entries()) {
      const one = found.recipients[i];
      if (one === undefined) throw new Error('checked above');
      const { key } = credentialOf(people[one.holder] ?? organisations[one.holder]);
      const labelHash = await sha256(kemct.label);
      const secret = await decapsulate(native, key, kemct, labelHash);
      const cek = await unwrapCek(info.encryptedKey, secret, info.ukm);
      const kek = await hkdf(secret, new Uint8Array(0), kemOtherInfo(info.ukm), 32);
      expect([label.purpose, ...[kemct.label, labelHash, secret, kek, cek].map(hex)]).toEqual([one.purpose, ...[one.label, one.labelHash, one.secret, one.kek, one.cek].map(hex)]);
      expect(new TextDecoder().decode(await decryptContent(body, cek))).toBe(one.content);
    }
    return undefined;
  });

  test.each(verdicts)('verdict: $name → $expect', async ({ cms, expect: due }) => {
    const trust = await loadTrust(materialOf('plain'), now);
    const leg = await verifyLeg(cmsOf('leg 1'), trust, now, 'now');
    expect(await outcome(() => requireVerdicts([cms], ['outbound'], leg, credentialOf(organisations['hinode']).certificate, trust, now))).toBe(due);
  });

  test('relay: a gateway that hears these answers asks these questions, and makes this leg 2', async () => {
    const left = [...relayed.exchanges];
    const ask = (path: string, request: unknown): unknown => {
      const next = left.shift();
      expect(JSON.parse(new TextDecoder().decode(encodeJson(request)))).toEqual(next?.request);
      expect(path).toBe(next?.path);
      return next?.answer;
    };
    const answered = async <T>(schema: z.ZodType<T>, path: string, request: unknown): Promise<T> => decodeJson(schema, encodeJson(ask(path, request)));
    const { hinode } = organisations;
    const parts: GatewayParts = {
      native, credential: credentialOf(hinode?.gateway), organisation: credentialOf(hinode).certificate, clock: { now: () => now },
      trust: () => loadTrust(materialOf('plain'), now),
      keyServer: {
        inspect: async (evidence, recipients) => (await answered(inspectAnswerSchema, '/v1/inspect', { evidence, recipients })).targets,
        consents: () => Promise.reject(new Error('only an ISP has any')),
        transfer: async (request) => (await answered(reencryptAnswerSchema, '/v1/transfer', request)).deliveries,
        deliver: async (request) => (await answered(reencryptAnswerSchema, '/v1/deliver', request)).deliveries,
        signOutside: () => Promise.reject(new Error('nobody is outside')),
        sign: async (request) => (await answered(signAnswerSchema, '/v1/sign', request)).signatures,
      },
      inspection: { inspect: async (content, leg, direction, _sender, form) => fromBase64(z.string().parse(ask(`/v1/inspections?leg=${leg}&direction=${direction}&form=${form}`, toBase64(content)))) },
    };
    const { departures } = await relay(parts, 'submission', { cms: cmsOf(relayed.leg), ...relayed });
    expect(left).toEqual([]);
    const [own] = departures.filter(({ hidden }) => !hidden);
    // all but the gateway's own signature, whose nonce is random
    const trust = await parts.trust();
    const [made, known] = await Promise.all([own?.cms ?? new Uint8Array(0), cmsOf('leg 2')].map(async (cms) => (await verifyLeg(cms, trust, now, 'now')).signer));
    expect(made?.signedAttrs).toEqual(known?.signedAttrs);
    expect(made?.signature).toEqual(known?.signature);
  });
});
