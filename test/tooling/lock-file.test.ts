import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Readonly<Record<string, string>> }>>;
}

interface Wishes {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Where Node would look for a package, seen from an installed one. */
function places(from: string, name: string): string[] {
  const parts = from.split('/node_modules/');
  return parts.map((_, index) => `${parts.slice(0, parts.length - index).join('/node_modules/')}/node_modules/${name}`).concat(`node_modules/${name}`);
}

// npm leaves out the platform packages that its registry did not have, and `npm ci` then refuses the whole file.
it('the lock file names the packages of every platform', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !places(path, name).some((place) => place in packages)).map((name) => `${name} of ${path}`));
  expect(missing).toEqual([]);
});

it('the lock file asks for what package.json asks for', () => {
  const wishes = ({ dependencies, devDependencies }: Wishes): Wishes => ({ dependencies, devDependencies });
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: { '': Wishes } };
  expect(wishes(packages[''])).toEqual(wishes(JSON.parse(readFileSync('package.json', 'utf8')) as Wishes));
});
