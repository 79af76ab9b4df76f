import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import type { ICruiseResult, IConfiguration } from 'dependency-cruiser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const configuration = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as IConfiguration;

/** Each rule's planted violation: a file, and what it imports. */
const planted: readonly (readonly [rule: string, from: string, to: string])[] = [
  ['core-knows-core-only', 'src/core/x.ts', 'src/wire/a.ts'],
  ['mail-knows-core-only', 'src/mail/x.ts', 'src/wire/a.ts'],
  ['wire-knows-core-only', 'src/wire/x.ts', 'src/mail/a.ts'],
  ['flow-knows-core-mail-wire', 'src/flow/x.ts', 'src/platform/web.ts'],
  ['platform-sees-ports', 'src/platform/x.ts', 'src/flow/relay.ts'],
  ['servers-not-cli', 'src/server/gateway/x.ts', 'src/cli/a.ts'],
  ['servers-are-strangers', 'src/server/gateway/y.ts', 'src/server/keyserver/a.ts'],
  ['shared-knows-no-server', 'src/server/shared/x.ts', 'src/server/keyserver/a.ts'],
  ['page-knows-wire-only', 'src/status-page/x.ts', 'src/flow/a.ts'],
  ['page-no-node', 'src/status-page/node.ts', 'node:fs'],
  ['servers-not-page', 'src/server/status/x.ts', 'src/status-page/a.ts'],
  ['src-not-extension', 'src/flow/z.ts', 'extension/ui/a.ts'],
  ['elgamal-not-pki', 'src/core/elgamal/x.ts', 'src/core/pki/a.ts'],
  ['pki-not-elgamal', 'src/core/pki/x.ts', 'src/core/elgamal/a.ts'],
  ['curves-in-elgamal-only', 'src/flow/curves.ts', '@noble/curves/nist.js'],
  ['asn1-in-pki-only', 'src/mail/asn1.ts', 'asn1js'],
  ['pure-no-node', 'src/core/node.ts', 'node:fs'],
  ['extension-no-node', 'extension/ui/node.ts', 'node:fs'],
  ['extension-no-servers', 'extension/ui/server.ts', 'src/server/shared/a.ts'],
  ['extension-reaches-no-node', 'extension/ui/far.ts', 'src/flow/far.ts'],
  ['hosts-are-strangers', 'extension/thunderbird/x.ts', 'extension/outlook/a.ts'],
  ['ui-knows-host-only', 'extension/ui/x.ts', 'extension/thunderbird/a.ts'],
  ['product-not-tests', 'src/cli/x.ts', 'test/a.ts'],
  ['no-cycles', 'src/mail/cycle.ts', 'src/mail/cycle.ts'],
  ['no-development-packages', 'src/cli/dev.ts', 'fast-check'],
  ['resolvable', 'src/cli/lost.ts', './nowhere.ts'],
];

const isFile = (to: string): boolean => /^(src|extension|test)\//.test(to);

let root: string;
let result: ICruiseResult;

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ssmax-rules-'));
  plant('package.json', JSON.stringify({ type: 'module', dependencies: { '@noble/curves': '*', asn1js: '*' }, devDependencies: { 'fast-check': '*' } }));
  for (const name of ['@noble/curves', 'asn1js', 'fast-check']) {
    plant(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js', license: 'MIT' }));
    plant(`node_modules/${name}/index.js`, 'module.exports = {};');
    plant(`node_modules/${name}/nist.js`, 'module.exports = {};');
  }
  for (const [, , to] of planted) if (isFile(to)) plant(to, 'export const a = 1;\n');
  plant('src/flow/far.ts', "import '../server/shared/a.ts';\n");
  for (const [, from, to] of planted) {
    const climb = '../'.repeat(from.split('/').length - 1);
    plant(from, `import '${isFile(to) ? climb + to : to}';\nexport const x = 1;\n`);
  }
  const forbidden = configuration.forbidden ?? [];
  const cruised = await cruise(['src', 'extension'], { ...configuration.options, validate: true, ruleSet: { forbidden }, baseDir: root });
  if (typeof cruised.output === 'string') throw new Error(cruised.output);
  result = cruised.output;
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('dependency rules', () => {
  it('has a planted violation for every rule', () => {
    const names = (configuration.forbidden ?? []).map((rule) => rule.name);
    expect(planted.map(([rule]) => rule).sort()).toEqual([...names].sort());
  });

  it.each(planted)('%s catches %s', (rule, from) => {
    const caught = result.summary.violations.filter((violation) => violation.rule.name === rule && violation.from === from);
    expect(caught.length).toBeGreaterThan(0);
  });
});
