import { readdirSync, readFileSync } from 'node:fs';
import { preact } from '@preact/preset-vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import type { ViteUserConfig } from 'vitest/config';

/**
 * Three uses: `vitest` (no mode of ours), `vite build --mode server` (the command line and the four server programs for
 * Node, each verb loaded when it is called, npm packages left outside), `vite build --mode thunderbird` (the add-on).
 */
export default defineConfig(({ mode }) => {
  if (mode === 'server') return server();
  if (mode === 'thunderbird') return thunderbird();
  return {
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
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
      rollupOptions: { output: { entryFileNames: 'ssmax.mjs', chunkFileNames: 'verbs/[name].mjs' } },
    },
  };
}

/**
 * The add-on: pages and event page as modules, the message pane's script as one classic file (Thunderbird loads it so),
 * beside manifest, words and icons. Not minified: reviewers read it.
 */
function thunderbird(): ViteUserConfig {
  const root = 'extension/thunderbird';
  const pages = readdirSync(root).filter((name) => name.endsWith('.html'));
  return {
    root,
    base: './',
    plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false }), addonFiles()],
    build: {
      outDir: '../../dist/thunderbird',
      emptyOutDir: true,
      target: 'firefox140',
      sourcemap: false,
      minify: false,
      modulePreload: false,
      rollupOptions: {
        // PKI.js sets up its engine when it is loaded, which nothing here needs: without this line every page would carry it whole.
        treeshake: { moduleSideEffects: (id) => !/[/]node_modules[/](pkijs|asn1js)[/]/.test(id) },
        input: [...pages, 'background.ts', 'message-pane.ts'].map((name) => `${root}/${name}`),
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared/[name].js', assetFileNames: 'shared/[name][extname]' },
      },
    },
  };
}

function addonFiles(): Plugin {
  return {
    name: 'ssmax-addon-files',
    generateBundle(_, bundle) {
      const pane = bundle['message-pane.js'];
      if (pane?.type !== 'chunk' || pane.imports.length > 0 || pane.exports.length > 0) this.error('message-pane.ts must be one file without imports');
      const copy = (from: string, to: string): void => {
        this.emitFile({ type: 'asset', fileName: to, source: readFileSync(from) });
      };
      copy('manifest.json', 'manifest.json');
      copy('extension/thunderbird/message-pane.css', 'message-pane.css');
      for (const name of readdirSync('extension/icons')) copy(`extension/icons/${name}`, `icons/${name}`);
      for (const language of readdirSync('extension/locales')) copy(`extension/locales/${language}/messages.json`, `_locales/${language}/messages.json`);
    },
  };
}
