/** A member who has nothing but the command line: key and certificate in files, everything by the built program. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MailStore } from '../../scripts/world/imap.ts';
import { type LocalOrganisation, type LocalWorld, PASSPHRASE } from '../../scripts/world/local-world.ts';
import { submit } from '../../scripts/world/smtp.ts';
import { type Outcome, runSsmax, ssmax } from '../../scripts/world/ssmax.ts';

const verifiedSchema = z.array(z.object({ state: z.string(), code: z.string(), detail: z.string().optional(), content: z.string() }));

export class CommandLineMember {
  readonly address: string;
  readonly #dir: string;
  /** What is pinned. */
  #root: string;

  /** `device` names the files: another one is another key of the same member. */
  constructor(private readonly local: LocalWorld, readonly organisation: LocalOrganisation, readonly user: string, device = 'first') {
    this.address = `${user}@${organisation.plan.domain}`;
    this.#root = local.rootFile;
    this.#dir = local.world.directory('members', organisation.plan.name, `${user}-${device}`);
  }

  get #server(): string[] {
    return ['--server', this.organisation.pluginUrl, '--tls-ca', this.local.webCaFile];
  }

  get #keys(): string[] {
    return ['--key', join(this.#dir, 'key.pem'), '--certificate', join(this.#dir, 'certificate.pem')];
  }

  get #trust(): string {
    return join(this.#dir, 'trust');
  }

  /** With a new code, or with this one. */
  async enrol(code?: string): Promise<this> {
    await ssmax(['enrol', ...this.#server, ...this.#keys, '--address', this.address, '--root', this.#root, '--code-fd', '0'], {
      passphrase: PASSPHRASE, input: Buffer.from(`${code ?? await this.organisation.code(this.user)}\n`),
    });
    await this.fetchTrust();
    return this;
  }

  fetchTrust(): Promise<string> {
    return ssmax(['trust', 'fetch', ...this.#server, '--root', this.#root, '--out', this.#trust]);
  }

  /** Takes another file of pins in place of the one before. */
  pin(file: string): void {
    this.#root = file;
    copyFileSync(file, join(this.#trust, 'root.pem'));
  }

  renew(): Promise<Outcome> {
    return runSsmax(['renew', ...this.#server, ...this.#keys, '--root', this.#root], { passphrase: PASSPHRASE });
  }

  /** Fetches directory and lists first, as they were changed under a plugin. */
  async seal(to: string, subject: string): Promise<Uint8Array> {
    await this.fetchTrust();
    const mail = `From: ${this.address}\r\nTo: ${to}\r\nSubject: ${subject}\r\nDate: ${new Date(this.local.now()).toUTCString().replace('GMT', '+0000')}\r\n`
      + `Message-ID: <${crypto.randomUUID()}@${this.organisation.plan.domain}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${subject} body\r\n`;
    const { code, stdout, stderr } = await runSsmax(['seal', '--trust', this.#trust, ...this.#keys], { passphrase: PASSPHRASE, input: Buffer.from(mail) });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  }

  /** The last line of the reply to the submitted mail. */
  async submit(raw: Uint8Array, to: string): Promise<string> {
    const envelope = { from: this.address, to: [to] };
    return (await submit({ port: this.organisation.ports.postfix.submission, account: this.local.account(this.address), envelope, raw })).final.text;
  }

  mailbox(): MailStore {
    return new MailStore(this.local.dovecot.ports.imap, this.local.account(this.address));
  }

  /** Judges a mail with this key; `state`, or with what went before it where that is no reason to fetch anew. */
  async verify(raw: Uint8Array, fetch = true): Promise<z.output<typeof verifiedSchema>[number]> {
    const [judged] = await this.verifyAll([raw], fetch);
    if (judged === undefined) throw new Error('not judged');
    return judged;
  }

  /** The same of several mails, at one start of the program. */
  async verifyAll(raws: readonly Uint8Array[], fetch = true): Promise<z.output<typeof verifiedSchema>> {
    if (fetch) await this.fetchTrust();
    const files = raws.map((raw, index) => this.#file(raw, `mail-${index}.eml`));
    const { stdout } = await runSsmax(['verify', ...files, '--json', '--trust', this.#trust, ...this.#keys], { passphrase: PASSPHRASE });
    return verifiedSchema.parse(JSON.parse(stdout.toString()));
  }

  async recover(raw: Uint8Array): Promise<Outcome> {
    await this.fetchTrust();
    return runSsmax(['recover', this.#file(raw), ...this.#server, '--trust', this.#trust, ...this.#keys], { passphrase: PASSPHRASE });
  }

  #file(raw: Uint8Array, name = 'mail.eml'): string {
    const file = join(this.#dir, name);
    writeFileSync(file, raw);
    return file;
  }
}
