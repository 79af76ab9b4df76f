/**
 * Writes test/vectors/kem.json and reencrypt.json. A second implementation of docs/protocol-kem.md by plain formulas
 * with noble, strange to src/core/elgamal, so that equality says something. Deterministic: `npx tsx scripts/make-kem-vectors.ts`
 * twice writes the same bytes.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { WeierstrassPoint } from '@noble/curves/abstract/weierstrass.js';
import { p256, p256_hasher } from '@noble/curves/nist.js';

type Point = WeierstrassPoint<bigint>;
type Fields = Record<string, string>;

const { Point } = p256;
const { Fn, Fp } = Point;
const N = Fn.ORDER;
const G = Point.BASE;
const text = (value: string): Buffer => Buffer.from(value, 'utf8');
const H_TAG = 'SSMAX-v1/generator-H';
const H_MESSAGE = 'SSMAX-v1 second generator';
const H = p256_hasher.hashToCurve(text(H_MESSAGE), { DST: H_TAG });

const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
const num = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const hex32 = (value: bigint): string => value.toString(16).padStart(64, '0');
const mod = (value: bigint): bigint => Fn.create(value);
const point = (p: Point): string => p.toHex(false);
const lp = (data: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
};
const challenge = (tag: string, ...parts: string[]): bigint =>
  mod(num(sha256(Buffer.concat([lp(text(tag)), ...parts.map((part) => lp(Buffer.from(part, 'hex')))]))));

/** A scalar, a digest, a point from a name: nothing up the sleeve. */
const scalar = (name: string): bigint => (num(sha256(text(`SSMAX-v1 vectors/${name}`))) % (N - 1n)) + 1n;
const digest = (name: string): string => sha256(text(`SSMAX-v1 vectors/label/${name}`)).toString('hex');
const anyPoint = (name: string): Point => G.multiply(scalar(`point/${name}`));

interface LabelSecrets {
  readonly r: bigint;
  readonly s: bigint;
}

/** `c1` and `u` may be false on purpose; then exactly the equation about that point fails. */
function labelProof(A: Point, labelDigest: string, { r, s }: LabelSecrets, c1 = G.multiply(r), u = H.multiply(r)): Fields {
  const [w, v] = [G.multiply(s), H.multiply(s)];
  const e = challenge('SSMAX-v1/label-proof', ...[G, H, A, c1, u, w, v].map(point), labelDigest);
  return { u: point(u), w: point(w), v: point(v), f: hex32(mod(s + e * r)) };
}

function ciphertext(A: Point, labelDigest: string, M: Point, secrets: LabelSecrets): Fields {
  const c2 = M.add(A.multiply(secrets.r));
  return { c1: point(G.multiply(secrets.r)), c2: point(c2), ...labelProof(A, labelDigest, secrets) };
}

const P = Fp.ORDER;
const offset = (p: string, x: bigint, y: bigint): string => p.slice(0, 2) + hex32(x) + hex32(y);
/** A point on the curve with x < 2^256 − p, so that x + p still fits 32 bytes. */
function smallX(): Point {
  for (let x = 5n; ; x++) {
    try {
      return Point.fromHex(`02${hex32(x)}`);
    } catch {
      continue; // no point with this x
    }
  }
}
const good = anyPoint('good');
const small = smallX();
const badPoints: Record<string, string> = {
  'off the curve': offset('04', good.x, Fp.add(good.y, 1n)),
  'infinity as one zero byte': '00',
  'infinity as (0, 0)': `04${'00'.repeat(64)}`,
  compressed: good.toHex(true),
  'hybrid form (06 or 07)': (good.y & 1n ? '07' : '06') + point(good).slice(2),
  'x not reduced mod p': offset('04', small.x + P, small.y),
  'one byte short': point(good).slice(0, -2),
  'one byte long': `${point(good)}00`,
  empty: '',
  'the generator G': point(G),
  'the negated generator −G': point(G.negate()),
};
const badScalars: Record<string, string> = {
  'zero': hex32(0n),
  'equal to n': hex32(N),
  'all ones': 'ff'.repeat(32),
  'one byte short': '01'.repeat(31),
  'one byte long': `00${'01'.repeat(32)}`,
};

