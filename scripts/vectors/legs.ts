/** Legs 1, 2 and 3 of one mail with every value in between, what gateway and key server said for them, and legs to be refused. */
import { type Bytes, hex, utf8 } from '../../src/core/bytes.ts';
import { decryptContent, encodeAuthEnvelopedData } from '../../src/core/cms/auth-enveloped-data.ts';
import { encodeKemRecipientInfo, kemOtherInfo, unwrapCek } from '../../src/core/cms/kem-recipient-info.ts';
import { encodeSignedData, signObject } from '../../src/core/cms/signed-data.ts';
import { contextTag, integer, octetString, oid, sequence, setOf, tlv } from '../../src/core/der.ts';
import { hkdf, sha256 } from '../../src/core/digest.ts';
import { decapsulateVerified } from '../../src/core/elgamal/index.ts';
import { OID } from '../../src/core/oids.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { type GatewayParts, relay } from '../../src/flow/relay.ts';
import { sealMail } from '../../src/flow/seal.ts';
import { type VerifiedLeg, verifyLeg } from '../../src/flow/verify-leg.ts';
import type { Evidence } from '../../src/wire/relay.ts';
import { encodeJson } from '../../src/wire/json.ts';
import { encodeVerdict, recipientsHash, type Verdict } from '../../src/wire/verdict.ts';
import { craft, type Tweak } from '../../test/security/craft.ts';
import { departure, HANAKO, JIRO, type Scene, TARO } from '../../test/security/scene.ts';
import { mixedLegs } from './mixed-legs.ts';
import { entityOf } from './scene.ts';
import { testNative } from './source.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

interface Exchange {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly request: unknown;
  readonly answer: unknown;
}

/** The same gateway; whatever it says to key server and inspection server is kept. */
function recording(parts: GatewayParts, exchanges: Exchange[]): GatewayParts {
  const json = (value: unknown): unknown => JSON.parse(new TextDecoder().decode(encodeJson(value)));
  const { keyServer, inspection, organisation } = parts;
  const call = <Q, A>(path: string, run: (request: Q) => Promise<A>, wrapRequest: (request: Q) => unknown, wrapAnswer: (answer: A) => unknown) => async (request: Q): Promise<A> => {
    const answer = await run(request);
    exchanges.push({ path, request: json(wrapRequest(request)), answer: json(wrapAnswer(answer)) });
    return answer;
  };
  const same = <T>(value: T): T => value;
  return {
    ...parts,
    keyServer: {
      inspect: (of, delivered) => call('/v1/inspect', ({ evidence, recipients }: { evidence: Evidence; recipients: readonly string[] }) =>
        keyServer.inspect(evidence, recipients), same, (targets) => ({ targets }))({ evidence: of, recipients: delivered }),
      consents: call('/v1/consents', (request) => keyServer.consents(request), same, (consents) => ({ consents })),
      transfer: call('/v1/transfer', (request) => keyServer.transfer(request), same, (deliveries) => ({ deliveries })),
      deliver: call('/v1/deliver', (request) => keyServer.deliver(request), same, (deliveries) => ({ deliveries })),
      sign: call('/v1/sign', (request) => keyServer.sign(request), same, (signatures) => ({ signatures, certificate: organisation.der })),
      signOutside: call('/v1/sign-outside', (request) => keyServer.signOutside(request), same, same),
    },
    inspection: {
      async inspect(content, leg, direction, sender, form, server) {
        const verdict = await inspection.inspect(content, leg, direction, sender, form, server);
        exchanges.push({ path: `/v1/inspections?leg=${leg}&direction=${direction}&form=${form}`, headers: { 'ssmax-sender': sender }, request: base64(content), answer: base64(verdict) });
        return verdict;
      },
    },
  };
}

export interface HonestLegs {
  readonly leg1: Bytes;
  readonly leg2: Bytes;
  readonly leg3: Bytes;
  readonly internal: Bytes;
  readonly hidden: Bytes;
}

async function steps(leg: VerifiedLeg, readers: Readonly<Record<string, Credential>>): Promise<object> {
  const recipients = await Promise.all(leg.parts.flatMap(({ body, recipients: infos }) => infos.map((one) => ({ ...one, body }))).map(async ({ info, kemct, label, body }) => {
    const [name, holder] = Object.entries(readers).find(([, { certificate }]) => hex(certificate.spkiSha256) === hex(label.targetKey)) ?? [];
    if (name === undefined || holder === undefined) throw new Error('whose key is that?');
    const secret = await decapsulateVerified(holder.key, kemct);
    const cek = await unwrapCek(info.encryptedKey, secret, info.ukm);
    return {
      holder: name, purpose: label.purpose, label: kemct.label, labelHash: await sha256(kemct.label), secret,
      kek: await hkdf(secret, new Uint8Array(0), kemOtherInfo(info.ukm), 32), cek, content: new TextDecoder().decode(await decryptContent(body, cek)),
    };
  }));
  const { signer } = leg;
  return { messageDigest: await sha256(leg.signedData.eContent), contentDigest: leg.contentDigest, signedAttrs: signer.signedAttrs, signerInfoHash: await sha256(signer.der), legAttribute: signer.attributes.leg, recipients };
}

