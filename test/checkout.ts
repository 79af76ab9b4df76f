/** A copy of what the add-on is built from, for tests that build or change it. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const PARTS = ['extension', 'src', 'scripts', 'manifest.json', 'package.json', 'vite.config.ts', 'tsconfig.json', 'tsconfig.base.json'];

/** Copies the sources into `directory`; packages are shared with this checkout. */
export function copyCheckout(directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const part of PARTS) cpSync(part, join(directory, part), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(directory, 'node_modules'));
}