/** The group's `base` with the fields of `change` replaced. */
interface Case {
  readonly name: string;
  readonly expect: 'ok' | 'kem-invalid';
  readonly change: Fields;
}
const valid: Case = { name: 'valid', expect: 'ok', change: {} };
const bad = (name: string, change: Fields): Case => ({ name, expect: 'kem-invalid', change });
const inPoints = (...fields: string[]): Case[] =>
  fields.flatMap((field) => Object.entries(badPoints).map(([name, value]) => bad(`${field} is ${name}`, { [field]: value })));
const inScalars = (...fields: string[]): Case[] =>
  fields.flatMap((field) => Object.entries(badScalars).map(([name, value]) => bad(`${field} is ${name}`, { [field]: value })));
const replaced = (...fields: string[]): Case[] =>
  fields.map((field) => bad(`${field} is another valid point`, { [field]: point(anyPoint(`other/${field}`)) }));
const plusOne = (base: Fields, ...fields: string[]): Case[] =>
  fields.map((field) => bad(`${field} is one more`, { [field]: hex32(mod(num(Buffer.from(base[field] ?? '', 'hex')) + 1n)) }));

function kem(): unknown {
  const multiply = [1n, 2n, 3n, N - 1n, scalar('multiply/k')].map((k) => {
    const Q = good.multiply(k);
    return { k: hex32(k), kG: point(G.multiply(k)), point: point(good), x: hex32(Q.x), xPlusG: hex32(good.add(G).multiply(k).x), result: point(Q) };
  });
  const encapsulate = ['one', 'two', 'three'].map((name) => {
    const [a, m, r, s] = [scalar(`${name}/a`), scalar(`${name}/m`), scalar(`${name}/r`), scalar(`${name}/s`)];
    const [A, M, labelDigest] = [G.multiply(a), G.multiply(m), digest(name)];
    const made = ciphertext(A, labelDigest, M, { r, s });
    return { name, a: hex32(a), publicKey: point(A), labelDigest, m: hex32(m), r: hex32(r), s: hex32(s), ...made, secret: point(M) };
  });

  const [a, r, s] = [scalar('open/a'), scalar('open/r'), scalar('open/s')];
  const [A, M, labelDigest] = [G.multiply(a), anyPoint('open/M'), digest('open')];
  const made = ciphertext(A, labelDigest, M, { r, s });
  const base = { a: hex32(a), labelDigest, ...made, secret: point(M) };
  const [c1, c2, u] = ['c1', 'c2', 'u'].map((field) => Point.fromHex(made[field] ?? '')) as [Point, Point, Point];
  const delta = scalar('open/delta');
  const short = labelDigest.slice(2);
  const e = challenge('SSMAX-v1/label-proof', ...[G, H, A, c1, u].map(point), made['w'] ?? '', made['v'] ?? '', labelDigest);
  const blinded = { c1: point(c1.add(G.multiply(delta))), c2: point(c2.add(A.multiply(delta))) };
  const shared = c1.multiply(a);
  const falseU = H.multiply(scalar('open/false'));
  const falseC1 = G.multiply(scalar('open/false'));
  const open: Case[] = [
    valid,
    bad('another label', { labelDigest: digest('other') }),
    bad('label digest of 31 bytes, the proof made for it', { labelDigest: short, ...labelProof(A, short, { r, s }) }),
    bad('made for another key', { a: hex32(scalar('open/other')) }),
    bad('C1 and C2 blinded by δG and δA, proof unchanged', blinded),
    bad('C1, C2, U and f blinded by δ', {
      ...blinded, u: point(u.add(H.multiply(delta))), f: hex32(mod(num(Buffer.from(made['f'] ?? '', 'hex')) + e * delta)),
    }),
    bad('U is not rH: the second equation alone fails', labelProof(A, labelDigest, { r, s }, c1, falseU)),
    bad('C1 is not rG: the first equation alone fails', { c1: point(falseC1), ...labelProof(A, labelDigest, { r, s }, falseC1) }),
    bad('proof of another label', labelProof(A, digest('other'), { r, s })),
    bad('proof for another key', labelProof(anyPoint('other/A'), labelDigest, { r, s })),
    bad('U and V swapped', { u: made['v'] ?? '', v: made['u'] ?? '' }),
    bad('every point of the proof negated, f negated', negated(made)),
    bad('C2 = a·C1: M would be infinity', { c2: point(shared) }),
    bad('C2 = −a·C1: impossible addition', { c2: point(shared.negate()) }),
    ...replaced('c1', 'u', 'w', 'v'),
    ...plusOne(made, 'f'),
    ...inPoints('c1', 'c2', 'u', 'w', 'v'),
    ...inScalars('f'),
  ];
  const badTargets = Object.entries(badPoints).map(([name, publicKey]) => ({ name: `public key is ${name}`, publicKey, expect: 'kem-invalid' }));
  const constants = { p: hex32(P), n: hex32(N), b: hex32(Point.CURVE().b), g: point(G), h: point(H), hTag: H_TAG, hMessage: H_MESSAGE };
  return { specification: 'docs/protocol-kem.md', constants, multiply, encapsulate, encapsulateRefused: badTargets, decapsulate: { base, cases: open } };
}

