/** The ten steps that show SSMAX at work. Steps 1 to 8 act through visible windows by keyboard and mouse only. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCarrier } from '../../src/mail/carrier.ts';
import { parseMime } from '../../src/mail/mime.ts';
import type { MailStore } from '../world/imap.ts';
import { type LocalOrganisation, type LocalWorld, MALWARE_MARKER } from '../world/local-world.ts';
import { pages } from '../world/desktop.ts';
import { submit } from '../world/smtp.ts';
import type { SmtpTap } from '../world/smtp-tap.ts';
import { ssmax } from '../world/ssmax.ts';
import { until } from '../world/wait.ts';
import { addonId, banner, Person } from './person.ts';
import type { Record } from './record.ts';

const SUBJECT = '見積書の件';
const PARAGRAPHS = ['佐藤様', 'お世話になっております。日之出市役所の山田です。', '*見積書をお送りします。*', 'ご確認をお願いいたします。'];

class StoryError extends Error {}

function must(condition: boolean, what: string): void {
  if (!condition) throw new StoryError(`it does not hold that ${what}`);
}

export interface StoryParts {
  readonly local: LocalWorld;
  /** What went from one organisation's mail server to the other's, by receiving domain. */
  readonly taps: ReadonlyMap<string, SmtpTap>;
  readonly record: Record;
}

