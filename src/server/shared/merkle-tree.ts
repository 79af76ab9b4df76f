/**
 * The hash tree over an audit chain's entries (RFC 9162 §2.1), by which the Authority sees that today's head continues
 * yesterday's without being shown an entry: a proof of a few hashes, whatever the length of the chain.
 *
 * Leaves are the entries' hashes in their order; leaf = SHA-256(0x00 ‖ hash), node = SHA-256(0x01 ‖ left ‖ right), and the
 * left half of n leaves is the largest power of two below n.
 */
import { createHash } from 'node:crypto';
import { type Bytes, equal } from '../../core/bytes.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

function hashLeaf(entry: Bytes): Bytes {
  return new Uint8Array(createHash('sha256').update(LEAF).update(entry).digest());
}

function hashNode(left: Bytes, right: Bytes): Bytes {
  return new Uint8Array(createHash('sha256').update(NODE).update(left).update(right).digest());
}

/** A growing tree of which only the roots of its whole subtrees are kept: log2(n) hashes. */
export class TreeHead {
  #size = 0;
  /** Largest subtree first; sizes are the ones of `size` in binary. */
  readonly #peaks: Bytes[] = [];

  append(entry: Bytes): void {
    let node = hashLeaf(entry);
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) node = hashNode(this.#peaks.pop() ?? node, node);
    this.#peaks.push(node);
    this.#size++;
  }

  /** The root over all that was appended; SHA-256 of nothing for an empty tree. */
  root(): Bytes {
    const [last, ...others] = [...this.#peaks].reverse();
    if (last === undefined) return new Uint8Array(createHash('sha256').digest());
    return others.reduce((right, left) => hashNode(left, right), last);
  }
}

/** The root over all entries. */
export function treeRoot(entries: readonly Bytes[]): Bytes {
  const head = new TreeHead();
  for (const entry of entries) head.append(entry);
  return head.root();
}

/** That the tree over the first `size` entries is the beginning of the tree over all of them: at most 2·log2(n) hashes. */
export function consistencyProof(entries: readonly Bytes[], size: number): Bytes[] {
  if (size <= 0 || size >= entries.length) return [];
  const root = (from: number, to: number): Bytes => treeRoot(entries.slice(from, to));
  const prove = (known: number, from: number, to: number, whole: boolean): Bytes[] => {
    if (known === to - from) return whole ? [] : [root(from, to)];
    const left = largestPowerBelow(to - from);
    return known <= left
      ? [...prove(known, from, from + left, whole), root(from + left, to)]
      : [...prove(known - left, from + left, to, false), root(from, from + left)];
  };
  return prove(size, 0, entries.length, true);
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

export interface TreeSize {
  readonly seq: number;
  readonly root: Bytes;
}

/** Whether `proof` shows that the tree `next` begins with the tree `former` (RFC 9162 §2.1.4.2). */
export function isConsistent(former: TreeSize, next: TreeSize, proof: readonly Bytes[]): boolean {
  if (next.seq < former.seq) return false;
  if (former.seq === 0) return proof.length === 0;
  if (former.seq === next.seq) return proof.length === 0 && equal(former.root, next.root);
  const [first, ...path] = Number.isInteger(Math.log2(former.seq)) ? [former.root, ...proof] : proof;
  if (first === undefined) return false;
  let [known, whole] = [former.seq - 1, next.seq - 1];
  const up = (): void => {
    known = Math.floor(known / 2);
    whole = Math.floor(whole / 2);
  };
  while (known % 2 === 1) up();
  let [knownRoot, wholeRoot] = [first, first];
  for (const sibling of path) {
    if (whole === 0) return false;
    if (known % 2 === 1 || known === whole) {
      knownRoot = hashNode(sibling, knownRoot);
      wholeRoot = hashNode(sibling, wholeRoot);
      while (known % 2 === 0 && known !== 0) up();
    } else {
      wholeRoot = hashNode(wholeRoot, sibling);
    }
    up();
  }
  return whole === 0 && equal(knownRoot, former.root) && equal(wholeRoot, next.root);
}
