/** The real TLS keys of a world's servers, for a man in the middle whom no pin keeps out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../scripts/world/process.ts';
import { encodePem } from '../../src/core/pki/pem.ts';
import { loadKey } from '../../src/server/shared/keystore.ts';
import { type Identities, shownCertificate } from './checkpoint.ts';

/** For the connection of an organisation's gateway to its key server or inspection server, which listens on `port`. */
export async function serverIdentities(world: World, organisation: string, hop: 'keyServer' | 'inspection', port: number, passphrase: string): Promise<Identities> {
  const file = (name: string): string => join(world.dir, organisation, name);
  const key = (name: string): string => encodePem('PRIVATE KEY', loadKey(file(name), passphrase));
  const asClient = { key: key('gateway.key'), cert: readFileSync(file('gateway.pem'), 'latin1') };
  if (hop === 'inspection') return { asClient, asServer: { key: key('inspection.key'), cert: readFileSync(file('inspection.pem'), 'latin1') } };
  // The key server makes its TLS certificate itself and keeps it in its database.
  const cert = encodePem('CERTIFICATE', new Uint8Array(await shownCertificate(port, asClient)));
  return { asClient, asServer: { key: key('tls.key'), cert } };
}
