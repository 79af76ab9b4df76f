/** Recovery as a member asks for it: an old mail, readable again with his new key (docs/protocol-life.md §4). */
import { type Bytes, equal } from '../core/bytes.ts';
import { parseSignedData, signObject, verifySignedObject } from '../core/cms/signed-data.ts';
import { sha256 } from '../core/digest.ts';
import { applyReencryption, verifyReencryption } from '../core/elgamal/index.ts';
import { refused, SsmaxError } from '../core/error.ts';
import type { NativeCrypto } from '../core/keys.ts';
import { OID } from '../core/oids.ts';
import { parseCertificate } from '../core/pki/certificate.ts';
import { decodeJson, encodeJson } from '../wire/json.ts';
import { encodeKemHeader, type Kemct } from '../wire/kemct.ts';
import { recoveryAnswerSchema, type RecoveryRequest } from '../wire/life-requests.ts';
import { decodeProblem } from '../wire/problem.ts';
import { certificatesOf } from './organisation-keys.ts';
import type { Credential, Http } from './ports.ts';
import { recoveredLabel } from './recovered-label.ts';
import { type LegPart, mainPurpose, type RecipientInfo, type VerifiedLeg, withoutC2 } from './verify-leg.ts';

export interface RecoveryOrder {
  readonly native: NativeCrypto;
  readonly http: Http;
  /** Base URL of the organisation's server, without a slash at its end. */
  readonly url: string;
  readonly now: Date;
  /** The member's new key. */
  readonly credential: Credential;
}

/** The recipient info from which the own organisation can recover this part: none, where the organisation keeps none. */
export function recoverableInfo({ leg }: VerifiedLeg, { recipients, origins }: LegPart): RecipientInfo | undefined {
  if (leg.leg === 2) return undefined;
  const purpose = leg.leg === 3 ? 'recover' : mainPurpose(leg, origins.length > 0);
  return recipients.find(({ label }) => label.purpose === purpose);
}

/**
 * Asks the organisation that signed the mail for one of its sealed parts, and checks every proof of the answer. What comes is a ciphertext for the member's
 * key alone: it may be kept as it is. Throws `recovery-not-yours`, `recovery-not-open`, `recovery-quota` and what else the server
 * refuses with; `answer-mismatch`, `kem-invalid`, `network-unreachable`.
 */
export async function requestRecovery(order: RecoveryOrder, mail: VerifiedLeg, part: LegPart): Promise<Kemct> {
  const { native, http, url, now, credential: { key, certificate } } = order;
  const info = recoverableInfo(mail, part);
  if (info === undefined) throw refused('recovery-not-yours');
  const { signer, signedData, organisation } = mail;
  const request: RecoveryRequest = {
    type: 'recovery', audience: organisation.id, time: now, nonce: native.random(32),
    evidence: { signerInfo: signer.der, certificates: [...signedData.certificates], headers: [encodeKemHeader(withoutC2(info.kemct))] },
    labels: mail.parts.flatMap(({ recipients }) => recipients).filter((one) => one !== info).map(({ kemct }) => kemct.label),
  };
  const body = await signObject(
    { type: OID.userRequest, value: encodeJson(request), signingTime: now },
    { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  );
  const answer = await http({ method: 'POST', url: `${url}/ssmax/v1/recoveries`, headers: { 'Content-Type': 'application/cms' }, body });
  if (answer.status !== 200) throw decodeProblem(answer.status, answer.body);
  return readAnswer(answer.body, request.nonce, order, mail, { part, info });
}

async function readAnswer(
  body: Bytes, nonce: Bytes, { native, credential }: RecoveryOrder, mail: VerifiedLeg, { part, info }: { part: LegPart; info: RecipientInfo },
): Promise<Kemct> {
  const signed = parseSignedData(body);
  const sealer = parseCertificate(mail.organisation.certificate);
  await verifySignedObject(signed, { contentType: OID.organisationAnswer, certificate: sealer.der, publicKey: sealer.publicKey });
  const { target, contentDigest, nonce: answered } = decodeJson(recoveryAnswerSchema, signed.eContent);
  if (!equal(answered, nonce) || !equal(contentDigest, part.digest)) throw refused('answer-mismatch');
  // The one label that it may have: purpose recover, for this key, this mail.
  const label = recoveredLabel(credential.certificate, sealer, part.digest, mail);
  if (!equal(target.label, label)) throw refused('answer-mismatch');
  const own = certificatesOf(mail.organisation).find(({ spkiSha256 }) => equal(spkiSha256, info.label.targetKey));
  if (own === undefined) throw new SsmaxError('fault', 'label-mismatch');
  const { c1, d, u, w, v, f, proof } = target;
  await verifyReencryption(native, {
    publicKey: own.publicKey, target: credential.certificate.publicKey, c1: info.kemct.c1,
    oldLabelDigest: await sha256(info.kemct.label), newLabelDigest: await sha256(label), answer: { c1prime: c1, d, u, w, v, f, proof },
  });
  return { c1, c2: applyReencryption(info.kemct.c2, d), u, w, v, f, label };
}
