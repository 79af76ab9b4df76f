/** Whole mails as they lie in a mailbox, and what a reader must be told of each. */
import { type Bytes, concat, utf8 } from '../../src/core/bytes.ts';
import { parseSignedData } from '../../src/core/cms/signed-data.ts';
import { contextTag, integer, octetString, oid, sequence, setOf, tlv } from '../../src/core/der.ts';
import { hkdf } from '../../src/core/digest.ts';
import { OID } from '../../src/core/oids.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { craft, type Tweak } from '../../test/security/craft.ts';
import { HANAKO, JIRO, type Scene, TARO } from '../../test/security/scene.ts';
import type { HonestLegs } from './legs.ts';
import { entityOf } from './scene.ts';
import { testNative } from './source.ts';

const HOUR = 3_600_000;
const YUKI = 'yuki@hinode.example';

interface Expectation {
  readonly state: 'verified' | 'outside' | 'problem' | 'cannot-check';
  readonly code: string;
  readonly detail?: string;
  readonly content?: 'opened' | 'not-opened';
  readonly conflicts?: readonly string[];
  readonly [field: string]: unknown;
}

interface Case {
  readonly name: string;
  readonly mail: Bytes;
  /** By the names of trust.json; null: an auditor, who has neither key nor address. */
  readonly reader: { readonly keys: readonly string[]; readonly addresses: readonly string[] } | null;
  readonly trust: string;
  /** Hours after trust.json’s `now`. */
  readonly hours: number;
  readonly expect: Expectation;
}

const verified = { state: 'verified', code: 'verified', content: 'opened', leg: 3, sender: TARO, deliveredTo: HANAKO } as const;
const problem = (code: string, detail?: string): Expectation => ({ state: 'problem', code, ...(detail !== undefined && { detail }) });
const altered = (detail: string): Expectation => problem('altered', detail);
const impersonation = (detail: string): Expectation => problem('impersonation', detail);
const cannotCheck = (code: string): Expectation => ({ state: 'cannot-check', code });

const hanako = { keys: ['hanako'], addresses: [HANAKO] };

type Fields = readonly (readonly [name: string, value: string])[];
const usual: Fields = [['From', TARO], ['To', HANAKO], ['Subject', 'Estimate']];

function mail(cms: Bytes, fields: Fields = usual): Bytes {
  return mailBytes(buildCarrier(fields, cms));
}

/** Replaces text in a mail; fails where there is none to replace. */
function edited(raw: Bytes, from: string, to: string): Bytes {
  const text = Buffer.from(raw).toString('latin1');
  if (!text.includes(from)) throw new Error(`no ${from}`);
  return new Uint8Array(Buffer.from(text.replace(from, to), 'latin1'));
}

export async function mailVectors(scene: Scene, honest: HonestLegs): Promise<object> {
  const cases: Case[] = [];
  const add = (name: string, raw: Bytes, expect: Expectation, rest: Partial<Pick<Case, 'reader' | 'trust' | 'hours'>> = {}): void => {
    cases.push({ name, mail: raw, reader: hanako, trust: 'plain', hours: 0, ...rest, expect });
  };
  readers(add, honest);
  trusts(add, honest);
  headers(add, honest);
  carriers(add, honest);
  outside(add);
  for (const [name, tweak, expect] of await crafted(scene)) {
    const { cms } = await craft(scene, 3, { native: testNative(name), entity: entityOf(), ...tweak });
    add(name, mail(cms), expect);
    if (name !== 'signed a day ago') continue;
    add('revoked after it was signed', mail(cms), expect, { trust: 'tsukimi revoked an hour ago' });
    add('revoked after it was signed, invalid since before', mail(cms), problem('certificate-revoked', 'certificate-revoked'), { trust: 'tsukimi revoked an hour ago, invalid for two days' });
  }
  for (const [name, cms, expect] of await rewrapped(scene, honest)) add(name, mail(cms), expect);
  // Many cases look at the same mail with other eyes.
  const mails = new Map<string, string>();
  const named = cases.map(({ mail: raw, ...one }) => {
    const text = Buffer.from(raw).toString('latin1');
    const name = [...mails].find(([, known]) => known === text)?.[0] ?? one.name;
    mails.set(name, text);
    return { ...one, mail: name };
  });
  return {
    about: 'Whole mails (`mails`, by name; one character is one byte) and the judgement due. `reader`: whose keys (trust.json) and which addresses; null: an auditor without either. `hours` after `now` of trust.json; `trust`: its situation, or the code with which trust could not be loaded. Fields of `expect` that are not state, code or detail are to be compared where given; `conflicts` are header fields in which the outer mail differs.',
    specification: 'docs/protocol.md#12-reader',
    mails: Object.fromEntries(mails), cases: named,
  };
}