export async function legVectors(scene: Scene): Promise<{ vectors: object; honest: HonestLegs }> {
  const { world, hinode, tsukimi, taro } = scene;
  const seal = async (to: readonly string[], hidden: readonly string[], name: string): Promise<Bytes> => (await sealMail(testNative(name), {
    entity: entityOf(to), recipients: [...to, ...hidden], hidden, sender: taro, organisation: hinode.issuer.certificate, signingTime: world.now,
  })).cms;
  const exchanges: Exchange[] = [];
  const leg1 = await seal([HANAKO], [JIRO], 'leg 1');
  const submitted = await relay(recording(hinode.parts, exchanges), 'submission', { cms: leg1, recipients: [HANAKO, JIRO], from: TARO, visible: [HANAKO] });
  const leg2 = departure(submitted, HANAKO);
  const arrive = (cms: Bytes, to: string): ReturnType<typeof relay> => relay(tsukimi.parts, 'arriving', { cms, recipients: [to], from: TARO, visible: [HANAKO] });
  const leg3 = departure(await arrive(leg2, HANAKO), HANAKO);
  const hidden = departure(await arrive(departure(submitted, JIRO), JIRO), JIRO);
  const desk = ['desk@hinode.example'];
  const internal = departure(await relay(hinode.parts, 'submission', { cms: await seal(desk, [], 'internal'), recipients: desk, from: TARO, visible: desk }), 'yuki@hinode.example');

  const trust = await world.trust();
  const readers: Record<string, Credential> = { hinode: hinode.issuer, tsukimi: tsukimi.issuer, taro, hanako: scene.hanako, jiro: scene.jiro, yuki: scene.yuki };
  const honest = [['leg 1', leg1], ['leg 2', leg2], ['leg 3', leg3], ['leg 3 to a hidden recipient', hidden], ['leg 3 inside one organisation, by an alias', internal]] as const;
  const describe = (legs: readonly (readonly [name: string, cms: Bytes])[]): Promise<object[]> => Promise.all(legs.map(async ([name, cms]) => ({ name, trust: 'plain', cms: base64(cms), expect: 'ok', steps: await steps(await verifyLeg(cms, trust, world.now, 'now'), readers) })));
  const good = await describe(honest);
  const bad: object[] = [];
  for (const [name, number, tweak, expect, situation = 'plain'] of refusals(scene)) {
    const { cms } = await craft(scene, number, { native: testNative(name), entity: utf8('Content-Type: text/plain; hp="cipher"\r\n\r\nx\r\n'), ...tweak });
    bad.push({ name, trust: situation, cms: base64(cms), expect });
  }
  for (const [name, cms, expect] of await shapes(scene)) bad.push({ name, trust: 'plain', cms: base64(cms), expect });
  const said = await verdicts(scene, (await verifyLeg(leg1, trust, world.now, 'now')).contentDigest);
  const mixed = await describe(await mixedLegs(scene, leg3));
  return {
    honest: { leg1, leg2, leg3, hidden, internal },
    vectors: {
      about: 'Legs as they stand in a carrier (base64 of DER), judged as a gateway does, at `now` of trust.json and with the situation `trust` of trust.json: `ok`, or the error code. `steps` (hexadecimal): what a verifier and the holder of each key find; of a mixed mode one entry of `recipients` for each recipient info of each sealed part, in order. `relay`: all that hinode’s gateway said to its servers about leg 1 and heard, in order; leg 2 came of it. `verdicts`: what hinode’s key server says of each signed verdict for leg 1, outbound.',
      specification: 'docs/protocol.md#7-verifying-a-leg',
      legs: [...good, ...mixed, ...bad], relay: { leg: 'leg 1', recipients: [HANAKO, JIRO], from: TARO, visible: [HANAKO], exchanges },
      verdicts: said,
    },
  };
}

type Refusal = readonly [name: string, leg: 1 | 2 | 3, tweak: Tweak, expect: string, situation?: string];

