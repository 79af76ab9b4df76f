/** Label, Kemct, KemHeader, leg attribute and verdict: fields and their DER, and every way to be refused. */
import { createHash } from 'node:crypto';
import { type Bytes, concat, fromHex, hex } from '../../src/core/bytes.ts';
import { boolean, contextTag, generalizedTime, ia5String, integer, octetString, oid, sequence, TAG, tlv, utf8String } from '../../src/core/der.ts';
import { OID } from '../../src/core/oids.ts';
import { encodeKemct, encodeKemHeader } from '../../src/wire/kemct.ts';
import { encodeLabel, type Label } from '../../src/wire/label.ts';
import { encodeLeg, type Leg } from '../../src/wire/leg.ts';
import { encodeVerdict, type Verdict } from '../../src/wire/verdict.ts';
import { testKey } from './source.ts';

const digest = (name: string): Bytes => new Uint8Array(createHash('sha256').update(name).digest());
const point = (name: string): Bytes => testKey(name).publicKey;

const label: Label = {
  purpose: 'transfer', targetKey: digest('target'), sealer: digest('sealer'), contentDigest: digest('content'),
  recipients: ['hanako@tsukimi.example', 'jiro@tsukimi.example'],
};
const leg1: Leg = {
  leg: 1, purpose: 'seal', mode: 'protect-all', labelHashes: [digest('b'), digest('a')], contentDigest: digest('content'),
  sender: { address: 'taro@hinode.example', displayName: '山田 太郎', pseudonym: false }, recipients: label.recipients, hidden: ['jiro@tsukimi.example'], attestations: [],
};
const signedAt = new Date('2026-11-22T03:00:00Z');
const leg3: Leg = {
  ...leg1, leg: 3, purpose: 'deliver', labelHashes: [digest('a')], recipients: ['hanako@tsukimi.example'], hidden: [], previous: digest('previous'), addressedAs: 'sales@tsukimi.example',
  sender: { address: 'desk-12@hinode.example', displayName: '窓口 12', pseudonym: true },
  attestations: [
    { organisation: 'NTRJP-0000000000001', leg: 2, signedAt, inspections: [{ direction: 'outbound', result: 'tagged', policy: '2026-11', codes: ['keyword', 'too-large'] }] },
    { organisation: 'NTRJP-0000000000002', leg: 3, signedAt, inspections: [] },
  ],
};
const verdict: Verdict = {
  contentDigest: digest('content'), leg: 1, direction: 'outbound', organisation: 'NTRJP-0000000000001', policy: '2026-11', result: 'refuse',
  findings: [{ code: 'keyword', part: 2 }, { code: 'malware', part: 0 }], time: signedAt, sender: 'taro@hinode.example', recipients: digest('recipients'),
};
const kemct = { c1: point('c1'), c2: point('c2'), u: point('u'), w: point('w'), v: point('v'), f: digest('f'), label: encodeLabel(label) };

interface Case {
  readonly name: string;
  readonly structure: 'label' | 'kemct' | 'kem-header' | 'leg' | 'verdict';
  readonly der: Bytes;
  readonly fields?: object;
  readonly expect?: string;
}

const digests = (): Bytes[] => [octetString(label.targetKey), octetString(label.sealer), octetString(label.contentDigest)];
const enumerated = (value: number): Bytes => integer(value, TAG.enumerated);
const suite = oid(OID.kemSsmaxP256);
const people = sequence(...label.recipients.map(ia5String));

function labels(): Case[] {
  const bad = (name: string, expect: string, ...fields: Bytes[]): Case => ({ name, structure: 'label', der: sequence(...fields), expect });
  return [
    { name: 'label', structure: 'label', der: encodeLabel(label), fields: label },
    ...(['seal', 'self', 'deliver', 'inspect', 'recover', 'forward', 'report', 'look'] as const).map((purpose): Case =>
      ({ name: `purpose ${purpose}`, structure: 'label', der: encodeLabel({ ...label, purpose }), fields: { ...label, purpose } })),
    bad('version 2', 'label-invalid', integer(2), enumerated(3), suite, ...digests(), people),
    bad('purpose 0', 'label-invalid', integer(1), enumerated(0), suite, ...digests(), people), bad('purpose 10', 'label-invalid', integer(1), enumerated(10), suite, ...digests(), people),
    bad('purpose as INTEGER', 'der-invalid', integer(1), integer(3), suite, ...digests(), people),
    bad('other suite', 'label-invalid', integer(1), enumerated(3), oid(OID.ecPublicKey), ...digests(), people),
    bad('digest of 31 bytes', 'der-invalid', integer(1), enumerated(3), suite, octetString(label.targetKey.subarray(1)), ...digests().slice(1), people),
    bad('no recipient', 'label-invalid', integer(1), enumerated(3), suite, ...digests(), sequence()),
    bad('recipients not sorted', 'label-invalid', integer(1), enumerated(3), suite, ...digests(), sequence(...[...label.recipients].reverse().map(ia5String))),
    bad('a recipient twice', 'label-invalid', integer(1), enumerated(3), suite, ...digests(), sequence(...['a@b.example', 'a@b.example'].map(ia5String))),
    bad('recipient as UTF8String', 'der-invalid', integer(1), enumerated(3), suite, ...digests(), sequence(utf8String('a@b.example'))),
    bad('a field more', 'der-invalid', integer(1), enumerated(3), suite, ...digests(), people, integer(0)),
    bad('a field less', 'der-invalid', integer(1), enumerated(3), suite, ...digests()),
    { name: 'trailing byte', structure: 'label', der: concat(encodeLabel(label), fromHex('00')), expect: 'der-invalid' },
  ];
}

