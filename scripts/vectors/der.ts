/**
 * DER, known answers and known refusals. The bytes are written by hand from X.690: nothing here is made by the code that
 * the vectors check.
 */

/** What the bytes are read as; a value that is read must be written as the same bytes again. */
type Kind =
  | 'integer' | 'enumerated' | 'boolean' | 'octet-string' | 'object-identifier' | 'utf8-string' | 'ia5-string' | 'generalized-time'
  | 'rfc5280-time' | 'sequence-of-integer' | 'set-of-octet-string' | 'nested';

type Case = readonly [name: string, kind: Kind, der: string, value: unknown];
type Refusal = readonly [name: string, kind: Kind, der: string];

const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const time = (tag: '17' | '18', text: string): string => tag + text.length.toString(16).padStart(2, '0') + ascii(text);

/** `levels` SEQUENCEs in one another. */
function nested(levels: number): string {
  let der = '';
  for (let i = 0; i < levels; i++) {
    const length = der.length / 2;
    der = `30${length < 0x80 ? length.toString(16).padStart(2, '0') : `81${length.toString(16)}`}${der}`;
  }
  return der;
}

const answers: readonly Case[] = [
  ['zero', 'integer', '020100', '0'], ['127', 'integer', '02017f', '127'], ['128 has a leading zero', 'integer', '02020080', '128'],
  ['256', 'integer', '02020100', '256'], ['65537', 'integer', '0203010001', '65537'], ['2^64', 'integer', '0209010000000000000000', '18446744073709551616'],
  ['seven', 'enumerated', '0a0107', '7'], ['true', 'boolean', '0101ff', true], ['false', 'boolean', '010100', false],
  ['empty', 'octet-string', '0400', ''], ['three bytes', 'octet-string', '0403010203', '010203'],
  ['127 bytes: short length', 'octet-string', `047f${'aa'.repeat(127)}`, 'aa'.repeat(127)], ['128 bytes: long length', 'octet-string', `048180${'aa'.repeat(128)}`, 'aa'.repeat(128)],
  ['256 bytes', 'octet-string', `04820100${'aa'.repeat(256)}`, 'aa'.repeat(256)],
  ['id-data', 'object-identifier', '06092a864886f70d010701', '1.2.840.113549.1.7.1'], ['2.999', 'object-identifier', '06028837', '2.999'], ['0.39', 'object-identifier', '060127', '0.39'],
  ['1.39', 'object-identifier', '06014f', '1.39'], ['the SSMAX arc, 128 bits', 'object-identifier', '06166982cfffd0f490f19a838995dce6e5cfdbad99360201', '2.25.223308392984215074480391359931739753654.2.1'],
  ['Japanese', 'utf8-string', '0c06e69c88e8a68b', '月見'], ['outside the basic plane', 'utf8-string', '0c04f0a0ae9f', '𠮟'],
  ['address', 'ia5-string', `1613${ascii('taro@hinode.example')}`, 'taro@hinode.example'],
  ['time', 'generalized-time', time('18', '20261122030000Z'), '2026-11-22T03:00:00.000Z'], ['leap day', 'generalized-time', time('18', '20280229235959Z'), '2028-02-29T23:59:59.000Z'],
  ['year 50', 'generalized-time', time('18', '00500101000000Z'), '0050-01-01T00:00:00.000Z'],
  ['UTCTime until 2049', 'rfc5280-time', time('17', '491231235959Z'), '2049-12-31T23:59:59.000Z'], ['UTCTime from 1950', 'rfc5280-time', time('17', '500101000000Z'), '1950-01-01T00:00:00.000Z'],
  ['GeneralizedTime from 2050', 'rfc5280-time', time('18', '20500101000000Z'), '2050-01-01T00:00:00.000Z'],
  ['empty sequence', 'sequence-of-integer', '3000', []], ['order is kept', 'sequence-of-integer', '3006020102020101', ['2', '1']],
  ['set sorted by encoding', 'set-of-octet-string', '3107040102040200ff', ['02', '00ff']], ['32 levels', 'nested', nested(32), 32],
];

