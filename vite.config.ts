import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { preact } from '@preact/preset-vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import type { ViteUserConfig } from 'vitest/config';

/**
 * Four uses: `vitest` (no mode of ours), `vite build --mode server` (the command line and the four server programs for
 * Node, each verb loaded when it is called, npm packages left outside), `vite build --mode thunderbird` (the add-on), `vite build --mode status` (the administrators' page).
 */
export default defineConfig(({ mode }) => {
  if (mode === 'server') return server();
  if (mode === 'thunderbird') return thunderbird();
  if (mode === 'status') return statusPage();
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
    plugins: [characterMaps()],
    build: {
      ssr: true,
      target: 'node20',
      outDir: 'dist',
      emptyOutDir: false,
      sourcemap: true,
      rollupOptions: {
        // The process that reads mails is a program of its own.
        input: { ssmax: 'src/cli/main.ts', 'mail-reader': 'src/server/inspection/reading/child.ts' },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'verbs/[name].mjs' },
      },
    },
  };
}

/** Beside the program that reads mails: what PDF files name and do not hold (character-maps.ts), with its licence. */
function characterMaps(): Plugin {
  return {
    name: 'ssmax-character-maps',
    generateBundle() {
      const directory = join(dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json')), 'cmaps');
      for (const name of readdirSync(directory)) this.emitFile({ type: 'asset', fileName: `cmaps/${name}`, source: readFileSync(join(directory, name)) });
    },
  };
}

/**
 * The add-on: pages and event page as modules, the scripts of message pane and compose window as one classic file each (Thunderbird loads them so),
 * beside manifest, words and icons. Not minified: reviewers read it.
 */
function thunderbird(): ViteUserConfig {
  // Whatever the caller's environment says: a development build names the files of this machine.
  process.env.NODE_ENV = 'production';
  const root = 'extension/thunderbird';
  const pages = readdirSync(root).filter((name) => name.endsWith('-page.tsx'));
  return {
    root,
    base: './',
    plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false }), addonFiles(pages)],
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
        input: [...pages, 'background.ts', 'message-pane.ts', 'compose-script.ts'].map((name) => `${root}/${name}`),
        output: { entryFileNames: '[name].js', chunkFileNames: 'shared/[name].js' },
      },
    },
  };
}

/** Plain files, all from the page's own address: nothing inline, as its content security policy wants it. */
function statusPage(): ViteUserConfig {
  return {
    root: 'src/status-page',
    base: './',
    plugins: [preact({ devToolsEnabled: false, prefreshEnabled: false })],
    build: {
      outDir: '../../dist/status', emptyOutDir: true, target: ['chrome123', 'firefox128', 'safari17.5'], sourcemap: false, modulePreload: false, assetsInlineLimit: 0,
      rollupOptions: { output: { entryFileNames: 'page.js', assetFileNames: 'page[extname]' } },
    },
  };
}

/** The one page that may fetch pictures from servers; the manifest's policy is for all pages, so the others have one more. */
const PAGE_WITH_PICTURES = 'pictures-page';
const NO_PICTURES = `
    <meta http-equiv="Content-Security-Policy" content="img-src 'self' blob: data:">`;

/** Every `NAME-page.tsx` is a page `NAME.html`; its title and language are the script's to set. */
function pageOf(script: string): string {
  return `<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8">${script === PAGE_WITH_PICTURES ? '' : NO_PICTURES}
    <meta name="viewport" content="width=device-width">
    <title>SSMAX</title>
    <link rel="stylesheet" href="style.css">
    <script type="module" src="${script}.js"></script>
  </head>
  <body></body>
</html>
`;
}

function addonFiles(pages: readonly string[]): Plugin {
  return {
    name: 'ssmax-addon-files',
    buildStart() {
      // So that `npm run dev` sees them change as well.
      for (const path of addonFilePaths()) this.addWatchFile(path);
    },
    generateBundle(_, bundle) {
      for (const name of ['message-pane', 'compose-script']) {
        const script = bundle[`${name}.js`];
        if (script?.type !== 'chunk' || script.imports.length > 0 || script.exports.length > 0) this.error(`${name}.ts must be one file without imports`);
      }
      for (const page of pages) this.emitFile({ type: 'asset', fileName: page.replace('-page.tsx', '.html'), source: pageOf(page.replace('.tsx', '')) });
      for (const path of addonFilePaths()) {
        const fileName = path.replace('extension/ui/', '').replace('extension/thunderbird/', '').replace('extension/locales/', '_locales/').replace('extension/icons/', 'icons/');
        this.emitFile({ type: 'asset', fileName, source: readFileSync(path) });
      }
    },
  };
}

/** The add-on's files that are taken over as they are. */
function addonFilePaths(): string[] {
  return [
    'manifest.json',
    'extension/thunderbird/message-pane.css',
    'extension/ui/style.css',
    ...readdirSync('extension/icons').map((name) => `extension/icons/${name}`),
    ...readdirSync('extension/locales').map((language) => `extension/locales/${language}/messages.json`),
  ];
}