function ciphertexts(): Case[] {
  const { c1, c2, u, w, v, f } = kemct;
  const parts = [c1, c2, u, w, v, f].map((part) => octetString(part));
  const bad = (name: string, ...fields: Bytes[]): Case => ({ name, structure: 'kemct', der: sequence(...fields), expect: 'der-invalid' });
  const header = { c1, u, w, v, f, label: kemct.label };
  return [
    { name: 'kemct', structure: 'kemct', der: encodeKemct(kemct), fields: kemct },
    { name: 'KEM header: no C2', structure: 'kem-header', der: encodeKemHeader(header), fields: header },
    { name: 'a kemct where a header is due', structure: 'kem-header', der: encodeKemct(kemct), expect: 'der-invalid' },
    { name: 'a header where a kemct is due', structure: 'kemct', der: encodeKemHeader(header), expect: 'der-invalid' },
    bad('C1 of 64 bytes', octetString(c1.subarray(1)), ...parts.slice(1), kemct.label), bad('f of 33 bytes', ...parts.slice(0, 5), octetString(f, Uint8Array.of(0)), kemct.label),
    bad('label in an OCTET STRING', ...parts, octetString(kemct.label)), bad('no label', ...parts), bad('a field more', ...parts, kemct.label, integer(1)),
  ];
}

const sender = sequence(ia5String('taro@hinode.example'), utf8String('Taro'), boolean(false));
const hash = octetString(digest('a'));

/** A leg attribute of fields in their order; those left out are honest. */
function legOf(fields: Partial<Record<'version' | 'leg' | 'purpose' | 'mode' | 'hashes' | 'sender' | 'recipients' | 'hidden' | 'attestations', Bytes>>, ...optional: Bytes[]): Bytes {
  return sequence(
    fields.version ?? integer(1), fields.leg ?? integer(2), fields.purpose ?? enumerated(3), fields.mode ?? enumerated(1), fields.hashes ?? sequence(hash),
    octetString(digest('content')), fields.sender ?? sender, fields.recipients ?? people, fields.hidden ?? sequence(), fields.attestations ?? sequence(), ...optional,
  );
}

function attestation(fields: { leg?: number; time?: Bytes; inspections?: Bytes[] } = {}): Bytes {
  return sequence(sequence(utf8String('NTRJP-0000000000001'), integer(fields.leg ?? 2), fields.time ?? generalizedTime(signedAt), sequence(...(fields.inspections ?? []))));
}

function inspection(direction: number, result: number, policy: string, codes: readonly string[]): Bytes {
  return sequence(enumerated(direction), enumerated(result), utf8String(policy), sequence(...codes.map(utf8String)));
}

const previous = tlv(contextTag(0, false), digest('previous'));
const addressedAs = (tag = contextTag(1)): Bytes => tlv(tag, ia5String('sales@tsukimi.example'));

