/** The people and organisations of the leg and mail vectors, and what the Authority and the organisations publish in each situation. */
import { type Bytes, hex } from '../../src/core/bytes.ts';
import { parseSignedData, signObject } from '../../src/core/cms/signed-data.ts';
import { OID } from '../../src/core/oids.ts';
import type { Certificate } from '../../src/core/pki/certificate.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { buildInner } from '../../src/mail/build.ts';
import { isFileName, shardOf } from '../../src/wire/directory-index.ts';
import type { TestWorld } from '../../test/flow/world.ts';
import { createScene, HANAKO, type Scene, TARO } from '../../test/security/scene.ts';
import { testNative, testSource } from './source.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const HOUR = 3_600_000;

/** Directory and CRLs by the names of trust.json. */
interface Situation {
  readonly directory: string;
  readonly crls: readonly string[];
}

export interface VectorScene {
  readonly scene: Scene;
  readonly trust: object;
}

const CRLS = ['authority', 'hinode', 'tsukimi', 'kasumi'] as const;

export function entityOf(to: readonly string[] = [HANAKO], from = TARO, subject = 'Estimate', date = new Date('2026-11-22T03:00:00Z')): Bytes {
  return buildInner({
    from: { address: from, displayName: '' }, to: to.map((address) => ({ address, displayName: '' })), subject, date, text: 'Konnichiwa', attachments: [],
  }, (length) => testNative('entity').random(length));
}

/** Pages and shards of all that was published, by name. */
export function filesOf({ published }: TestWorld): Record<string, string> {
  return Object.fromEntries([...published].filter(([name]) => isFileName(name)).sort().map(([name, bytes]) => [name, base64(bytes)]));
}

