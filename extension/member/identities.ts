/** The member's keys with their certificates. Former ones stay: old mail is opened with them. */
import { hex } from '../../src/core/bytes.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { type LockedKey, loadWebPrivateKey } from '../../src/platform/web.ts';
import { KeyLock } from './key-lock.ts';
import type { MemberPorts } from './ports.ts';
import type { StoredIdentity } from './records.ts';

export class Identities {
  readonly #lock: KeyLock;
  readonly #ports: Pick<MemberPorts, 'native' | 'tables' | 'clock'>;
  /** Loading checks a key by using it: once is enough. */
  readonly #loaded = new Map<string, Credential>();

  /** `keep` keeps this program in memory until what it returns is called: an unlocked key is there alone. */
  constructor(ports: Pick<MemberPorts, 'native' | 'tables' | 'clock'>, keep: () => () => void = () => () => undefined) {
    this.#ports = ports;
    this.#lock = new KeyLock(ports.native, keep, () => ports.clock.now().getTime());
  }

  /** Keys that rest under a passphrase. */
  async locked(): Promise<LockedKey[]> {
    return (await this.all()).flatMap(({ pair }) => ('wrapped' in pair ? [pair] : []));
  }

  /** Whether a key waits for its passphrase. */
  async waiting(): Promise<boolean> {
    return (await this.locked()).some((key) => !this.#lock.isOpen(key));
  }

  /** Throws `key-passphrase`. `after` in minutes. */
  async unlock(passphrase: string, after: number): Promise<void> {
    await this.#lock.unlock(await this.locked(), passphrase, after);
  }

  /** Newest first. */
  async all(): Promise<StoredIdentity[]> {
    const stored = await this.#ports.tables.identities.all();
    return [...stored].sort((a, b) => b.enrolledAt.getTime() - a.enrolledAt.getTime());
  }

  async add(identity: StoredIdentity): Promise<void> {
    const { spkiSha256 } = parseCertificate(identity.certificate);
    await this.#ports.tables.identities.put(hex(spkiSha256), identity);
  }

  /** All keys, for reading. Throws `key-mismatch` (fault) if the store was tampered with. */
  async credentials(): Promise<Credential[]> {
    return Promise.all((await this.all()).map((identity) => this.#credential(identity)));
  }

  /** The key to sign with for this address, or undefined. */
  async signer(address: string): Promise<Credential | undefined> {
    const identity = (await this.all()).find((one) => one.address === address);
    return identity === undefined ? undefined : this.#credential(identity);
  }

  async #credential(identity: StoredIdentity): Promise<Credential> {
    const certificate = parseCertificate(identity.certificate);
    const { pair } = identity;
    if ('wrapped' in pair) return { key: this.#lock.key(pair), certificate };
    const name = hex(certificate.sha256);
    let credential = this.#loaded.get(name);
    if (credential === undefined) {
      credential = { key: await loadWebPrivateKey(this.#ports.native, pair), certificate };
      this.#loaded.set(name, credential);
    }
    return credential;
  }
}
