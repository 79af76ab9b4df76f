/**
 * Multi-scalar multiplication by mcl (WebAssembly): four times as fast as noble. Variable time: public data only, and
 * nothing but points that were validated. Not exported by index.ts, so that only who wants its 600 kB loads them.
 */
import type * as Module from 'mcl-wasm';
import type { Fr, G1 } from 'mcl-wasm';
import type { PublicArithmetic, PublicTerm } from '../keys.ts';

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
  let sum = new mcl.G1();
  for (let start = 0; start < terms.length; start += CHUNK) {
    const chunk = terms.slice(start, start + CHUNK);
    sum = mcl.add(sum, mcl.mulVec(chunk.map((term) => toPoint(mcl, term)), chunk.map((term) => toScalar(mcl, term))));
  }
  return sum.isZero();
}

function toPoint(mcl: Mcl, { x, y }: PublicTerm): G1 {
  const point = new mcl.G1();
  point.setStr(`1 ${x.toString(16)} ${y.toString(16)}`, 16); // "1": affine coordinates follow
  return point;
}

function toScalar(mcl: Mcl, { scalar }: PublicTerm): Fr {
  const element = new mcl.Fr();
  element.setStr(scalar.toString(16), 16);
  return element;
}
