/**
 * Multi-scalar multiplication by mcl (WebAssembly): four times as fast as noble. Variable time: public data only, and
 * nothing but points that were validated. Not exported by index.ts, so that only who wants its 600 kB loads them.
 */
import type * as Module from 'mcl-wasm';
import type { Fp, G1 } from 'mcl-wasm';
import type { Bytes } from '../bytes.ts';
import type { PublicArithmetic, PublicTerm } from '../keys.ts';
import { encodeScalar } from './curve.ts';

type Mcl = typeof Module;

/** mcl copies its input to a stack of fixed size, and gains nothing from longer sums. */
const CHUNK = 128;

/** Loads the module at the first sum (tens of milliseconds). Where WebAssembly is forbidden, that sum rejects. */
export function createMclArithmetic(): PublicArithmetic {
  let loading: Promise<Mcl> | undefined;
  return {
    async vanishes(terms) {
      loading ??= load();
      return vanishes(await loading, terms);
    },
  };
}

async function load(): Promise<Mcl> {
  const mcl = await import('mcl-wasm');
  await mcl.init(mcl.NIST_P256);
  return mcl;
}

function vanishes(mcl: Mcl, terms: readonly PublicTerm[]): boolean {
  const one = new mcl.Fp();
  one.setInt(1);
  let sum = new mcl.G1();
  for (let start = 0; start < terms.length; start += CHUNK) {
    const chunk = terms.slice(start, start + CHUNK);
    sum = mcl.add(sum, mcl.mulVec(chunk.map(({ point }) => toPoint(mcl, point, one)), chunk.map(({ scalar }) => toScalar(mcl, scalar))));
  }
  return sum.isZero();
}

function toPoint(mcl: Mcl, bytes: Bytes, one: Fp): G1 {
  const point = new mcl.G1();
  point.setX(toField(mcl, bytes.slice(1, 33)));
  point.setY(toField(mcl, bytes.slice(33, 65)));
  point.setZ(one);
  return point;
}

function toField(mcl: Mcl, bigEndian: Bytes): Fp {
  const element = new mcl.Fp();
  element.setLittleEndian(bigEndian.reverse());
  return element;
}

function toScalar(mcl: Mcl, value: bigint): InstanceType<Mcl['Fr']> {
  const scalar = new mcl.Fr();
  scalar.setLittleEndian(encodeScalar(value).reverse());
  return scalar;
}
