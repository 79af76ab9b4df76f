/** Mails to a reader outside SSMAX as an organisation's gateway makes them: plain S/MIME, good by the Authority's root alone. */
import { type Bytes, utf8 } from '../../src/core/bytes.ts';
import { relay } from '../../src/flow/relay.ts';
import { sealMixed } from '../../src/flow/seal.ts';
import { domainOf } from '../../src/mail/address.ts';
import { buildMixed } from '../../src/mail/build.ts';
import { mailBytes } from '../../src/mail/carrier.ts';
import { clearSigned } from '../../src/mail/clear-signed.ts';
import { formatDate } from '../../src/mail/header.ts';
import { createWorld, native } from '../flow/world.ts';
import { allowOutside } from '../security/outside.ts';

const FROM = 'taro@hinode.example';
const HOUR = 3_600_000;

export interface SignedOnly {
  /** DER of the Authority's root certificate. */
  readonly root: Bytes;
  /**
   * @param waited hours between the member's sealing and the organisation's signing, which is now: on hold, for instance
   * @param misdated hours by which the header's Date is before the time of sealing
   */
  mail(subject: string, waited: number, misdated?: number): Promise<Bytes>;
}

export async function createSignedOnly(to: string): Promise<SignedOnly> {
  const world = await createWorld(new Date());
  const hinode = await world.addOrganisation('hinode.example', { ja: '日之出市役所', en: 'Hinode City Office' });
  const sender = await world.addUser(hinode, FROM, '山田 太郎');
  allowOutside(hinode, [domainOf(to)], world.now);
  return {
    root: world.root.der,
    async mail(subject, waited, misdated = 0) {
      const sealed = new Date(world.now.getTime() - waited * HOUR);
      const mail = buildMixed('sign-only', {
        from: { address: FROM, displayName: '' }, to: [{ address: to, displayName: '' }], subject, date: sealed, text: 'We meet in hall A.\n', transport: '7bit',
      }, (length) => native.random(length));
      const { cms } = await sealMixed(native, { mode: 'sign-only', mail, recipients: [to], hidden: [], sender, organisation: hinode.issuer.certificate, signingTime: sealed });
      const { departures: [departure] } = await relay(hinode.parts, 'submission', { cms, recipients: [to], from: FROM, visible: [to] });
      if (departure?.clear === undefined) throw new Error('it does not go outside');
      const date = formatDate(new Date(sealed.getTime() - misdated * HOUR));
      const fields = utf8(`From: ${FROM}\r\nTo: ${to}\r\nSubject: ${subject}\r\nDate: ${date}\r\nMessage-ID: <${crypto.randomUUID()}@hinode.example>\r\n\r\n`);
      return mailBytes(clearSigned(fields, departure.clear, departure.cms, '=_0123456789abcdef0123456789abcdef'));
    },
  };
}
