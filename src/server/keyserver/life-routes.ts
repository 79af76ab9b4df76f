/** The plugin's interface for the life of a key: renewal and recovery (docs/protocol-life.md §2, §4). */
import { Hono } from 'hono';
import { signObject } from '../../core/cms/signed-data.ts';
import { OID } from '../../core/oids.ts';
import { encodeCertsOnly } from '../../core/pki/certs-only.ts';
import type { NativeCrypto } from '../../core/keys.ts';
import { refused } from '../../core/error.ts';
import { ownEntry, requireIssuedByOwn } from '../../flow/organisation-keys.ts';
import { recover } from '../../flow/recover.ts';
import type { Clock, SeenCiphertexts } from '../../flow/ports.ts';
import type { Trust } from '../../flow/trust.ts';
import { encodeJson, toBase64 } from '../../wire/json.ts';
import { recoveryRequestSchema, renewalRequestSchema } from '../../wire/life-requests.ts';
import type { Ca } from './ca.ts';
import type { MemberKeys } from './member-keys.ts';
import type { OwnKeys } from './own-keys.ts';
import { CMS, PKCS7, pluginCors } from './plugin-routes.ts';
import type { RecoveryDesk } from './recovery.ts';
import { renew } from './renewal.ts';
import type { Store } from './tables.ts';

interface Parts {
  readonly native: NativeCrypto;
  readonly store: Store;
  readonly ca: Ca;
  readonly keys: OwnKeys;
  readonly memberKeys: MemberKeys;
  readonly recovery: RecoveryDesk;
  readonly seen: SeenCiphertexts;
  readonly trust: () => Promise<Trust>;
  readonly clock: Clock;
}

export function lifeRoutes({ native, store, ca, keys, memberKeys, recovery, seen, trust, clock }: Parts): Hono {
  const app = new Hono();
  app.use(pluginCors());

  app.post('/.well-known/est/simplereenroll', async (context) => {
    const der = new Uint8Array(await context.req.arrayBuffer());
    const { holder } = await memberKeys.read(der, renewalRequestSchema, clock.now());
    const certificate = await renew(store, ca, clock, holder);
    return context.body(toBase64(encodeCertsOnly([certificate.der, ca.certificate.der])), 200, PKCS7);
  });

  app.post('/ssmax/v1/recoveries', async (context) => {
    const der = new Uint8Array(await context.req.arrayBuffer());
    const now = clock.now();
    const { request, holder: { certificate, member } } = await memberKeys.read(der, recoveryRequestSchema, now);
    const present = await trust();
    const { certificate: own, key } = keys.inUse;
    // In force now: an expired or suspended member reads nothing old.
    await requireIssuedByOwn(certificate, 'user', own, present, now);
    if ((await ownEntry(present, own)).type === 'isp') throw refused('recovery-off');
    const { contentDigest, target } = await recover(
      { native, certificate: own, keys: keys.all.map((one) => one.key), trust: present, registry: recovery, seen, clock }, request, { certificate, person: member },
    );
    const value = encodeJson({ type: 'recovery', contentDigest, target, nonce: request.nonce });
    const answer = await signObject(
      { type: OID.organisationAnswer, value, signingTime: now }, { key, certificate: own.der, subjectKeyIdentifier: own.subjectKeyIdentifier },
    );
    return context.body(answer, 200, CMS);
  });

  return app;
}
