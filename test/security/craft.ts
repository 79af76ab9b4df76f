/** Legs that the product would never write: every field can be another, every signature is genuine. */
import type { Bytes } from '../../src/core/bytes.ts';
import {
  contentDigest, encodeAuthEnvelopedData, encryptContent, type EnvelopeBody,
} from '../../src/core/cms/auth-enveloped-data.ts';
import { encodeKemRecipientInfo, type KemRecipientInfo, wrapCek } from '../../src/core/cms/kem-recipient-info.ts';
import {
  encodeSignedAttributes, encodeSignedData, encodeSignerInfo, gatewaySignatureInput, type SignedAttributes,
} from '../../src/core/cms/signed-data.ts';
import { sha256 } from '../../src/core/digest.ts';
import { encapsulate } from '../../src/core/elgamal/index.ts';
import type { NativeCrypto } from '../../src/core/keys.ts';
import { OID } from '../../src/core/oids.ts';
import type { Certificate } from '../../src/core/pki/certificate.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { encodeKemHeader, encodeKemct, type Kemct } from '../../src/wire/kemct.ts';
import { encodeLabel, type Label, type Purpose, sortAddresses } from '../../src/wire/label.ts';
import { encodeLeg, type Leg } from '../../src/wire/leg.ts';
import type { Evidence } from '../../src/wire/relay.ts';
import { native } from '../flow/world.ts';
import { HANAKO, inner, type Scene, TARO } from './scene.ts';

export interface Target {
  readonly purpose: Purpose;
  readonly certificate: Certificate;
}

/** What is to be other than in an honest leg. */
export interface Tweak {
  readonly entity?: Bytes;
  readonly cek?: Bytes;
  readonly recipients?: readonly string[];
  readonly hidden?: readonly string[];
  readonly signer?: Credential;
  /** null: no gateway's signature. */
  readonly gateway?: Credential | null;
  /** What the gateway signs, if not these attributes. */
  readonly countersigned?: Bytes;
  readonly gatewayHash?: Bytes;
  readonly signingTime?: Date;
  readonly body?: (body: EnvelopeBody) => EnvelopeBody;
  readonly targets?: readonly Target[];
  readonly label?: (label: Label) => Label;
  readonly kemct?: (kemct: Kemct, label: Label) => Kemct;
  readonly info?: (info: KemRecipientInfo) => KemRecipientInfo;
  readonly leg?: (leg: Leg) => Leg;
  readonly attributes?: (attributes: SignedAttributes) => SignedAttributes;
  readonly signature?: (signature: Bytes) => Bytes;
  readonly eContentType?: string;
  /** For known random numbers. */
  readonly native?: NativeCrypto;
  readonly certificates?: readonly Bytes[];
}

export interface Crafted {
  readonly cms: Bytes;
  readonly eContent: Bytes;
  readonly signerInfo: Bytes;
  readonly signedAttrs: Bytes;
  readonly digest: Bytes;
  readonly kemcts: readonly Kemct[];
  /** What a gateway would show its key server. */
  readonly evidence: Evidence;
}

interface Defaults {
  readonly purpose: Purpose;
  readonly signer: Credential;
  readonly gateway: Credential | undefined;
  readonly targets: readonly Target[];
  readonly attestations: Leg['attestations'];
}

