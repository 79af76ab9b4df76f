/**
 * The directions of docs/architecture.md: core ← mail, core ← wire, (core, mail, wire) ← flow ← {server, cli, extension}.
 * test/tooling/dependency-rules.test.ts plants one violation per rule and expects it to be caught.
 */

/** @type {(name: string, from: object, to: object) => import('dependency-cruiser').IForbiddenRuleType} */
const never = (name, from, to) => ({ name, severity: 'error', from, to });

module.exports = {
  forbidden: [
    never('core-knows-core-only', { path: '^src/core/' }, { path: '^(src|extension)/', pathNot: '^src/core/' }),
    never('mail-knows-core-only', { path: '^src/mail/' }, { path: '^(src|extension)/', pathNot: '^src/(core|mail)/' }),
    never('wire-knows-core-only', { path: '^src/wire/' }, { path: '^(src|extension)/', pathNot: '^src/(core|wire)/' }),
    never('flow-knows-core-mail-wire', { path: '^src/flow/' }, { path: '^(src|extension)/', pathNot: '^src/(core|mail|wire|flow)/' }),
    never('platform-sees-ports', { path: '^src/platform/' }, { path: '^(src|extension)/', pathNot: '^src/(platform/|core/|flow/ports\\.ts$)' }),
    never('servers-not-cli', { path: '^src/server/' }, { path: '^(src/cli|extension)/' }),
    never('servers-are-strangers', { path: '^src/server/(?!shared/)([^/]+)/' }, { path: '^src/server/', pathNot: '^src/server/($1|shared)/' }),
    never('shared-knows-no-server', { path: '^src/server/shared/' }, { path: '^src/server/', pathNot: '^src/server/shared/' }),
    never('page-knows-wire-only', { path: '^src/status-page/' }, { path: '^(src|extension)/', pathNot: '^src/(core|wire|status-page)/' }),
    never('page-no-node', { path: '^src/status-page/' }, { dependencyTypes: ['core'] }),
    never('servers-not-page', { path: '^src/', pathNot: '^src/status-page/' }, { path: '^src/status-page/' }),
    never('src-not-extension', { path: '^src/' }, { path: '^extension/' }),
    never('elgamal-not-pki', { path: '^src/core/elgamal/' }, { path: '^src/core/pki/' }),
    never('pki-not-elgamal', { path: '^src/core/pki/' }, { path: '^src/core/elgamal/' }),
    never('curves-in-elgamal-only', { path: '^(src|extension)/', pathNot: '^src/core/elgamal/' }, { path: 'node_modules/@noble/curves/' }),
    never('asn1-in-pki-only', { path: '^(src|extension)/', pathNot: '^src/core/pki/' }, { path: 'node_modules/(pkijs|asn1js)/' }),
    never('pure-no-node', { path: '^src/(core|mail|wire|flow)/' }, { dependencyTypes: ['core'] }),
    never('extension-no-node', { path: '^extension/' }, { dependencyTypes: ['core'] }),
    never('extension-no-servers', { path: '^extension/' }, { path: '^src/(server|cli|platform/node)' }),
    never('extension-reaches-no-node', { path: '^extension/' }, { path: '^(src/(server|cli)/|src/platform/node)', reachable: true }),
    never('hosts-are-strangers', { path: '^extension/(thunderbird|outlook)/' }, { path: '^extension/(thunderbird|outlook)/', pathNot: '^extension/$1/' }),
    never('ui-knows-host-only', { path: '^extension/ui/' }, { path: '^extension/(thunderbird|outlook)/' }),
    never('product-not-tests', { path: '^(src|extension)/' }, { path: '^(test|scripts|bench)/' }),
    never('no-cycles', {}, { circular: true }),
    never('no-development-packages', { path: '^(src|extension)/' }, { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] }),
    never('resolvable', { path: '^(src|extension)/' }, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.demo|coverage)/' },
    tsPreCompilationDeps: true,
    detectJSDocImports: true,
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
