import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { consistencyProof, isConsistent, TreeHead, treeRoot } from '../../../src/server/shared/merkle-tree.ts';

const entries = Array.from({ length: 34 }, (_, i): Bytes => new Uint8Array(createHash('sha256').update(String(i)).digest()));
const root = (size: number): Bytes => treeRoot(entries.slice(0, size));

/** Known answers of RFC 9162's predecessor's test data: leaves "", 00, 10, 2021, 3031, 40414243, …  */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];

describe('the tree over an audit chain', () => {
  it('has the roots that others compute', () => {
    const leaves = LEAVES.map((text) => Uint8Array.from(Buffer.from(text, 'hex')));
    expect(Buffer.from(treeRoot([])).toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(Buffer.from(treeRoot(leaves.slice(0, 1))).toString('hex')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(Buffer.from(treeRoot(leaves.slice(0, 3))).toString('hex')).toBe('aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77');
    expect(Buffer.from(treeRoot(leaves)).toString('hex')).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  it('gives its root at any size while it grows', () => {
    const head = new TreeHead();
    for (const [index, entry] of entries.entries()) {
      head.append(entry);
      expect(head.root()).toEqual(root(index + 1));
    }
  });

  it('proves every beginning of every size, and nothing else', () => {
    for (let size = 1; size <= entries.length; size++) {
      for (let known = 0; known <= size; known++) {
        const proof = consistencyProof(entries.slice(0, size), known);
        const [former, next] = [{ seq: known, root: root(known) }, { seq: size, root: root(size) }];
        expect(isConsistent(former, next, proof), `${known} of ${size}`).toBe(true);
        if (known === 0) continue;
        expect(isConsistent({ ...former, root: root(known - 1) }, next, proof), `another former of ${known} in ${size}`).toBe(false);
        expect(isConsistent(former, { ...next, root: root(size - 1) }, proof), `another next ${known} in ${size}`).toBe(false);
        expect(isConsistent(former, next, [...proof, entries[0] as Bytes]), `longer proof ${known} in ${size}`).toBe(false);
        if (proof.length > 0) expect(isConsistent(former, next, proof.slice(1)), `shorter proof ${known} in ${size}`).toBe(false);
      }
    }
  });

  it('shows a chain that was cut, changed or reordered behind a known head', () => {
    const former = { seq: 20, root: root(20) };
    expect(isConsistent(former, { seq: 19, root: root(19) }, [])).toBe(false);
    const variants = [
      entries.map((entry, i) => (i === 3 ? entries[4] as Bytes : entry)),
      [...entries.slice(0, 3), ...entries.slice(4)],
      [entries[1] as Bytes, entries[0] as Bytes, ...entries.slice(2)],
    ];
    for (const changed of variants) {
      expect(isConsistent(former, { seq: changed.length, root: treeRoot(changed) }, consistencyProof(changed, 20))).toBe(false);
    }
  });
});