type Add = (name: string, raw: Bytes, expect: Expectation, rest?: Partial<Pick<Case, 'reader' | 'trust' | 'hours'>>) => void;

function readers(add: Add, { leg1, leg2, leg3, hidden, internal }: HonestLegs): void {
  const taro = { keys: ['taro'], addresses: [TARO] };
  add('verified', mail(leg3), verified);
  add('verified, addressed by Bcc', mail(hidden), { ...verified, deliveredTo: JIRO, hidden: true }, { reader: { keys: ['jiro'], addresses: [JIRO] } });
  add('verified, inside one organisation, addressed by an alias', mail(internal, [['From', TARO], ['To', 'desk@hinode.example'], ['Subject', 'Estimate']]),
    { ...verified, deliveredTo: YUKI, addressedAs: 'desk@hinode.example' }, { reader: { keys: ['yuki'], addresses: [YUKI] } });
  add('own copy', mail(leg1), { state: 'verified', code: 'own-copy', content: 'opened', leg: 1 }, { reader: taro });
  add('verified, but not opened: no key given', mail(leg3), { ...verified, content: 'not-opened' }, { reader: { keys: [], addresses: [HANAKO] } });
  add('auditor, leg 3', mail(leg3), { ...verified, content: 'not-opened' }, { reader: null });
  add('auditor, leg 2', mail(leg2), { state: 'verified', code: 'in-transit', content: 'not-opened', leg: 2 }, { reader: null });
  add('leg 2 in a mailbox', mail(leg2), problem('wrong-leg', 'wrong-leg'));
  add('somebody else’s leg 3', mail(leg3), problem('not-addressed', 'not-addressed'), { reader: { keys: ['jiro'], addresses: [JIRO] } });
  add('somebody else’s leg 1', mail(leg1), problem('not-addressed', 'not-addressed'));
  add('the right address without its key', mail(leg3), cannotCheck('key-missing'), { reader: { keys: ['jiro'], addresses: [HANAKO] } });
}

function trusts(add: Add, { leg1, leg3 }: HonestLegs): void {
  add('no trust material', mail(leg3), cannotCheck('trust-missing'), { trust: 'trust-missing' });
  add('CRL of the Authority out of reach', mail(leg3), cannotCheck('crl-missing'), { trust: 'crl-missing' });
  add('directory stale by now', mail(leg3), cannotCheck('directory-stale'), { hours: 25, trust: 'directory-stale' });
  add('own copy: CRL of the own organisation stale', mail(leg1), cannotCheck('crl-stale'), { reader: { keys: ['taro'], addresses: [TARO] }, trust: 'CRL of hinode stale' });
  add('signed after the organisation was revoked', mail(leg3), problem('certificate-revoked', 'certificate-revoked'), { trust: 'tsukimi revoked an hour ago' });
  add('gateway no longer listed', mail(leg3), impersonation('gateway-unknown'), { trust: 'tsukimi lists no gateway' });
}

function headers(add: Add, { leg3 }: HonestLegs): void {
  add('outer From of another', mail(leg3, [['From', 'boss@hinode.example'], ...usual.slice(1)]), impersonation('from-mismatch'));
  add('two From fields', mail(leg3, [['From', TARO], ...usual]), altered('carrier-ambiguous'));
  add('two addresses in From', mail(leg3, [['From', `${TARO}, boss@hinode.example`], ...usual.slice(1)]), impersonation('from-several'));
  add('another outer Subject', mail(leg3, [['From', TARO], ['To', HANAKO], ['Subject', 'Invoice']]), { ...verified, conflicts: ['subject'] });
  add('a list’s tag in the outer Subject', mail(leg3, [['From', TARO], ['To', HANAKO], ['Subject', '[office 12] Estimate']]), { ...verified, conflicts: [] });
  add('outer To and Reply-To of others', mail(leg3, [['From', `"Mayor" <${TARO}>`], ['To', JIRO], ['Reply-To', 'x@evil.example'], ['Subject', 'Estimate']]), { ...verified, conflicts: ['from', 'to', 'reply-to'] });
}

