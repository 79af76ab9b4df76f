/**
 * What the directory weighs: `npx tsx bench/directory.ts [organisations]` builds the file set for so many organisations, looks
 * some up, changes some, and prints the table of docs/admin/authority.md.
 */
import { type Bytes, concat } from '../src/core/bytes.ts';
import { parseCertificate } from '../src/core/pki/certificate.ts';
import { issueDelegate, issueOrganisation, issueRoot } from '../src/core/pki/issue.ts';
import { Directory, directoryFiles, verifyIndex } from '../src/flow/directory-files.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey } from '../src/platform/node-crypto.ts';
import type { Organisation } from '../src/wire/directory.ts';
import { INDEX_FILE } from '../src/wire/directory-index.ts';

const { random } = createNodeCrypto();
const now = new Date();
const validity = { notBefore: new Date(now.getTime() - 86_400_000), notAfter: new Date(now.getTime() + 365 * 86_400_000) };
const publication = { issued: now, nextUpdate: new Date(now.getTime() + 86_400_000) };

/** One genuine certificate, its serial number varied: what counts here is size. */
async function organisations(count: number, template: Bytes): Promise<Organisation[]> {
  return Array.from({ length: count }, (_, i) => {
    const number = String(i).padStart(13, '0');
    const domain = `organisation-${i}.example`;
    return {
      id: `NTRJP-${number}`, certificate: concat(template.subarray(0, -8), random(8)), formerCertificates: [], names: { ja: `見本組織第${i}号`, en: `Sample Organisation ${i}` },
      corporateNumber: number, vetted: '2026-10-01', domains: [domain], type: 'organisation' as const, alwaysSigned: [domain], gateways: [random(32), random(32)],
      inspections: [random(32)], figures: { days: 30, sent: i, received: i, reported: 0, confirmed: 0, warned: 0, suspended: 0 },
    };
  });
}

const count = Number(process.argv[2] ?? 100_000);
const rootKey = loadPrivateKey(generatePrivateKey());
const root = await issueRoot({ key: rootKey, subject: { commonName: 'Authority', organisation: 'Authority' }, validity, random });
const key = loadPrivateKey(generatePrivateKey());
const certificate = await issueDelegate({ publicKey: key.publicKey, issuer: { certificate: root, key: rootKey }, validity, random });
const template = await issueOrganisation({
  publicKey: key.publicKey, issuer: { certificate: root, key: rootKey }, validity, random, name: '見本組織', organisationId: 'NTRJP-0000000000000', country: 'JP',
  mailDomains: ['organisation-12345.example'], hostNames: ['organisation-12345.example'],
});
parseCertificate(template.der);
const all = await organisations(count, template.der);
const begun = performance.now();
const files = await directoryFiles(all, publication, { key, certificate });
const built = (performance.now() - begun) / 1000;
const { index } = await verifyIndex(files.get(INDEX_FILE) ?? new Uint8Array(), [root], now);
const size = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + (files.get(name)?.length ?? 0), 0);
let fetched = new Set<string>();
const directory = new Directory(index, (name) => {
  fetched.add(name);
  return Promise.resolve(files.get(name) ?? new Uint8Array());
});
let lookups = 0;
for (let i = 0; i < 100; i++) {
  fetched = new Set([INDEX_FILE]);
  await directory.byDomain(`organisation-${(i * 997) % count}.example`);
  lookups += size(fetched);
}
const next = all.map((one, i) => (i % 1000 === 0 ? { ...one, vetted: '2026-11-01' } : one));
const after = await directoryFiles(next, publication, { key, certificate });
const changed = [...after].filter(([name, bytes]) => name === INDEX_FILE || !files.has(name) || bytes.length === 0);
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
process.stdout.write([
  `| organisations | ${count} |`, '|---|---|',
  `| the file set | ${files.size} files, ${megabytes(size(files.keys()))} |`,
  `| index (asked for each time) | ${kilobytes(size([INDEX_FILE]))} |`,
  `| one look-up with an empty cache | ${kilobytes(lookups / 100)} |`,
  `| one in a thousand changed: files new for a mirror | ${changed.length} files, ${megabytes(changed.reduce((sum, [, bytes]) => sum + bytes.length, 0))} |`,
  `| making it anew | ${built.toFixed(1)} s |`, '',
].join('\n'));
