/** A user without a mail client: enrols, seals, submits, reads over the real servers, by the product's own code. */
import { request } from 'node:https';
import type { Bytes } from '../../src/core/bytes.ts';
import { decodeCertsOnly } from '../../src/core/pki/certs-only.ts';
import { parseCertificate } from '../../src/core/pki/certificate.ts';
import { createCsr } from '../../src/core/pki/csr.ts';
import { type Judgement, judgeMail } from '../../src/flow/open.ts';
import type { Credential } from '../../src/flow/ports.ts';
import { forwardMail } from '../../src/flow/forward.ts';
import type { Addressing } from '../../src/flow/leg-one.ts';
import { sealMail, sealMixed } from '../../src/flow/seal.ts';
import { loadTrust, type Trust } from '../../src/flow/trust.ts';
import { formatAddressList, formatMailbox, type Mailbox } from '../../src/mail/address.ts';
import { buildInner, buildMixed, type InnerMail } from '../../src/mail/build.ts';
import { buildCarrier, mailBytes } from '../../src/mail/carrier.ts';
import { formatDate, formatText } from '../../src/mail/header.ts';
import { createNodeCrypto, generatePrivateKey, loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { fromBase64, toBase64 } from '../../src/wire/json.ts';
import { MailStore, type StoredMessage } from '../../scripts/world/imap.ts';
import type { LocalOrganisation, LocalWorld } from '../../scripts/world/local-world.ts';
import { submit, type SubmissionReplies } from '../../scripts/world/smtp.ts';

const native = createNodeCrypto();
const random = (length: number): Bytes => native.random(length);

type Written = Partial<InnerMail> & { readonly to: readonly Mailbox[]; readonly subject: string };

export interface Sealed {
  readonly raw: Bytes;
  readonly cms: Bytes;
  readonly contentDigest: Bytes;
}

export class Correspondent {
  private constructor(
    private readonly local: LocalWorld,
    readonly organisation: LocalOrganisation,
    readonly address: string,
    readonly credential: Credential,
    private readonly organisationCertificate: Bytes,
  ) {}

  /** Enrols at the organisation's key server, with a new key and one-time code or with these. */
  static async enrol(local: LocalWorld, organisation: LocalOrganisation, user: string, pkcs8 = generatePrivateKey(), code?: string): Promise<Correspondent> {
    const address = `${user}@${organisation.plan.domain}`;
    const key = loadPrivateKey(pkcs8);
    const csr = await createCsr(key, { email: address });
    const authorization = `Basic ${Buffer.from(`${address}:${code ?? await organisation.code(user)}`).toString('base64')}`;
    const answer = await call(local, organisation, '/.well-known/est/simpleenroll', {
      method: 'POST', body: toBase64(csr), headers: { authorization, 'content-type': 'application/pkcs10' },
    });
    const [own, issuer] = decodeCertsOnly(fromBase64(new TextDecoder().decode(answer)));
    if (own === undefined || issuer === undefined) throw new Error('no certificates');
    return new Correspondent(local, organisation, address, { key, certificate: parseCertificate(own) }, issuer);
  }

  /** Directory and CRLs as a plugin fetches them. */
  async trust(): Promise<Trust> {
    const get = (path: string): Promise<Bytes> => call(this.local, this.organisation, path);
    const file = (name: string): Promise<Bytes> => get(`/ssmax/v1/directory/${name}`);
    const [index, authority, own] = await Promise.all([file('index.cms'), get('/ssmax/v1/crl/authority'), get('/ssmax/v1/crl/organisation')]);
    return loadTrust({ root: new Uint8Array(this.local.root), directory: { index, file }, crls: [authority, own] }, new Date());
  }

  /** Seals a mail; `inner` in place of the entity that it would be, for what no plugin would write. */
  async seal(mail: Written, bcc: readonly string[] = [], inner?: Bytes): Promise<Sealed> {
    const whole = this.#whole(mail);
    return this.#carried(whole, await sealMail(native, { entity: inner ?? buildInner(whole, random), ...this.#addressing(whole, bcc) }));
  }

  /** A mail of which the attachments are sealed, or nothing. */
  async sealAs(mode: 'attachments-only' | 'sign-only', mail: Written, bcc: readonly string[] = []): Promise<Sealed> {
    const whole = this.#whole(mail);
    return this.#carried(whole, await sealMixed(native, { mode, mail: buildMixed(mode, whole, random), ...this.#addressing(whole, bcc) }));
  }

  /** Forwards a mail as it lies in the own mailbox, without decrypting it. */
  async forward(original: Bytes, trust: Trust, mail: Written, bcc: readonly string[] = []): Promise<Sealed> {
    const whole = this.#whole(mail);
    return this.#carried(whole, await forwardMail({ native, credentials: [this.credential], trust, now: whole.date }, {
      original, mail: buildMixed('forward', whole, random), ...this.#addressing(whole, bcc),
    }));
  }

  #whole(mail: Written): InnerMail {
    return { from: { address: this.address, displayName: this.credential.certificate.subject.commonName ?? '' }, date: new Date(), text: '本文', ...mail };
  }

  #addressing({ to, cc = [], date }: InnerMail, bcc: readonly string[]): Addressing {
    const visible = [...to, ...cc].map(({ address }) => address);
    return {
      recipients: [...visible, ...bcc], hidden: bcc, sender: this.credential, organisation: parseCertificate(this.organisationCertificate), signingTime: date,
    };
  }

  #carried({ date, from, ...mail }: InnerMail, { cms, contentDigest }: Omit<Sealed, 'raw'>): Sealed {
    const raw = mailBytes(buildCarrier([
      ['From', formatMailbox(from)], ['To', formatAddressList(mail.to)], ...(mail.cc === undefined ? [] : [['Cc', formatAddressList(mail.cc)] as const]),
      ['Subject', formatText(mail.outerSubject ?? mail.subject, 'subject')], ['Date', formatDate(date)], ['Message-ID', `<${crypto.randomUUID()}@${this.organisation.plan.domain}>`],
    ], cms));
    return { raw, cms, contentDigest };
  }

  /** Submits to the own organisation's Postfix, logged in. */
  submit(raw: Bytes, to: readonly string[]): Promise<SubmissionReplies> {
    return submit({
      port: this.organisation.ports.postfix.submission, account: this.local.account(this.address), envelope: { from: this.address, to }, raw,
    });
  }

  mailbox(): MailStore {
    return new MailStore(this.local.dovecot.ports.imap, this.local.account(this.address));
  }

  /** Waits until the inbox holds `count` messages; gives them. */
  receive(count: number): Promise<readonly StoredMessage[]> {
    return this.mailbox().waitFor(count);
  }

  async judge(raw: Bytes, overrides: { trust?: Trust } = {}): Promise<Judgement> {
    return judgeMail(raw, {
      native, credentials: [this.credential], addresses: [this.address], trust: overrides.trust ?? await this.trust(), now: new Date(),
    });
  }
}

function call(
  local: LocalWorld, organisation: LocalOrganisation, path: string, options: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Bytes> {
  const { body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(`${organisation.pluginUrl}${path}`, { ca: local.webCa, ...rest }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject); // a server that was killed in its answer
      incoming.once('end', () => {
        const answer = new Uint8Array(Buffer.concat(chunks));
        if (incoming.statusCode === 200) resolve(answer);
        else reject(new Error(`${incoming.statusCode} ${Buffer.from(answer).toString()}`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