function carriers(add: Add, { leg3 }: HonestLegs): void {
  const raw = mail(leg3);
  add('a byte of the CMS', mail(leg3.map((byte, i) => (i === leg3.length - 10 ? byte ^ 1 : byte))), altered('gateway-signature-invalid'));
  add('X-SSMAX lost on the way', edited(raw, 'X-SSMAX: 1\r\n', ''), verified);
  add('X-SSMAX: 2', edited(raw, 'X-SSMAX: 1', 'X-SSMAX: 2'), altered('carrier-ambiguous'));
  add('HTML beside the seal', edited(raw, 'Content-Type: text/plain; charset=utf-8', 'Content-Type: text/html; charset=utf-8'), altered('carrier-ambiguous'));
  // EFAIL: text before and behind the sealed part that would swallow what it decrypts to
  add('sealed part deeper', edited(edited(raw, 'boundary="=_ssmax-carrier"\r\n\r\n', 'boundary=o\r\n\r\n--o\r\nContent-Type: text/plain\r\n\r\nx\r\n--o\r\nContent-Type: multipart/mixed; boundary="=_ssmax-carrier"\r\n\r\n'),
    '--=_ssmax-carrier--\r\n', '--=_ssmax-carrier--\r\n\r\n--o--\r\n'), altered('carrier-ambiguous'));
  add('sealed part alone', concat(utf8('From: taro@hinode.example\r\nX-SSMAX: 1\r\nMIME-Version: 1.0\r\nContent-Type: application/cms; name="message.ssmax"\r\nContent-Disposition: attachment; filename="message.ssmax"\r\nContent-Transfer-Encoding: base64\r\n\r\nAQID\r\n')), altered('carrier-ambiguous'));
  add('base64 with a letter too many', edited(raw, '\r\n--=_ssmax-carrier--', 'A\r\n--=_ssmax-carrier--'), altered('mime-base64-invalid'));
}

function outside(add: Add): void {
  const plain = (from: string, rest = ''): Bytes => utf8(`From: ${from}\r\nTo: ${HANAKO}\r\nSubject: x\r\n${rest}\r\nhello\r\n`);
  const report = 'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n--r\r\n\r\nundelivered\r\n--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; taro@hinode.example\r\nAction: failed\r\nStatus: 5.7.1\r\n--r--\r\n';
  add('outside SSMAX', plain('a@outside.example'), { state: 'outside', code: 'outside' });
  add('outside SSMAX, marked', plain('a@outside.example', 'X-SSMAX: 1\r\n'), { state: 'outside', code: 'outside' });
  add('unsigned in the name of a domain that always signs', plain(TARO), impersonation('unsigned'));
  add('unsigned, Sender of a domain that always signs', plain('a@outside.example', `Sender: <${TARO}>\r\n`), impersonation('unsigned'));
  add('unsigned, display name with such an address', plain(`"${TARO}" <a@outside.example>`), impersonation('unsigned'));
  add('unsigned, no trust material', plain('a@outside.example'), cannotCheck('trust-missing'), { trust: 'trust-missing' });
  add('delivery report', plain('MAILER-DAEMON@hinode.example', report), { state: 'outside', code: 'delivery-report' });
  add('delivery report under a person’s name', plain('"Yamada Taro" <mailer-daemon@hinode.example>', report), impersonation('unsigned'));
  add('delivery report in a person’s name', plain(TARO, report), impersonation('unsigned'));
}