export async function createVectorScene(): Promise<VectorScene> {
  const source = testSource('world');
  const scene = await createScene(source);
  const { world, hinode, tsukimi, kasumi } = scene;
  hinode.aliases.set('desk@hinode.example', ['yuki@hinode.example']);
  const directories: Record<string, string> = {};
  const crls: Record<string, string> = {};
  const start = world.now;

  /** Publishes as things are; keeps the parts named. */
  async function publish(directory: string | undefined, lists: Partial<Record<(typeof CRLS)[number], string>>): Promise<void> {
    const material = await world.material();
    if (directory !== undefined) directories[directory] = base64(material.directory.index);
    for (const [i, name] of CRLS.entries()) {
      const stored = lists[name];
      const der = material.crls[i];
      if (stored !== undefined && der !== undefined) crls[stored] = base64(der);
    }
  }

  await publish('plain', { authority: 'authority', hinode: 'hinode', tsukimi: 'tsukimi', kasumi: 'kasumi' });
  const before = (hours: number): Date => new Date(start.getTime() - hours * HOUR);
  world.now = before(72);
  await publish('stale', { authority: 'authority-stale', hinode: 'hinode-stale' });
  world.now = new Date(start.getTime() + HOUR);
  await publish('ahead', {});
  world.now = start;
  hinode.revoked.push({ serial: scene.taro.certificate.serial, date: before(1), reason: 'keyCompromise' });
  await publish(undefined, { hinode: 'hinode-taro-revoked' });
  hinode.revoked.pop();
  world.revoked.push({ serial: tsukimi.issuer.certificate.serial, date: before(1), reason: 'cessationOfOperation' });
  await publish(undefined, { authority: 'authority-tsukimi-revoked' });
  world.revoked.pop();
  world.revoked.push({ serial: tsukimi.issuer.certificate.serial, date: before(1), invalidityDate: before(48), reason: 'keyCompromise' });
  await publish(undefined, { authority: 'authority-tsukimi-invalid-since' });
  world.revoked.pop();
  const [gateway] = tsukimi.entry.gateways.splice(0);
  await publish('tsukimi-without-gateway', {});
  if (gateway !== undefined) tsukimi.entry.gateways.push(gateway);

  const signed = async ({ key, certificate }: Credential, type: string): Promise<string> => base64(await signObject(
    { type, value: parseSignedData((await world.material()).directory.index).eContent, signingTime: world.now }, { key, certificate: certificate.der, subjectKeyIdentifier: certificate.subjectKeyIdentifier },
  ));
  directories['by hinode'] = await signed(hinode.issuer, OID.directoryIndex);
  directories['of another type'] = await signed(world.delegate, OID.organisationAnswer);

  const all = ['hinode', 'tsukimi', 'kasumi'];
  const situations: Record<string, Situation> = {
    plain: { directory: 'plain', crls: ['authority', ...all] },
    'directory stale': { directory: 'stale', crls: ['authority', ...all] },
    'directory from the future': { directory: 'ahead', crls: ['authority', ...all] },
    'no CRL of the Authority': { directory: 'plain', crls: all },
    'CRL of the Authority stale': { directory: 'plain', crls: ['authority-stale', ...all] },
    'no CRL of hinode': { directory: 'plain', crls: ['authority', 'tsukimi', 'kasumi'] },
    'CRL of hinode stale': { directory: 'plain', crls: ['authority', 'hinode-stale', 'tsukimi'] },
    'taro revoked': { directory: 'plain', crls: ['authority', 'hinode-taro-revoked', 'tsukimi'] },
    'tsukimi revoked an hour ago': { directory: 'plain', crls: ['authority-tsukimi-revoked', ...all] },
    'tsukimi revoked an hour ago, invalid for two days': { directory: 'plain', crls: ['authority-tsukimi-invalid-since', ...all] },
    'directory signed by hinode': { directory: 'by hinode', crls: ['authority', ...all] },
    'directory of another type': { directory: 'of another type', crls: ['authority', ...all] },
    'tsukimi lists no gateway': { directory: 'tsukimi-without-gateway', crls: ['authority', ...all] },
  };
  const lookUps = [
    ...[hinode, tsukimi, kasumi].map(({ id, entry }) => ({ directory: 'plain', domain: entry.domains[0], id })),
    ...['outside.example', 'sub.tsukimi.example', 'example'].map((domain) => ({ directory: 'plain', domain, id: null })),
  ];
  const shards = await Promise.all(([['id', hinode.id, 20], ['domain', 'hinode.example', 20], ['domain', 'hinode.example', 1], ['domain', 'hinode.example', 0], ['domain', 'outside.example', 13]] as const)
    .map(async ([kind, name, bits]) => ({ kind, name, bits, shard: await shardOf(kind, name, bits) })));
  const holder = (certificate: Certificate): object => ({ d: scalarOf(certificate), certificate: base64(certificate.der) });
  const scalarOf = (certificate: Certificate): string => (source.scalars.get(hex(certificate.publicKey)) ?? 0n).toString(16).padStart(64, '0');
  const organisation = ({ id, issuer, gateway: own, inspection }: Scene['hinode']): object =>
    ({ id, ...holder(issuer.certificate), gateway: holder(own.certificate), inspection: holder(inspection.certificate) });
  const people: Record<string, Credential> = { taro: scene.taro, yuki: scene.yuki, ken: scene.ken, hanako: scene.hanako, jiro: scene.jiro, suzu: scene.suzu };
  return {
    scene,
    trust: {
      about: 'What the vectors of legs and mails rest on. Certificates, indexes of directories (SignedData), their other files and CRLs are base64; d is a private key, known to all the world. `situations` name a directory and CRLs; `loading` says what a reader at `now` makes of each, `lookUps` what it finds in a directory, `shards` in which shard of how many it looks.',
      specification: 'docs/protocol.md#9-trust-and-the-plugins-interface',
      now: start.toISOString(), root: base64(world.root.der),
      people: Object.fromEntries(Object.entries(people).map(([name, { certificate }]) => [name, { address: certificate.emails[0], ...holder(certificate) }])),
      organisations: { hinode: organisation(hinode), tsukimi: organisation(tsukimi), kasumi: organisation(kasumi) },
      directories, files: filesOf(world), crls, situations, lookUps, shards,
      loading: Object.keys(situations).map((situation) => ({ situation, expect: LOADING[situation] ?? 'ok' })),
    },
  };
}

const LOADING: Readonly<Record<string, string>> = {
  'directory signed by hinode': 'certificate-role', 'directory of another type': 'content-type-mismatch', 'directory stale': 'directory-stale', 'directory from the future': 'clock-wrong', 'no CRL of the Authority': 'crl-missing', 'CRL of the Authority stale': 'crl-stale',
};