export async function playStory({ local, taps, record }: StoryParts): Promise<void> {
  const [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  const files = makeFiles(local.world.directory('story-files'));
  const tapped = (domain: string, recipient: string): Buffer => {
    const mail = taps.get(domain)?.mails.filter(({ recipients }) => recipients.includes(recipient)).at(-1);
    if (mail === undefined) throw new StoryError(`no mail for ${recipient} went over the wire`);
    return mail.raw;
  };
  const newest = async (store: MailStore, folder = 'INBOX', count = 1): Promise<Uint8Array> => {
    const raw = (await store.waitFor(count, { folder })).at(-1)?.raw;
    if (raw === undefined) throw new StoryError(`nothing in ${folder}`);
    return raw;
  };

  let taro!: Person;
  let hanako!: Person;
  let jiro!: Person;
  let yuki!: Person;

  await record.step(1, 'taro, hanako, jiro and yuki enrol with a one-time code', async () => {
    taro = await Person.open(local, hinode, 'taro', { locale: 'ja', dark: false });
    hanako = await Person.open(local, tsukimi, 'hanako', { locale: 'ja', dark: true });
    jiro = await Person.open(local, tsukimi, 'jiro', { locale: 'en-US', dark: false });
    yuki = await Person.open(local, hinode, 'yuki', { locale: 'en-US', dark: true });
    for (const person of [taro, hanako, jiro, yuki]) {
      await record.look(person, `1-enrol-${person.user}`);
      await person.enrol(() => record.look(person, `1-enrolled-${person.user}`));
    }
    return 'four keys made in the clients, four certificates issued';
  });

  await record.step(2, 'taro writes to hanako, Bcc jiro', async () => {
    await taro.write({
      to: [hanako.address], bcc: [jiro.address], subject: SUBJECT, body: PARAGRAPHS, images: [readFileSync(files.image)], attachments: [files.text, files.big],
    });
    await record.look(taro, '2-writing');
    const dialog = await taro.send(120_000);
    must(dialog === undefined, `the mail goes (${dialog?.text ?? ''})`);
    record.hop('2-leg1', await newest(taro.mailbox, 'Sent'));
    await hanako.mailbox.waitFor(1);
    await jiro.mailbox.waitFor(1);
    record.hop('2-leg2', tapped('tsukimi.example', hanako.address));
    record.hop('2-leg2-bcc', tapped('tsukimi.example', jiro.address));
    return 'HTML with an inline image and two attachments, one of 5 MB';
  });

  await record.step(3, 'hanako and jiro read it: verified, everything byte-equal', async () => {
    for (const person of [hanako, jiro]) {
      const raw = await newest(person.mailbox);
      record.hop(person === hanako ? '3-leg3' : '3-leg3-bcc', raw);
      const seen = await person.readMail(SUBJECT, 'verified', 'お世話になっております');
      const organisation = person.look.locale === 'ja' ? '日之出市役所' : 'Hinode City Office';
      must(seen.banner.includes('山田 太郎') && seen.banner.includes(organisation), `the sentence names sender and organisation: ${seen.banner}`);
      for (const paragraph of PARAGRAPHS) must(seen.body.includes(paragraph.replaceAll('*', '')), `the body shows "${paragraph}"`);
      await until(async () => {
        const images = await person.desktop.thunderbird.find({ ...banner, selector: '.body img' });
        return images.length === 1 && (images[0]?.width ?? 0) > 10;
      }, { what: 'the inline image' });
      for (const [index, file] of [files.text, files.big].entries()) {
        const name = file.slice(file.lastIndexOf('/') + 1);
        await person.desktop.click({ ...banner, selector: `.files li:nth-child(${index + 1}) button.save` });
        const saved = await person.desktop.thunderbird.waitForDownload(name);
        must(Buffer.from(saved).equals(readFileSync(file)), `${name} is byte-equal`);
      }
      await record.look(person, `3-verified-${person.user}`);
      await person.openHeaderPopup(addonId);
      await person.desktop.thunderbird.see({ page: pages.addon, selector: '.group' });
      await record.look(person, `3-details-${person.user}`);
      await person.closePopup();
    }
    for (const copy of [tapped('tsukimi.example', hanako.address), await newest(hanako.mailbox)]) {
      const bytes = Buffer.concat([Buffer.from(copy), sealedPart(copy)]);
      // Not "jiro" alone: in megabytes of base64 four letters come by chance.
      for (const name of [jiro.address, 'jiro@', '次郎']) must(!bytes.includes(name), "hanako's copy names jiro nowhere");
    }
    return 'body, image and attachments as sent; jiro is named nowhere in the copy for hanako';
  });

  await record.step(4, 'taro reads his own Sent copy', async () => {
    const seen = await taro.readMail(SUBJECT, 'verified', 'お世話になっております', 'sent');
    await record.look(taro, '4-sent-copy');
    return seen.banner;
  });

  await record.step(5, 'hanako replies; taro reads it', async () => {
    await hanako.readMail(SUBJECT, 'verified');
    await hanako.reply({});
    await until(async () => (await hanako.draft()).body.includes('お世話になっております'), { what: 'the quotation', withinMs: 60_000 });
    await hanako.continueWriting({ body: ['承知しました。'] });
    const draft = await hanako.draft();
    must(draft.recipients.some((recipient) => recipient.includes(taro.address)), 'the reply goes to taro');
    must(draft.body.includes('お世話になっております'), 'the verified text is quoted');
    must(!draft.body.includes('SSMAX対応'), 'the notice is not quoted');
    await record.look(hanako, '5-reply');
    must((await hanako.send(120_000)) === undefined, 'the reply goes');
    record.hop('5-leg1', await newest(hanako.mailbox, 'Sent'));
    record.hop('5-leg3', await newest(taro.mailbox));
    record.hop('5-leg2', tapped('hinode.example', taro.address));
    const seen = await taro.readMail(SUBJECT, 'verified', '承知しました。');
    await record.look(taro, '5-answer');
    return seen.banner;
  });

  await record.step(6, 'taro writes to yuki inside hinode', async () => {
    await taro.write({ to: [yuki.address], subject: '会議の時間', body: ['午後三時に変わりました。'] });
    must((await taro.send(120_000)) === undefined, 'the mail goes');
    const seen = await yuki.readMail('会議の時間', 'verified', '午後三時');
    record.hop('6-leg3', await newest(yuki.mailbox));
    await record.look(yuki, '6-internal');
    return seen.banner;
  });
  await yuki.quit();
  await jiro.quit();

  await record.step(7, 'a mail with a forbidden word is refused at submission', async () => {
    const sent = (await taro.mailbox.list('Sent')).length;
    const body = 'この資料は社外秘です。';
    await taro.write({ to: [hanako.address], subject: '資料', body: [body], attachments: [files.text] });
    const { reason, alert } = await taro.sendRefused(() => record.look(taro, '7-not-sent'));
    must(alert.includes('SSMAX-keyword'), `the mail client shows the refusal: ${alert}`);
    must(reason.includes('組織の外に出してはならない言葉'), `the reason is in the user's language: ${reason}`);
    const draft = await until(async () => {
      const now = await taro.draft();
      return now.body.includes(body) ? now : undefined;
    }, { what: 'the text to be back' });
    must(draft.attachments.length === 1 && draft.attachments[0]?.includes('見積書.txt') === true, 'the attachment is back');
    await record.look(taro, '7-text-is-back');
    must((await taro.mailbox.list('Sent')).length === sent, 'no Sent copy exists');
    await taro.discard();
    return reason.replaceAll('\n', ' ');
  });

  await record.step(8, 'an attachment with the test virus is refused at tsukimi', async () => {
    const before = (await hanako.mailbox.list()).length;
    const reports = (await taro.mailbox.list()).length;
    await taro.write({ to: [hanako.address], subject: '請求書', body: ['請求書をお送りします。'], attachments: [files.malware] });
    must((await taro.send(120_000)) === undefined, 'the mail goes');
    const report = await newest(taro.mailbox, 'INBOX', reports + 1);
    record.hop('8-report', report);
    must(Buffer.from(report).includes('SSMAX-malware'), 'the delivery report carries the code');
    must((await hanako.mailbox.list()).length === before, "hanako's mailbox got nothing");
    await taro.desktop.thunderbird.waitForMessages('INBOX', reports + 1);
    const seen = await taro.readMail('Undelivered', 'outside', '「請求書」は届きませんでした');
    await record.look(taro, '8-delivery-report');
    return seen.banner.replaceAll('\n', ' ');
  });

  await record.step(9, 'forged, altered, outside and uncheckable mail', async () => {
    const forged = Buffer.from(`From: =?utf-8?B?${Buffer.from('山田 太郎').toString('base64')}?= <${taro.address}>\r\nTo: ${hanako.address}\r\nSubject: Urgent payment\r\nDate: ${new Date().toUTCString()}\r\n\r\nPlease pay.\r\n`);
    const atMta = async (raw: Uint8Array): Promise<string> =>
      (await submit({ port: tsukimi.ports.postfix.arriving, envelope: { from: taro.address, to: [hanako.address] }, raw })).final.text;
    must(/^550 5\.7\.1 SSMAX-impersonation/.test(await atMta(forged)), 'the forgery is refused at the MTA');
    const altered2 = flipBit(tapped('tsukimi.example', hanako.address));
    record.hop('9-altered-leg2', altered2);
    const refusal = await atMta(altered2);
    must(/^5\d\d 5/.test(refusal), `the altered leg 2 is refused: ${refusal}`);

    const genuine = (await hanako.mailbox.list()).at(0)?.raw ?? new Uint8Array();
    const altered3 = withSubject(flipBit(Buffer.from(genuine)), 'Altered quotation');
    const outside = Buffer.from(`From: Shop <info@outside.example>\r\nTo: ${hanako.address}\r\nSubject: Newsletter\r\nDate: ${new Date().toUTCString()}\r\n\r\nHello.\r\n`);
    for (const [name, raw] of [['9-forged', forged], ['9-altered-leg3', altered3]] as const) {
      record.hop(name, raw);
      await hanako.mailbox.append(raw);
    }
    must(/^250/.test((await submit({ port: tsukimi.ports.postfix.arriving, envelope: { from: 'info@outside.example', to: [hanako.address] }, raw: outside })).final.text), 'outside mail passes');
    const verdicts: string[] = [];
    for (const [subject, state, name] of [['Urgent payment', 'problem', 'impersonation'], ['Altered quotation', 'problem', 'altered'], ['Newsletter', 'outside', 'outside']] as const) {
      await hanako.readMail(subject, state, { impersonation: '名乗っています', altered: '書き換えられた', outside: 'SSMAXの外' }[name]);
      await record.look(hanako, `9-${name}`);
      verdicts.push(name);
    }
    tsukimi.servers.keyServer.kill('SIGKILL');
    await until(() => !tsukimi.servers.keyServer.alive(), { what: 'the key server to be gone' });
    // The plugin fetches the lists anew when they are a minute old: until then the mail is still verified.
    await until(async () => {
      await hanako.select('Newsletter', 'inbox', 60_000);
      return hanako.readMail(SUBJECT, 'cannot-check', '', 'inbox', 10_000).then(() => true, () => false);
    }, { what: 'the verdict "cannot check now"', withinMs: 300_000, everyMs: 1_000 });
    await record.look(hanako, '9-cannot-check');
    await tsukimi.restart('keyServer');
    return [...verdicts, 'cannot-check'].join(', ');
  });

  await record.step(10, 'ken is revoked', async () => {
    const ken = await Person.open(local, hinode, 'ken', { locale: 'ja', dark: false });
    await ken.enrol(() => Promise.resolve());
    await ken.write({ to: [hanako.address], subject: '一通目', body: ['失効の前に書いたメールです。'] });
    must((await ken.send(120_000)) === undefined, 'the first mail goes');
    await hanako.readMail('一通目', 'verified', '失効の前');
    await hinode.revoke('ken');
    await ken.write({ to: [hanako.address], subject: '二通目', body: ['失効の後に書いたメールです。'] });
    const { reason } = await ken.sendRefused(() => record.look(ken, '10-revoked'));
    must(reason.includes('証明書は失効'), `the reason is shown: ${reason}`);
    await hanako.select('Newsletter');
    const seen = await hanako.readMail('一通目', 'verified', '失効の前');
    await record.look(hanako, '10-old-mail');
    await ken.quit();
    return `${reason.replaceAll('\n', ' ')}; the mail before: ${seen.banner.replaceAll('\n', ' ')}`;
  });
  await exportTrust(local, record);
}

/** Root, directory and CRLs as they stand at the end, for `ssmax verify --trust`. */
async function exportTrust(local: LocalWorld, record: Record): Promise<void> {
  const { state, dir } = local.authority;
  await ssmax(['authority', 'export', '--state', state, '--root', join(dir, 'root.pem'), '--out', join(record.directory, 'trust')]);
  for (const { plan, state: keyServerState } of local.organisations) {
    await ssmax(['keyserver', 'export-crl', '--state', keyServerState, '--out', join(record.directory, 'trust', `${plan.name}.crl`)]);
  }
}

interface Files {
  readonly image: string;
  readonly text: string;
  readonly big: string;
  readonly malware: string;
}

function makeFiles(directory: string): Files {
  mkdirSync(directory, { recursive: true });
  const path = (name: string): string => join(directory, name);
  execFileSync('convert', ['-size', '320x120', 'gradient:#0b5fa5-#e8f1f8', '-depth', '8', path('sunrise.png')]);
  writeFileSync(path('見積書.txt'), '件名,金額\r\n庁舎の照明,1250000\r\n');
  writeFileSync(path('図面.bin'), randomBytes(5 * 1024 * 1024));
  writeFileSync(path('請求書.bin'), `請求書\n${MALWARE_MARKER}\n`);
  return { image: path('sunrise.png'), text: path('見積書.txt'), big: path('図面.bin'), malware: path('請求書.bin') };
}

/** The sealed part, decoded: what is hidden in base64. */
function sealedPart(raw: Uint8Array): Uint8Array {
  const carrier = findCarrier(parseMime(Uint8Array.from(raw), 'outer'));
  if (carrier.kind === 'none') throw new StoryError('no sealed part');
  return carrier.cms;
}

/** Changes one bit in the middle of the sealed part's base64 text, staying in the alphabet. */
function flipBit(raw: Buffer): Buffer {
  const text = raw.toString('latin1');
  const start = text.indexOf('\r\n\r\n', text.indexOf('application/cms')) + 4;
  const at = start + Math.floor((text.indexOf('\r\n--', start) - start) / 2);
  const index = [...text.slice(at, at + 80)].findIndex((character) => /[A-Ha-h]/.test(character));
  const changed = Buffer.from(raw);
  const byte = changed[at + index] ?? 0;
  changed[at + index] = byte % 2 === 0 ? byte + 1 : byte - 1; // neighbours in the alphabet differ in one bit of the value
  return changed;
}

function withSubject(raw: Buffer, subject: string): Buffer {
  return Buffer.from(raw.toString('latin1').replace(/^Subject:.*(?:\r\n[ \t].*)*/m, `Subject: ${subject}`), 'latin1');
}