/** Leg 3 with genuine signatures, honest but for one thing. */
async function crafted(scene: Scene): Promise<[name: string, tweak: Tweak, expect: Expectation][]> {
  const { hinode, kasumi, tsukimi, jiro, hanako: reader, world } = scene;
  const other = new Uint8Array(32).fill(7);
  const day = new Date(world.now.getTime() - 24 * HOUR);
  const cek = testNative('another key').random(32);
  const commitment = await hkdf(cek, utf8('SSMAX-v1'), utf8('SSMAX-v1/cek-commit'), 32);
  return [
    ['signed a day ago', { signingTime: day }, verified],
    ['signed in the future', { signingTime: new Date(world.now.getTime() + HOUR / 3) }, cannotCheck('clock-wrong')],
    ['gateway’s signature missing', { gateway: null }, impersonation('gateway-signature-missing')],
    ['gateway’s signature by another organisation’s', { gateway: kasumi.gateway }, impersonation('gateway-unknown')],
    ['leg 3 by a foreign organisation', {
      signer: kasumi.issuer, gateway: kasumi.gateway, leg: (leg) => ({ ...leg, attestations: leg.attestations.map((one) => (one.leg === 3 ? { ...one, organisation: kasumi.id } : one)) }),
    }, impersonation('recipient-not-of-organisation')],
    ['sender of another than the attesting organisation', { leg: (leg) => ({ ...leg, sender: { ...leg.sender, address: 'suzu@kasumi.example' } }) }, impersonation('sender-not-of-organisation')],
    ['label of purpose transfer', { label: (label) => ({ ...label, purpose: 'transfer' }) }, altered('recipient-info-purpose')],
    ['label of other recipients', { label: (label) => ({ ...label, recipients: [JIRO] }) }, altered('label-mismatch')],
    ['label of another target', { label: (label) => ({ ...label, targetKey: jiro.certificate.spkiSha256 }) }, cannotCheck('key-missing')],
    ['recover for another organisation', { targets: [{ purpose: 'deliver', certificate: reader.certificate }, { purpose: 'recover', certificate: hinode.issuer.certificate }] }, altered('label-mismatch')],
    ['with a recover info', { targets: [{ purpose: 'deliver', certificate: reader.certificate }, { purpose: 'recover', certificate: tsukimi.issuer.certificate }] }, verified],
    ['label proof of another label', { kemct: (kemct) => ({ ...kemct, f: other }) }, altered('kem-invalid')],
    ['commitment to another key', { body: (body) => ({ ...body, cekCommitment: commitment, authAttrs: setOf(sequence(oid(OID.cekCommitment), setOf(octetString(commitment)))) }) }, altered('content-invalid')],
    ['inner From of another', { entity: entityOf([HANAKO], 'boss@hinode.example') }, impersonation('from-mismatch')],
    ['inner entity without hp', { entity: utf8(`From: ${TARO}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nx\r\n`) }, altered('protected-headers-missing')],
    ['inner entity with two Content-Types', { entity: utf8(`From: ${TARO}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; hp="cipher"\r\nContent-Type: text/html; hp="cipher"\r\n\r\nx\r\n`) }, altered('header-duplicate')],
    ['recipients of two mailboxes', { recipients: [HANAKO, JIRO] }, altered('leg-invalid')],
  ];
}

/** The sealed bytes in another wrapping, by somebody who has no key. */
async function rewrapped(scene: Scene, { leg3 }: HonestLegs): Promise<[name: string, cms: Bytes, expect: Expectation][]> {
  const { eContent, certificates, signer } = parseSignedData(leg3);
  const cbc = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(new Uint8Array(16)));
  const encrypted = (type: string, version: number): Bytes => sequence(oid(type), tlv(contextTag(0), sequence(
    integer(version), setOf(tlv(contextTag(4), integer(0))), sequence(oid(OID.data), cbc, tlv(contextTag(0, false), eContent.subarray(0, 64))))));
  const signed = (type: string, content: Bytes, signers: readonly Bytes[]): Bytes => sequence(oid(OID.signedData), tlv(contextTag(0), sequence(
    integer(3), setOf(sequence(oid(OID.sha256))), sequence(oid(type), tlv(contextTag(0), octetString(content))), tlv(contextTag(0), ...certificates), setOf(...signers))));
  const genuine = await craft(scene, 3, { native: testNative('forged attributes'), entity: entityOf() });
  return [
    ['rewrapped as EnvelopedData with CBC', encrypted('1.2.840.113549.1.7.3', 2), altered('cms-type')],
    ['rewrapped as AuthEnvelopedData, unsigned', encrypted(OID.authEnvelopedData, 0), altered('cms-type')],
    ['EnvelopedData inside the signature', signed('1.2.840.113549.1.7.3', eContent, [signer.der]), altered('content-type-mismatch')],
    ['no SignerInfo', signed(OID.authEnvelopedData, eContent, []), impersonation('signature-missing')],
    ['two SignerInfos', signed(OID.authEnvelopedData, eContent, [signer.der, sequence(integer(3))]), altered('signer-count')],
    // what is signed is a SET OF attributes: taken as content and without attributes, its signature would be a content's
    ['forged attributes: signed attributes as content', signed(OID.data, genuine.signedAttrs, [sequence(integer(3), tlv(contextTag(0, false), signer.subjectKeyIdentifier), sequence(oid(OID.sha256)), sequence(oid(OID.ecdsaWithSha256)), octetString(new Uint8Array(70)))]), altered('signed-attributes-missing')],
    ['content and signature of two mails', signed(OID.authEnvelopedData, genuine.eContent, [signer.der]), altered('message-digest-mismatch')],
  ];
}
