/**
 * The organisation's keys at its key server (docs/protocol-life.md §3): the one in use, which is the one that the directory names,
 * and others that were in use before or are to be. They change places with the directory, without a restart.
 */
import { equal } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import type { OrganisationKey } from '../../core/keys.ts';
import type { Certificate } from '../../core/pki/certificate.ts';
import { certificateInUse, certificatesOf, ownEntry } from '../../flow/organisation-keys.ts';
import type { Trust } from '../../flow/trust.ts';
import { loadOrganisationKey } from '../../platform/node-crypto.ts';
import { readCertificateFile } from '../shared/certificate-file.ts';
import { loadKey } from '../shared/keystore.ts';

export interface OwnKey {
  readonly key: OrganisationKey;
  readonly certificate: Certificate;
}

export interface OwnKeys {
  /** Key and certificate in use; another object after a change. */
  readonly inUse: OwnKey;
  /** All keys, the one in use first. */
  readonly all: readonly OwnKey[];
  /** Those that the directory names, the one in use first: a reader takes nothing by any other. */
  readonly listed: readonly OwnKey[];
  /** Takes into use what the directory names; true where that is a change. Throws `organisation-key-missing` (unavailable). */
  follow(trust: Trust, now: Date): Promise<boolean>;
}

interface Files {
  readonly key: string;
  readonly certificate: string;
}

/**
 * `next`: the file of a key whose certificate the directory will bring. Throws `certificate-key-mismatch` and what reading the files
 * throws, kind fault.
 */
export function loadOwnKeys({ key: keyFile, certificate: ownFile, next, former }: Files & { next?: { key: string } | undefined; former: readonly Files[] }, passphrase: string): OwnKeys {
  const known = [{ key: keyFile, certificate: ownFile }, ...former].map(({ key: file, certificate: certificateFile }) => {
    const [key, certificate] = [loadOrganisationKey(loadKey(file, passphrase)), readCertificateFile(certificateFile)];
    if (!equal(key.publicKey, certificate.publicKey)) throw new SsmaxError('fault', 'certificate-key-mismatch', { file: certificateFile });
    return { key, certificate };
  });
  const [configured] = known;
  // Until the directory names the next key, nothing is done in its name: the certificate beside it is only a place.
  const waiting = next === undefined || configured === undefined ? [] : [{ key: loadOrganisationKey(loadKey(next.key, passphrase)), certificate: configured.certificate }];
  return createOwnKeys([...known, ...waiting]);
}

/** @internal For tests; the first is in use until a directory says otherwise. */
export function createOwnKeys(keys: readonly OwnKey[]): OwnKeys {
  let all = keys;
  let listed = keys.slice(0, 1);
  const first = (): OwnKey => {
    const [inUse] = all;
    if (inUse === undefined) throw new SsmaxError('fault', 'organisation-key-missing');
    return inUse;
  };
  return {
    get inUse() {
      return first();
    },
    get all() {
      return all;
    },
    get listed() {
      return listed;
    },
    async follow(trust, now) {
      const { certificate } = first();
      const named = await certificateInUse(trust, certificate, now);
      // A renewed certificate is for the same key.
      const found = all.find(({ key }) => equal(key.publicKey, named.publicKey));
      if (found === undefined) throw new SsmaxError('unavailable', 'organisation-key-missing');
      const changed = !equal(named.der, certificate.der);
      if (changed) all = [{ key: found.key, certificate: named }, ...all.filter((one) => one !== found)];
      const known = certificatesOf(await ownEntry(trust, certificate));
      const before = listed.length;
      listed = all.filter(({ key }) => known.some(({ publicKey }) => equal(publicKey, key.publicKey)));
      return changed || listed.length !== before;
    },
  };
}