/** Each genuinely signed, honest but for one thing. test/security/leg-checks.test.ts has more. */
function refusals(scene: Scene): Refusal[] {
  const { hinode, tsukimi, taro, ken, hanako } = scene;
  const other = new Uint8Array(32).fill(7);
  const seal = { purpose: 'seal', certificate: hinode.issuer.certificate } as const;
  const self = { purpose: 'self', certificate: taro.certificate } as const;
  return [
    ['contentDigest of the leg attribute', 1, { leg: (leg) => ({ ...leg, contentDigest: other }) }, 'content-digest-mismatch'],
    ['contentDigest of ukm', 2, { info: (info) => ({ ...info, ukm: other }) }, 'content-digest-mismatch'],
    ['contentDigest of a label', 2, { label: (label) => ({ ...label, contentDigest: other }) }, 'content-digest-mismatch'],
    ['mode sign-only', 1, { leg: (leg) => ({ ...leg, mode: 'sign-only' }) }, 'content-type-mismatch'],
    ['purpose of another leg', 2, { leg: (leg) => ({ ...leg, purpose: 'seal' }) }, 'leg-invalid'],
    ['signer’s certificate not carried', 1, { certificates: [hanako.certificate.der] }, 'signer-certificate-missing'],
    ['content type attribute', 2, { attributes: (all) => ({ ...all, contentType: OID.data }) }, 'content-type-mismatch'],
    ['message digest', 2, { attributes: (all) => ({ ...all, messageDigest: other }) }, 'message-digest-mismatch'],
    ['signature', 2, { signature: (one) => one.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) }, 'signature-invalid'],
    ['leg 2 by a user', 2, { signer: taro }, 'organisation-unknown'],
    ['taro’s name over ken’s certificate', 1, { signer: ken }, 'sender-mismatch'],
    ['leg 1 with previous', 1, { leg: (leg) => ({ ...leg, previous: other }) }, 'leg-invalid'],
    ['leg 1 with a gateway’s signature', 1, { gateway: hinode.gateway }, 'signer-info-invalid'],
    ['leg 2 without previous', 2, { leg: ({ previous: _, ...leg }) => leg }, 'leg-invalid'],
    ['leg 2 for a sender of another organisation', 2, { leg: (leg) => ({ ...leg, sender: { ...leg.sender, address: 'suzu@kasumi.example' } }) }, 'sender-not-of-organisation'],
    ['gateway of another organisation', 2, { gateway: tsukimi.gateway }, 'gateway-unknown'],
    ['gateway’s signature over other bytes', 2, { countersigned: other }, 'gateway-signature-invalid'],
    ['label of another sealer', 1, { label: (label) => ({ ...label, sealer: other }) }, 'label-mismatch'],
    ['label of other recipients', 2, { label: (label) => ({ ...label, recipients: [JIRO] }) }, 'label-mismatch'],
    ['sealed for another organisation', 1, { targets: [{ purpose: 'seal', certificate: tsukimi.issuer.certificate }, self] }, 'label-mismatch'],
    ['self for somebody else', 1, { targets: [seal, { purpose: 'self', certificate: ken.certificate }] }, 'label-mismatch'],
    ['leg 1 without self', 1, { targets: [seal] }, 'recipient-info-count'],
    ['leg 1 with a recipient info more', 1, { targets: [seal, self, { purpose: 'deliver', certificate: hanako.certificate }] }, 'recipient-info-purpose'],
    ['sender revoked', 1, {}, 'certificate-revoked', 'taro revoked'],
    ['CRL of the sender’s organisation stale', 1, {}, 'crl-stale', 'CRL of hinode stale'],
  ];
}