function legs(): Case[] {
  const bad = (name: string, expect: string, der: Bytes): Case => ({ name, structure: 'leg', der, expect });
  const hashes = [digest('a'), digest('b')].sort((a, b) => hex(a) < hex(b) ? -1 : 1).map((one) => octetString(one));
  return [
    { name: 'leg 1', structure: 'leg', der: encodeLeg(leg1), fields: { ...leg1, labelHashes: [...leg1.labelHashes].sort((a, b) => hex(a) < hex(b) ? -1 : 1) } },
    { name: 'leg 3 with everything', structure: 'leg', der: encodeLeg(leg3), fields: leg3 },
    bad('version 0', 'leg-invalid', legOf({ version: integer(0) })), bad('leg 0', 'leg-invalid', legOf({ leg: integer(0) })), bad('leg 4', 'leg-invalid', legOf({ leg: integer(4) })),
    bad('purpose 10', 'label-invalid', legOf({ purpose: enumerated(10) })), bad('mode 5', 'leg-invalid', legOf({ mode: enumerated(5) })),
    bad('label hashes not sorted', 'leg-invalid', legOf({ hashes: sequence(...[...hashes].reverse()) })), bad('a label hash twice', 'leg-invalid', legOf({ hashes: sequence(hash, hash) })),
    bad('no recipients', 'label-invalid', legOf({ recipients: sequence() })), bad('hidden is no recipient', 'leg-invalid', legOf({ hidden: sequence(ia5String('x@tsukimi.example')) })),
    bad('empty name', 'text-invalid', legOf({ sender: sequence(ia5String('a@b.example'), utf8String(''), boolean(false)) })),
    bad('white space at the end of the name', 'text-invalid', legOf({ sender: sequence(ia5String('a@b.example'), utf8String('Taro '), boolean(false)) })),
    bad('bidirectional override in the name', 'text-invalid', legOf({ sender: sequence(ia5String('a@b.example'), utf8String('a\u202eb'), boolean(false)) })),
    bad('name of 257 bytes', 'der-invalid', legOf({ sender: sequence(ia5String('a@b.example'), utf8String('a'.repeat(257)), boolean(false)) })),
    bad('pseudonym left out', 'der-invalid', legOf({ sender: sequence(ia5String('a@b.example'), utf8String('Taro')) })),
    bad('attestation of leg 4', 'leg-invalid', legOf({ attestations: attestation({ leg: 4 }) })), bad('three attestations', 'der-invalid', legOf({ attestations: sequence(...[1, 2, 3].map(() => attestation().subarray(2))) })),
    bad('UTCTime', 'der-invalid', legOf({ attestations: attestation({ time: fromHex('170d3236313132323033303030305a') }) })),
    bad('direction 3', 'leg-invalid', legOf({ attestations: attestation({ inspections: [inspection(3, 1, 'p', [])] }) })),
    bad('result 0', 'leg-invalid', legOf({ attestations: attestation({ inspections: [inspection(1, 0, 'p', [])] }) })),
    bad('code with a space', 'text-invalid', legOf({ attestations: attestation({ inspections: [inspection(1, 2, 'p', ['the secret'])] }) })),
    bad('code in capitals', 'text-invalid', legOf({ attestations: attestation({ inspections: [inspection(1, 2, 'p', ['Keyword'])] }) })),
    bad('empty policy', 'text-invalid', legOf({ attestations: attestation({ inspections: [inspection(1, 1, '', [])] }) })),
    bad('previous of 31 bytes', 'der-invalid', legOf({}, tlv(contextTag(0, false), digest('p').subarray(1)))), bad('previous EXPLICIT', 'der-invalid', legOf({}, tlv(contextTag(0), octetString(digest('p'))))),
    bad('addressedAs IMPLICIT', 'der-invalid', legOf({}, previous, tlv(contextTag(1, false), ia5String('a@b.example').subarray(2)))),
    bad('addressedAs before previous', 'der-invalid', legOf({}, addressedAs(), previous)), bad('unknown optional field', 'der-invalid', legOf({}, previous, addressedAs(contextTag(2)))),
  ];
}

function verdicts(): Case[] {
  const finding = (code: string, part: Bytes): Bytes => sequence(utf8String(code), part);
  const of = (leg: Bytes, direction: number, result: number, findings: Bytes[], version = 1, time = generalizedTime(signedAt)): Bytes =>
    sequence(integer(version), octetString(digest('content')), leg, enumerated(direction), utf8String('NTRJP-0000000000001'), utf8String('p'), enumerated(result), sequence(...findings), time, ia5String('taro@hinode.example'), octetString(digest('recipients')));
  const bad = (name: string, expect: string, der: Bytes): Case => ({ name, structure: 'verdict', der, expect });
  return [
    { name: 'verdict', structure: 'verdict', der: encodeVerdict(verdict), fields: verdict },
    ...(['pass', 'hold', 'tag'] as const).map((result): Case => ({ name: `result ${result}`, structure: 'verdict', der: encodeVerdict({ ...verdict, result, findings: [] }), fields: { ...verdict, result, findings: [] } })),
    bad('version 2', 'verdict-invalid', of(integer(1), 1, 1, [], 2)), bad('leg 3', 'verdict-invalid', of(integer(3), 1, 1, [])), bad('direction 0', 'verdict-invalid', of(integer(1), 0, 1, [])),
    bad('result 5', 'verdict-invalid', of(integer(1), 1, 5, [])), bad('code with a line break', 'der-invalid', of(integer(1), 1, 2, [finding('a\nb', integer(1))])),
    bad('code with a full stop', 'text-invalid', of(integer(1), 1, 2, [finding('a.b', integer(1))])), bad('negative part', 'der-invalid', of(integer(1), 1, 2, [finding('a', fromHex('0201ff'))])),
    bad('without recipients', 'der-invalid', sequence(integer(1), octetString(digest('content')), integer(1), enumerated(1), utf8String('NTRJP-0000000000001'), utf8String('p'), enumerated(1), sequence(), generalizedTime(signedAt), ia5String('taro@hinode.example'))),
    bad('33 findings', 'der-invalid', of(integer(1), 1, 2, Array.from({ length: 33 }, () => finding('a', integer(1))))),
    bad('UTCTime', 'der-invalid', of(integer(1), 1, 1, [], 1, fromHex('170d3236313132323033303030305a'))),
  ];
}

export const structureVectors = {
  about: 'Structures by their DER (hexadecimal). `fields` (bytes in hexadecimal, times in ISO 8601), or `expect`: the error code. A reader must also write `fields` as the same bytes.',
  specification: 'docs/protocol.md#4-label-and-kem-ciphertext',
  cases: [...labels(), ...ciphertexts(), ...legs(), ...verdicts()].map(({ expect = 'ok', ...one }) => ({ ...one, expect })),
};