/** A leg 1 of taro to hinode, leg 2 of hinode to tsukimi or leg 3 of tsukimi to hanako, honest but for `tweak`. */
export async function craft(scene: Scene, number: 1 | 2 | 3, tweak: Tweak = {}): Promise<Crafted> {
  const { signer, gateway, targets, purpose, attestations } = defaults(scene, number, tweak.signingTime ?? scene.world.now);
  const credential = tweak.signer ?? signer;
  const recipients = sortAddresses(tweak.recipients ?? [HANAKO]);
  const { random } = tweak.native ?? native;
  const cek = tweak.cek ?? random(32);
  const honest = await encryptContent(tweak.entity ?? inner([HANAKO]), cek, random(12));
  const body = (tweak.body ?? ((same) => same))(honest);
  const digest = await contentDigest(body);
  const infos = await Promise.all((tweak.targets ?? targets).map((target) => recipientInfo(target, credential, cek, digest, recipients, tweak)));
  const eContent = encodeAuthEnvelopedData(infos.map(({ der }) => der), body);
  const leg: Leg = {
    leg: number, purpose, mode: 'protect-all', labelHashes: infos.map(({ labelHash }) => labelHash), contentDigest: digest,
    sender: { address: TARO, displayName: '山田 太郎', pseudonym: false }, recipients, hidden: sortAddresses(tweak.hidden ?? []), attestations,
    ...(number > 1 && { previous: random(32) }),
  };
  const attributes: SignedAttributes = {
    contentType: OID.authEnvelopedData, messageDigest: await sha256(eContent), signingTime: tweak.signingTime ?? scene.world.now,
    certificateHash: credential.certificate.sha256, leg: encodeLeg((tweak.leg ?? ((same) => same))(leg)),
  };
  const signedAttrs = encodeSignedAttributes((tweak.attributes ?? ((same) => same))(attributes));
  const signature = (tweak.signature ?? ((same) => same))(await credential.key.sign(signedAttrs));
  const second = tweak.gateway === null ? undefined : tweak.gateway ?? gateway;
  const signerInfo = encodeSignerInfo(credential.certificate.subjectKeyIdentifier, signedAttrs, signature, second && {
    spkiHash: tweak.gatewayHash ?? second.certificate.spkiSha256,
    signature: await second.key.sign(tweak.countersigned ?? gatewaySignatureInput(signedAttrs)),
  });
  const certificates = tweak.certificates ?? [credential.certificate.der, ...(second === undefined ? [] : [second.certificate.der])];
  const kemcts = infos.map(({ kemct }) => kemct);
  const cms = encodeSignedData({ eContentType: tweak.eContentType ?? OID.authEnvelopedData, eContent, certificates, signerInfo });
  return { cms, eContent, signerInfo, signedAttrs, digest, kemcts, evidence: { signerInfo, certificates: [...certificates], headers: headersOf(kemcts) } };
}

/** Of the recipient info that is the organisation's. */
function headersOf([first]: readonly Kemct[]): Bytes[] {
  return [first === undefined ? new Uint8Array(0) : encodeKemHeader(first)];
}

/** The one KemHeader in a protect-all leg's evidence. */
export function headerOf({ headers }: Evidence): Bytes {
  return headers[0] ?? new Uint8Array(0);
}

function defaults(scene: Scene, number: 1 | 2 | 3, signedAt: Date): Defaults {
  const { hinode, tsukimi, taro, hanako } = scene;
  const attest = (organisation: string, leg: 2 | 3, direction: 'outbound' | 'inbound'): Leg['attestations'][number] =>
    ({ organisation, leg, signedAt, inspections: [{ direction, result: 'passed', policy: 'test-1', codes: [] }] });
  if (number === 1) {
    return {
      purpose: 'seal', signer: taro, gateway: undefined, attestations: [],
      targets: [{ purpose: 'seal', certificate: hinode.issuer.certificate }, { purpose: 'self', certificate: taro.certificate }],
    };
  }
  const out = attest(hinode.id, 2, 'outbound');
  if (number === 2) {
    return {
      purpose: 'transfer', signer: hinode.issuer, gateway: hinode.gateway, attestations: [out],
      targets: [{ purpose: 'transfer', certificate: tsukimi.issuer.certificate }],
    };
  }
  return {
    purpose: 'deliver', signer: tsukimi.issuer, gateway: tsukimi.gateway, attestations: [out, attest(tsukimi.id, 3, 'inbound')],
    targets: [{ purpose: 'deliver', certificate: hanako.certificate }],
  };
}

async function recipientInfo(
  { purpose, certificate }: Target, sealer: Credential, cek: Bytes, digest: Bytes, recipients: readonly string[], tweak: Tweak,
): Promise<{ der: Bytes; labelHash: Bytes; kemct: Kemct }> {
  const label = (tweak.label ?? ((same) => same))({
    purpose, targetKey: certificate.spkiSha256, sealer: sealer.certificate.sha256, contentDigest: digest, recipients,
  });
  const der = encodeLabel(label);
  const { secret, ...kem } = await encapsulate(tweak.native ?? native, certificate.publicKey, await sha256(der));
  const kemct = (tweak.kemct ?? ((same) => same))({ ...kem, label: der }, label);
  const info: KemRecipientInfo = {
    subjectKeyIdentifier: certificate.subjectKeyIdentifier, kemct: encodeKemct(kemct), ukm: digest, encryptedKey: await wrapCek(cek, secret, digest),
  };
  return { der: encodeKemRecipientInfo((tweak.info ?? ((same) => same))(info)), labelHash: await sha256(kemct.label), kemct };
}