/** Verdicts on the leg with this digest, by hinode's inspection server unless somebody else is named. */
async function verdicts({ hinode, tsukimi, world }: Scene, contentDigest: Bytes): Promise<object[]> {
  const minutes = (count: number): Date => new Date(world.now.getTime() + count * 60_000);
  const of = async (fields: Partial<Verdict>, { key, certificate }: Credential = hinode.inspection, type: string = OID.verdict): Promise<string> => base64(await signObject({
    type, signingTime: world.now,
    value: encodeVerdict({ contentDigest, leg: 1, direction: 'outbound', organisation: hinode.id, policy: '2026-11', result: 'pass', findings: [], time: world.now, sender: 'taro@hinode.example', recipients: await recipientsHash(['hanako@tsukimi.example', 'jiro@tsukimi.example']), ...fields }),
  }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier }));
  return [
    { name: 'pass', cms: await of({}), expect: 'ok' },
    { name: 'tag, 59 minutes old', cms: await of({ result: 'tag', findings: [{ code: 'keyword', part: 1 }], time: minutes(-59) }), expect: 'ok' },
    { name: 'refuse', cms: await of({ result: 'refuse', findings: [{ code: 'keyword', part: 1 }] }), expect: 'verdict-refused' },
    { name: 'hold', cms: await of({ result: 'hold' }), expect: 'verdict-refused' },
    { name: '61 minutes old', cms: await of({ time: minutes(-61) }), expect: 'verdict-stale' },
    { name: '11 minutes ahead', cms: await of({ time: minutes(11) }), expect: 'verdict-stale' },
    { name: 'inbound', cms: await of({ direction: 'inbound' }), expect: 'verdict-missing' },
    { name: 'on another content', cms: await of({ contentDigest: new Uint8Array(32) }), expect: 'verdict-invalid' },
    { name: 'on leg 2', cms: await of({ leg: 2 }), expect: 'verdict-invalid' },
    { name: 'by another sender’s policy', cms: await of({ sender: 'yuki@hinode.example' }), expect: 'verdict-invalid' },
    { name: 'for other recipients', cms: await of({ recipients: await recipientsHash(['hanako@tsukimi.example']) }), expect: 'verdict-invalid' },
    { name: 'in another organisation’s name', cms: await of({ organisation: tsukimi.id }), expect: 'verdict-invalid' },
    { name: 'by another organisation’s inspection server', cms: await of({}, tsukimi.inspection), expect: 'certificate-untrusted' },
    { name: 'by the gateway', cms: await of({}, hinode.gateway), expect: 'certificate-role' },
    { name: 'of another content type', cms: await of({}, hinode.inspection, OID.directoryIndex), expect: 'content-type-mismatch' },
  ];
}

/** CMS of other shapes than the profile's. */
async function shapes(scene: Scene): Promise<[name: string, cms: Bytes, expect: string][]> {
  const { certificate } = scene.taro;
  const { signerInfo } = await craft(scene, 1, { native: testNative('shapes'), entity: utf8('\r\nx\r\n') });
  const eContent = sequence(integer(0)); // never looked at
  const whole = { eContentType: OID.authEnvelopedData, eContent, certificates: [certificate.der] };
  const signed = (parts: { version?: number; digest?: string; content?: Bytes; crls?: Bytes[]; signers: Bytes[] }): Bytes => sequence(oid(OID.signedData), tlv(contextTag(0), sequence(
    integer(parts.version ?? 3), setOf(sequence(oid(parts.digest ?? OID.sha256))), sequence(oid(OID.authEnvelopedData), ...(parts.content === undefined ? [tlv(contextTag(0), octetString(eContent))] : [parts.content])),
    tlv(contextTag(0), certificate.der), ...(parts.crls ?? []), setOf(...parts.signers),
  )));
  const info = encodeKemRecipientInfo({ subjectKeyIdentifier: certificate.subjectKeyIdentifier, kemct: new Uint8Array(1), ukm: new Uint8Array(32), encryptedKey: new Uint8Array(40) });
  return [
    ['no SignerInfo', signed({ signers: [] }), 'signature-missing'], ['two SignerInfos', signed({ signers: [signerInfo, sequence(integer(1))] }), 'signer-count'],
    ['SignedData version 1', signed({ version: 1, signers: [signerInfo] }), 'signed-data-invalid'], ['digest algorithm SHA-512', signed({ digest: '2.16.840.1.101.3.4.2.3', signers: [signerInfo] }), 'signed-data-invalid'],
    ['detached content', signed({ content: new Uint8Array(0), signers: [signerInfo] }), 'content-detached'], ['CRLs carried', signed({ crls: [tlv(contextTag(1), sequence())], signers: [signerInfo] }), 'der-invalid'],
    ['AuthEnvelopedData without signature', sequence(oid(OID.authEnvelopedData), tlv(contextTag(0), encodeAuthEnvelopedData([info], { contentInfo: [sequence()], ciphertext: new Uint8Array(0), nonce: new Uint8Array(12), authAttrs: setOf(), cekCommitment: new Uint8Array(32), mac: new Uint8Array(16) }))), 'cms-type'],
    ['CompressedData', sequence(oid('1.2.840.113549.1.9.16.1.9'), tlv(contextTag(0), sequence())), 'cms-type'],
    ['SignerInfo version 1, issuer and serial', encodeSignedData({ ...whole, signerInfo: sequence(integer(1), sequence(sequence(), integer(1))) }), 'signer-info-invalid'],
    ['no signed attributes', encodeSignedData({ ...whole, signerInfo: sequence(integer(3), tlv(contextTag(0, false), certificate.subjectKeyIdentifier), sequence(oid(OID.sha256)), sequence(oid(OID.ecdsaWithSha256)), octetString(signerInfo.subarray(-70))) }), 'signed-attributes-missing'],
    ['BER: indefinite length', Uint8Array.of(0x30, 0x80, ...encodeSignedData({ ...whole, signerInfo }).subarray(4), 0, 0), 'der-invalid'],
  ];
}