const refusals: readonly Refusal[] = [
  ['nothing', 'integer', ''], ['tag only', 'integer', '02'], ['truncated', 'octet-string', '0403aabb'], ['trailing byte', 'integer', '02010100'], ['other tag', 'integer', '040101'],
  ['integer without bytes', 'integer', '0200'], ['negative', 'integer', '0201ff'], ['leading zero without need', 'integer', '0202007f'], ['more than 64 bytes', 'integer', `0241${'01'.repeat(65)}`],
  ['enumerated above 2^31', 'enumerated', '0a050080000000'],
  ['true as 0x01', 'boolean', '010101'], ['two bytes', 'boolean', '0102ffff'],
  ['length 5 in long form', 'octet-string', '0481050102030405'], ['length 128 in three bytes', 'octet-string', `04820080${'aa'.repeat(128)}`], ['indefinite length', 'octet-string', '24800401010401020000'],
  ['indefinite length, primitive tag', 'octet-string', '0480010000'], ['constructed octet string', 'octet-string', '24060401aa0401bb'], ['length of five bytes', 'octet-string', '04850000000001aa'],
  ['length beyond 2^30', 'octet-string', '0484400000010000'], ['length 0xffffffff', 'octet-string', '0484ffffffff'], ['multi-byte tag', 'octet-string', '1f2401aa'],
  ['empty', 'object-identifier', '0600'], ['last arc unfinished', 'object-identifier', '06022a86'], ['arc with leading 0x80', 'object-identifier', '06032a8001'], ['more than 64 bytes', 'object-identifier', `0641${'01'.repeat(65)}`],
  ['overlong UTF-8', 'utf8-string', '0c02c0af'], ['surrogate', 'utf8-string', '0c03eda080'], ['truncated UTF-8', 'utf8-string', '0c02e69c'], ['NUL', 'utf8-string', '0c026100'], ['line feed', 'utf8-string', '0c020a61'],
  ['C1 control', 'utf8-string', '0c02c285'], ['line separator', 'utf8-string', '0c03e280a8'],
  ['byte above 127', 'ia5-string', '1601e9'], ['control', 'ia5-string', '160109'], ['more than 320 bytes', 'ia5-string', `16820141${'61'.repeat(321)}`],
  ['without Z', 'generalized-time', time('18', '20261122030000')], ['offset', 'generalized-time', time('18', '20261122120000+0900')], ['fraction', 'generalized-time', time('18', '20261122030000.5Z')],
  ['no seconds', 'generalized-time', time('18', '202611220300Z')], ['30 February', 'generalized-time', time('18', '20260230000000Z')], ['29 February 2026', 'generalized-time', time('18', '20260229000000Z')],
  ['month 13', 'generalized-time', time('18', '20261301000000Z')], ['24 hours', 'generalized-time', time('18', '20261122240000Z')], ['second 60', 'generalized-time', time('18', '20261122235960Z')],
  ['day 0', 'generalized-time', time('18', '20261100000000Z')], ['UTCTime where GeneralizedTime is due', 'generalized-time', time('17', '261122030000Z')],
  ['GeneralizedTime for 2026', 'rfc5280-time', time('18', '20261122030000Z')], ['GeneralizedTime for 2049', 'rfc5280-time', time('18', '20491231235959Z')], ['UTCTime with offset', 'rfc5280-time', time('17', '261122120000+0900')],
  ['set not sorted', 'set-of-octet-string', '3107040200ff040102'], ['the same twice', 'set-of-octet-string', '3106040102040102'], ['33 levels', 'nested', nested(33)],
];

export const derVectors = {
  about: 'DER read as `kind`. `value` (integers in decimal, bytes in hexadecimal, times in ISO 8601, nested: levels), or `expect`: the error code.',
  specification: 'docs/protocol.md#2-conventions',
  cases: [
    ...answers.map(([name, kind, der, value]) => ({ name, kind, der, expect: 'ok', value })),
    ...refusals.map(([name, kind, der]) => ({ name, kind, der, expect: 'der-invalid' })),
  ],
};
