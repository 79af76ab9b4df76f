/** Each fault's text stands in the product exactly once: who rewrites a check learns here, in a second, that its fault moved along. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { faults } from '../faults.ts';

const root = resolve(import.meta.dirname, '../..');

it('the checks that `npm run test:faults` takes away are in the product', () => {
  const moved = faults.filter(({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length !== 2);
  expect(moved.map(({ name, file }) => `${name}: ${file}`)).toEqual([]);
});