function negated(made: Fields): Fields {
  const minus = (field: string): string => point(Point.fromHex(made[field] ?? '').negate());
  return { u: minus('u'), w: minus('w'), v: minus('v'), f: hex32(mod(-num(Buffer.from(made['f'] ?? '', 'hex')))) };
}

interface Secrets {
  readonly a: bigint;
  readonly rPrime: bigint;
  readonly s: bigint;
  readonly ka: bigint;
  readonly kr: bigint;
}

interface Lie {
  /** The key in T3 and D's −a·C1, if not a. */
  readonly aInD?: bigint;
  readonly rInD?: bigint;
  readonly t1?: Point;
  readonly t2?: Point;
  readonly t3?: Point;
  readonly tag?: string;
}

function answer(B: Point, C1: Point, oldDigest: string, newDigest: string, k: Secrets, lie: Lie = {}): Fields {
  const A = G.multiply(k.a);
  const c1prime = G.multiply(k.rPrime);
  const d = B.multiply(lie.rInD ?? k.rPrime).subtract(C1.multiply(lie.aInD ?? k.a));
  const t1 = lie.t1 ?? G.multiply(k.ka);
  const t2 = lie.t2 ?? G.multiply(k.kr);
  const t3 = lie.t3 ?? B.multiply(k.kr).subtract(C1.multiply(k.ka));
  const e = challenge(lie.tag ?? 'SSMAX-v1/reenc-proof', ...[G, A, B, C1, c1prime, d, t1, t2, t3].map(point), oldDigest, newDigest);
  return {
    c1prime: point(c1prime), d: point(d), t1: point(t1), t2: point(t2), t3: point(t3),
    za: hex32(mod(k.ka + e * k.a)), zr: hex32(mod(k.kr + e * k.rPrime)),
    ...labelProof(B, newDigest, { r: k.rPrime, s: k.s }),
  };
}

function secretsOf(name: string): Secrets {
  const of = (part: string): bigint => scalar(`${name}/${part}`);
  return { a: scalar('organisation/a'), rPrime: of('r-prime'), s: of('s'), ka: of('k-a'), kr: of('k-r') };
}

