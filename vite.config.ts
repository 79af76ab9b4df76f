import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import type { ViteUserConfig } from 'vitest/config';

/**
 * Three uses: `vitest` (no mode of ours), `vite build --mode server` (the command line and the four server programs as
 * one file for Node, npm packages left outside), `vite build --mode thunderbird` (the add-on).
 */
export default defineConfig(({ mode }) => {
  if (mode === 'server') return server();
  if (mode === 'thunderbird') return thunderbird();
  return {
    test: {
      include: ['test/**/*.test.ts'],
      testTimeout: 60_000,
      hookTimeout: 120_000,
    },
  };
});

function server(): ViteUserConfig {
  return {
    build: {
      ssr: 'src/cli/main.ts',
      target: 'node20',
      outDir: 'dist',
      emptyOutDir: false,
      sourcemap: true,
      rollupOptions: { output: { entryFileNames: 'ssmax.mjs', inlineDynamicImports: true } },
    },
  };
}

function thunderbird(): ViteUserConfig {
  const root = 'extension/thunderbird';
  const pages = existsSync(root) ? readdirSync(root).filter((name) => name.endsWith('.html') || name === 'background.ts') : [];
  return {
    root,
    base: './',
    build: {
      outDir: '../../dist/thunderbird',
      emptyOutDir: true,
      target: 'firefox128',
      sourcemap: false,
      modulePreload: false,
      rollupOptions: { input: pages.map((name) => `${root}/${name}`), output: { entryFileNames: '[name].js' } },
    },
  };
}
