/** Mails that others than the person at the screen write: made by the product's own code, delivered into a mailbox as both gateways would. */
import { type ForwardInput, forwardMail } from '../../src/flow/forward.ts';
import type { Addressing } from '../../src/flow/leg-one.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { sealMail, sealMixed } from '../../src/flow/seal.ts';
import { domainOf } from '../../src/mail/address.ts';
import { buildInner, buildMixed, type InnerMail } from '../../src/mail/build.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { formatText } from '../../src/mail/header.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { native } from '../flow/world.ts';
import { type PluginWorld, relayAll } from './plugin-world.ts';

export interface Written extends Partial<InnerMail> {
  readonly to: InnerMail['to'];
  readonly mode?: 'protect-all' | 'attachments-only' | 'sign-only';
  /** A whole sealed inner entity of another maker, in place of ours. */
  readonly entity?: Bytes;
  /** A mail that is passed on unopened. */
  readonly forward?: Pick<ForwardInput, 'original' | 'parts'>;
}

const random = (length: number): Bytes => native.random(length);

export class Post {
  readonly #plugin: PluginWorld;
  readonly #senders = new Map<string, Credential>();

  constructor(plugin: PluginWorld) {
    this.#plugin = plugin;
  }

  async addSender(address: string, name: string): Promise<void> {
    const { chain } = this.#plugin;
    const organisation = chain.organisations.get(domainOf(address));
    if (organisation === undefined) throw new Error(address);
    this.#senders.set(address, await chain.addUser(organisation, address, name));
  }

  /** The mail as it is delivered to the first recipient. */
  async deliver(from: string, { mode = 'protect-all', entity, forward, ...written }: Written): Promise<Bytes> {
    const { chain } = this.#plugin;
    const sender = this.#senders.get(from);
    const organisation = chain.organisations.get(domainOf(from));
    if (sender === undefined || organisation === undefined) throw new Error(from);
    const now = new Date();
    const inner: InnerMail = { from: { address: from, displayName: sender.certificate.subject.commonName ?? '' }, subject: '件名', date: now, text: '本文', ...written };
    const recipients = written.to.map(({ address }) => address);
    const addressing: Addressing = { recipients, hidden: [], sender, organisation: organisation.issuer.certificate, signingTime: now };
    const { cms } = forward !== undefined
      ? await forwardMail({ native, credentials: [sender], trust: await chain.trust(), now }, { ...addressing, ...forward, mail: buildMixed('forward', inner, random) })
      : mode === 'protect-all'
        ? await sealMail(native, { ...addressing, entity: entity ?? buildInner(inner, random) })
        : await sealMixed(native, { ...addressing, mode, mail: buildMixed(mode, inner, random) });
    const fields = [['From', from], ['To', recipients.join(', ')], ['Subject', formatText(inner.subject, 'Subject')], ['Date', now.toUTCString()], ['Message-ID', `<${crypto.randomUUID()}@test>`]] as const;
    const [delivered] = await relayAll(this.#plugin, recipients, mailBytes(buildCarrier(fields, cms)));
    if (delivered === undefined) throw new Error('delivered to nobody');
    return delivered.raw;
  }

  /** Delivers it, and puts it into the mailbox. */
  async send(from: string, written: Written): Promise<Bytes> {
    const raw = await this.deliver(from, written);
    await this.#plugin.store(written.to[0]?.address ?? '').append(Buffer.from(raw));
    return raw;
  }
}

/** As a program that knows nothing of SSMAX writes it. */
export function plainMail(from: string, to: string, subject: string, text = 'お世話になっております。\r\nご確認ください。 https://example.com/'): string {
  return [`From: ${from}`, `To: ${to}`, `Subject: ${subject}`, `Date: ${new Date().toUTCString()}`, 'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8', '', text, ''].join('\r\n');
}