function reencrypt(): unknown {
  const a = scalar('organisation/a');
  const A = G.multiply(a);
  const M = anyPoint('reencrypt/M');
  const oldLabelDigest = digest('old');
  const old = ciphertext(A, oldLabelDigest, M, { r: scalar('reencrypt/r'), s: scalar('reencrypt/s') });
  const C1 = Point.fromHex(old['c1'] ?? '');
  const C2 = Point.fromHex(old['c2'] ?? '');
  const targets = ['first', 'second', 'third'].map((name) => {
    const secrets = secretsOf(name);
    const b = scalar(`${name}/b`);
    const B = G.multiply(b);
    const newLabelDigest = digest(name);
    const made = answer(B, C1, oldLabelDigest, newLabelDigest, secrets);
    const nonces = Object.fromEntries((['rPrime', 's', 'ka', 'kr'] as const).map((part) => [part, hex32(secrets[part])]));
    return { name, b: hex32(b), target: point(B), newLabelDigest, ...nonces, ...made, c2prime: point(C2.add(Point.fromHex(made['d'] ?? ''))) };
  });

  const k = secretsOf('verify');
  const B = G.multiply(scalar('verify/b'));
  const other = anyPoint('other/B');
  const newLabelDigest = digest('new');
  const statement = { publicKey: point(A), target: point(B), c1: point(C1), oldLabelDigest, newLabelDigest };
  const made = answer(B, C1, oldLabelDigest, newLabelDigest, k);
  const base = { ...statement, ...made };
  const lying = (lie: Lie): Fields => answer(B, C1, oldLabelDigest, newLabelDigest, k, lie);
  const one = scalar('verify/false');
  const short = digest('short').slice(2);
  const verify: Case[] = [
    valid,
    bad('targets swapped: made for B, claimed for another', { target: point(other) }),
    bad('another organisation', { publicKey: point(anyPoint('other/A')) }),
    bad('another C1', { c1: point(anyPoint('other/C1')) }),
    bad('another old label', { oldLabelDigest: digest('other') }),
    bad('another new label', { newLabelDigest: digest('other') }),
    bad('labels swapped', { oldLabelDigest: newLabelDigest, newLabelDigest: oldLabelDigest }),
    bad('old label digest of 31 bytes, the proof made for it', { oldLabelDigest: short, ...answer(B, C1, short, newLabelDigest, k) }),
    bad('new label digest of 31 bytes, the proofs made for it', { newLabelDigest: short, ...answer(B, C1, oldLabelDigest, short, k) }),
    bad('T1 is not k_a·G: the first equation alone fails', lying({ t1: G.multiply(one) })),
    bad('T2 is not k_r·G: the second equation alone fails', lying({ t2: G.multiply(one) })),
    bad('T3 is another: the third equation alone fails', lying({ t3: G.multiply(one) })),
    bad('D takes another key than a', lying({ aInD: one })),
    bad('D takes another r′ than C1′', lying({ rInD: one })),
    bad('wrong domain tag in the challenge', lying({ tag: 'SSMAX-v1/label-proof' })),
    bad('re-encryption right, label proof for another label', labelProof(B, digest('other'), { r: k.rPrime, s: k.s })),
    bad('re-encryption right, label proof for another target', labelProof(other, newLabelDigest, { r: k.rPrime, s: k.s })),
    bad('re-encryption right, label proof of another r', labelProof(B, newLabelDigest, { r: one, s: k.s })),
    bad('T1 and T2 swapped', { t1: made['t2'] ?? '', t2: made['t1'] ?? '' }),
    bad('z_a and z_r swapped', { za: made['zr'] ?? '', zr: made['za'] ?? '' }),
    ...replaced('c1prime', 'd', 't1', 't2', 't3', 'u', 'w', 'v'),
    ...plusOne(made, 'za', 'zr', 'f'),
    ...inPoints('publicKey', 'target', 'c1', 'c1prime', 'd', 't1', 't2', 't3', 'u', 'w', 'v'),
    ...inScalars('za', 'zr', 'f'),
  ];
  const D = Point.fromHex(made['d'] ?? '');
  const apply: Case[] = [
    valid,
    bad('D = C2', { d: point(C2) }),
    bad('D = −C2', { d: point(C2.negate()) }),
    ...inPoints('c2', 'd'),
  ];
  const organisation = { a: hex32(a), publicKey: point(A), oldLabelDigest, c1: point(C1), c2: point(C2), secret: point(M) };
  return { specification: 'docs/protocol-kem.md', reencrypt: { ...organisation, targets }, verify: { base, cases: verify }, apply: { base: { c2: point(C2), d: point(D), c2prime: point(C2.add(D)) }, cases: apply } };
}

for (const [name, vectors] of Object.entries({ kem: kem(), reencrypt: reencrypt() })) {
  writeFileSync(new URL(`../test/vectors/${name}.json`, import.meta.url), `${JSON.stringify(vectors, null, 1)}\n`);
}
