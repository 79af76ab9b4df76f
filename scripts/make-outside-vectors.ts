/** Writes test/vectors/outside.json anew: `npx tsx scripts/make-outside-vectors.ts`. Keys are new each time; tests ask what is in it, not which. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, hex, utf8 } from '../src/core/bytes.ts';
import { signObject } from '../src/core/cms/signed-data.ts';
import { OID } from '../src/core/oids.ts';
import { signOutsideReport } from '../src/flow/outside-report.ts';
import { relay } from '../src/flow/relay.ts';
import { mailBytes } from '../src/mail/carrier.ts';
import { clearSigned } from '../src/mail/clear-signed.ts';
import { mailDigest } from '../src/mail/outside-digest.ts';
import type { ConsentStatement } from '../src/wire/consent.ts';
import { encodeJson, toBase64 } from '../src/wire/json.ts';
import type { OutsideReport } from '../src/wire/outside-report.ts';
import type { OutsideSignature } from '../src/wire/relay.ts';
import { allowOutside, MIKA, sealOutside } from '../test/security/outside.ts';
import { createScene, HANAKO, TARO } from '../test/security/scene.ts';
import { native, NOW } from '../test/flow/world.ts';
import { filesOf } from './vectors/scene.ts';

const BOUNDARY = '=_000102030405060708090a0b0c0d0e0f';
const base64 = (bytes: Bytes): string => toBase64(bytes);

const scene = await createScene();
const { world, hinode, taro, tsukimi } = scene;
const material = await world.material();

allowOutside(hinode, ['outside.example']);
let signature: OutsideSignature | undefined;
const { keyServer } = hinode.parts;
hinode.parts = { ...hinode.parts, keyServer: { ...keyServer, signOutside: async (request) => (signature = await keyServer.signOutside(request)) } };
const leg1 = await sealOutside(scene, [MIKA]);
const { departures: [departure] } = await relay(hinode.parts, 'submission', { cms: leg1, recipients: [MIKA], from: TARO, visible: [MIKA] });
if (departure?.clear === undefined || signature === undefined) throw new Error('it does not go outside');
const header = utf8(`From: ${TARO}\r\nTo: ${MIKA}\r\nSubject: Estimate\r\n\r\n`);

const statement: ConsentStatement = {
  type: 'consent', audience: hinode.id, address: TARO, number: 1, outbound: true, inbound: false, time: NOW, nonce: native.random(32),
};
const signer = { key: taro.key, certificate: taro.certificate.der, subjectKeyIdentifier: taro.certificate.subjectKeyIdentifier };
const consent = await signObject({ type: OID.userRequest, value: encodeJson(statement), signingTime: NOW }, signer);

const plain = utf8(`From: ${MIKA}\r\nTo: ${HANAKO}\r\nSubject: hi\r\n\r\nhello\r\n`);
const report: OutsideReport = {
  version: 1, organisation: tsukimi.id, mail: await mailDigest(plain), time: NOW, by: 'gateway', spf: { result: 'pass', domain: 'outside.example' },
  dkim: [{ result: 'pass', domain: 'outside.example' }], dmarc: { result: 'pass', domain: 'outside.example' },
};

writeFileSync(join(import.meta.dirname, '..', 'test', 'vectors', 'outside.json'), `${JSON.stringify({
  about: 'What SSMAX and the rest of the world say to each other: a signed-only mail with every value in between, a consent, a report on a mail from outside. DER and mails in base64, digests in hexadecimal; trust as in trust.json.',
  specification: 'docs/protocol.md#112-mail-to-recipients-outside-ssmax',
  now: NOW.toISOString(),
  trust: { root: base64(material.root), directory: base64(material.directory.index), files: filesOf(world), crls: material.crls.map(base64) },
  signedOnly: {
    leg: base64(leg1), clear: base64(departure.clear),
    answer: { signedAttrs: base64(signature.signedAttrs), signature: base64(signature.signature), certificate: base64(signature.certificate) },
    boundary: BOUNDARY, smime: base64(departure.cms), mail: base64(mailBytes(clearSigned(header, departure.clear, departure.cms, BOUNDARY))),
  },
  consent: { statement: base64(consent), fields: { ...statement, time: statement.time.toISOString(), nonce: hex(statement.nonce) } },
  report: { mail: base64(plain), mailDigest: hex(report.mail), object: base64(await signOutsideReport(report, tsukimi.gateway)), reader: HANAKO },
}, undefined, 2)}\n`);
