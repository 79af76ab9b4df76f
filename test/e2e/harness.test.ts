/**
 * The harness itself: two real Thunderbirds on two displays, driven by keyboard and mouse, with a throw-away add-on. They know nothing
 * of SSMAX, so one of them also reads what a member sends to somebody outside.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import nodemailer from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Correspondent } from '../../scripts/world/correspondent.ts';
import { Desktop, pages } from '../../scripts/world/desktop.ts';
import { shrinkPng, startDisplay } from '../../scripts/world/display.ts';
import { startDovecot } from '../../scripts/world/dovecot.ts';
import { MailStore } from '../../scripts/world/imap.ts';
import { World } from '../../scripts/world/process.ts';
import { makeProfile } from '../../scripts/world/profile.ts';
import { startThunderbird } from '../../scripts/world/thunderbird.ts';
import { eventually } from '../eventually.ts';
import { addonId, writeHarnessAddon } from './harness-addon.ts';
import { startHttps } from './https.ts';
import { PATIENCE } from './plugin-world.ts';
import { createSignedOnly, type SignedOnly } from './signed-only.ts';

interface Received {
  readonly recipients: readonly string[];
  readonly raw: Buffer;
}

const password = 'correct horse';
const taroAddress = 'taro@hinode.example';
const hanakoAddress = 'hanako@tsukimi.example';
const jiroAddress = 'jiro@tsukimi.example';

describe('the Thunderbird harness', { timeout: 600_000 }, () => {
  const received: Received[] = [];
  let world: World;
  let taro: Correspondent;
  let hanako: Correspondent;
  let files: string;
  let inbox: MailStore;
  let outside: SignedOnly;

  beforeAll(async () => {
    world = await World.open();
    files = world.directory('files');
    const imap = await world.ports.take();
    const lmtp = await world.ports.take();
    const accounts = [taroAddress, hanakoAddress, jiroAddress].map((address) => ({ address, password }));
    await startDovecot(world, { accounts, ports: { imap, lmtp } });
    inbox = new MailStore(imap, { address: hanakoAddress, password });
    outside = await createSignedOnly(hanakoAddress);
    const smtp = await startSmtp(lmtp);
    const https = await startHttps(world, (_request, _body, response) => Promise.resolve(void response.end('hello over https')));
    writeHarnessAddon(join(files, 'addon'));

    const start = async (name: string, address: string, fullName: string, look: { locale: 'ja' | 'en-US'; dark: boolean }): Promise<Correspondent> => {
      const display = await startDisplay(world, { name });
      const profile = makeProfile({
        dir: world.directory(`profile-${name}`),
        account: { name: fullName, email: address, user: address, password, imapPort: imap, smtpPort: smtp },
        ...look,
        certificates: [https.authority, outside.root],
        managed: { [addonId]: { url: https.url } },
      });
      const thunderbird = await startThunderbird(world, { name, profile, display, addon: join(files, 'addon') });
      // Its page opens by itself, in front of what is done then.
      await thunderbird.see({ page: pages.addon, selector: '#form' });
      return new Correspondent(new Desktop(display, thunderbird));
    };
    [taro, hanako] = await Promise.all([
      start('taro', taroAddress, '日之出 太郎', { locale: 'ja', dark: false }),
      start('hanako', hanakoAddress, '月見 花子', { locale: 'en-US', dark: true }),
    ]);
  }, 300_000);

  afterAll(async () => {
    await Promise.all([taro, hanako].map((one) => one.desktop.thunderbird.quit()));
    await world.stop();
  });

  it('gives managed configuration and trust in a CA to the add-on, whose page in a tab is filled in and sent', async () => {
    const { desktop } = taro;
    expect((await desktop.thunderbird.see({ page: pages.addon, selector: '#managed', text: 'hello over https' })).text).toBe('hello over https');
    await desktop.fill({ page: pages.addon, selector: '#code' }, 'ABCD-1234');
    await desktop.click({ page: pages.addon, selector: '#agree' });
    await desktop.click({ page: pages.addon, selector: 'button' });
    await desktop.thunderbird.see({ page: pages.addon, selector: '#result', text: 'code ABCD-1234 true' });
  });

  it('writes a mail with all it can have, and sends it through the add-on', async () => {
    writeFileSync(join(files, '見積書.txt'), '合計 1,000 円\n');
    const drawing = randomBytes(5 * 1024 * 1024);
    writeFileSync(join(files, 'drawing.bin'), drawing);
    const image = makePng(join(files, 'image.png'));
    await taro.write({
      to: [hanakoAddress],
      bcc: [jiroAddress],
      subject: '見積書の件',
      body: ['花子様', 'お世話になっております。', '*太字*', 'Regards'],
      images: [image],
      attachments: [join(files, '見積書.txt'), join(files, 'drawing.bin')],
    });
    const draft = await taro.draft();
    expect(draft.recipients).toEqual([hanakoAddress, jiroAddress]);
    expect(await taro.send()).toBeUndefined();

    const mail = received.at(-1);
    expect(mail?.recipients).toEqual([hanakoAddress, jiroAddress]);
    const text = mail?.raw.toString('latin1') ?? '';
    expect(text).toMatch(/^X-Harness: seen\r$/m);
    expect(text).not.toContain(jiroAddress);
    expect(attachmentIn(text, /Content-Type: image\/png/)).toEqual(image);
    expect(attachmentIn(text, /name="drawing\.bin"/).equals(drawing)).toBe(true);
  });

  it('opens the mail in a tab, reads it and the add-on\'s closed banner, header button and popup', async () => {
    await hanako.openInTab('見積書の件');
    await hanako.desktop.thunderbird.see({ page: pages.message, frame: '#messagepane', selector: 'button' });
    const reading = await hanako.reading('帯の文');
    expect(reading.subject).toBe('見積書の件');
    expect(reading.from).toContain(taroAddress);
    expect(reading.body).toContain('お世話になっております。');
    expect(reading.body).toContain('帯の文');
    // The pasted image is shown in the body, the files are listed.
    expect(reading.attachments).toEqual(expect.arrayContaining(['見積書.txt', 'drawing.bin']));
    await eventually('the label of the button', async () => expect(await hanako.headerButton(addonId)).toBe('確認済み'));
    expect((await hanako.openHeaderPopup(addonId, '詳細')).text.trim()).toBe('確認の詳細');
    const shot = join(files, 'popup.png');
    await hanako.desktop.display.screenshot(shot);
    await shrinkPng(shot, join(files, 'popup-small.png'));
    expect(statSync(join(files, 'popup-small.png')).size).toBeLessThan(150_000);
    await hanako.closePopup();
  });

  it('saves what the add-on hands out after a click into the mail', async () => {
    await hanako.desktop.click({ page: pages.message, frame: '#messagepane', selector: '#save' });
    expect(Buffer.from(await hanako.desktop.thunderbird.waitForDownload('保存.txt')).toString()).toBe('添付の中身');
  });

  it('answers, and the answer and the Sent copy are read', async () => {
    await hanako.reply({ body: ['承知しました。'] });
    expect(await hanako.send()).toBeUndefined();
    await hanako.closeTab();
    await taro.select('Re:');
    const reading = await taro.reading('承知しました。');
    expect(reading.body).toContain('承知しました。');
    expect(reading.body).toContain('お世話になっております。');
    await taro.select('見積書の件', 'sent');
    expect((await taro.reading('太字')).body).toContain('太字');
  });

  it('reads and closes the alert of a refused mail, and finds the text still there', async () => {
    await taro.write({ to: [hanakoAddress], subject: 'refuse this', body: ['本文'] });
    const dialog = await taro.send();
    expect(dialog?.text).toContain('SSMAX-test-refusal');
    await taro.desktop.closeDialog();
    expect(await taro.draft()).toMatchObject({ subject: 'refuse this', recipients: [hanakoAddress] });
    expect((await taro.draft()).body).toContain('本文');
    await taro.discard();
  });

  it('finds a member’s mail to outside well signed by the Authority’s root alone, one that was on hold for three hours too; not under another Date', async () => {
    const isSigned = async (subject: string, ...expected: readonly string[]): Promise<void> => {
      await hanako.select(subject);
      const { desktop, desktop: { thunderbird } } = hanako;
      const shown = (selector: string): Promise<string | undefined> => thunderbird.find({ page: pages.message, selector }).then(([seen]) => seen?.text);
      await desktop.again('the panel', () => desktop.click({ page: pages.message, selector: '#encryptionTechBtn' }), async () => await shown('#signatureLabel') !== undefined);
      await eventually(`the signature of ${subject}`, async () => {
        for (const [i, selector] of ['#signatureLabel', '#signedBy', '#signerEmail'].slice(0, expected.length).entries()) expect(await shown(selector)).toBe(expected[i]);
      });
      await desktop.again('the panel to close', () => desktop.keys('Escape'), async () => await shown('#signatureLabel') === undefined);
    };
    for (const [subject, waited, misdated] of [['Sent at once', 0, 0], ['Held for hours', 3, 0], ['Misdated', 0, 2]] as const) await inbox.append(await outside.mail(subject, waited, misdated));
    const good = ['Message Is Signed', '日之出市役所', taroAddress];
    await isSigned('Sent at once', ...good);
    await isSigned('Held for hours', ...good);
    await isSigned('Misdated', 'Digital Signature Is Not Valid');
  });

  /** Accepts with the password only, delivers over LMTP, and refuses what asks for it in its subject. */
  async function startSmtp(lmtpPort: number): Promise<number> {
    // Typed for SMTP only, but LMTP is one of its options (nodemailer.com/smtp).
    const lmtp = nodemailer.createTransport({ host: '127.0.0.1', port: lmtpPort, ...{ lmtp: true }, secure: false, ignoreTLS: true });
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      socketTimeout: PATIENCE,
      onAuth: (auth, _session, done) => (auth.password === password ? done(null, { user: auth.username }) : done(new Error('no'))),
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const raw = Buffer.concat(chunks);
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          if (raw.includes('Subject: refuse this')) return done(Object.assign(new Error('5.7.1 SSMAX-test-refusal Not this one'), { responseCode: 550 }));
          received.push({ recipients, raw });
          lmtp.sendMail({ envelope: { from: taroAddress, to: recipients }, raw }).then(
            () => done(null),
            (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
          );
        });
      },
    });
    const port = await world.ports.take();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
    world.closing(() => new Promise<void>((resolve) => server.close(() => resolve())));
    return port;
  }
});

function makePng(path: string): Buffer {
  execFileSync('convert', ['-size', '160x80', 'gradient:navy-white', '-depth', '8', path]);
  return readFileSync(path);
}

/** The bytes of the base64 part whose header matches. */
function attachmentIn(mail: string, header: RegExp): Buffer {
  const part = mail.slice(mail.search(header));
  const body = part.slice(part.indexOf('\r\n\r\n') + 4);
  return Buffer.from(body.slice(0, body.indexOf('\r\n--')), 'base64');
}
