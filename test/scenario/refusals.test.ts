/** What the real mail servers answer, word for word, to mail that may not pass; and what must pass although it looks odd. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startClamd } from '../../scripts/world/clamd.ts';
import { HINODE, type LocalOrganisation, type LocalWorld, MALWARE_MARKER, PASSPHRASE, startLocalWorld, TSUKIMI } from '../../scripts/world/local-world.ts';
import { World } from '../../scripts/world/process.ts';
import { SmtpDialogue, submit } from '../../scripts/world/smtp.ts';
import { type SmtpTap, startSmtpTap } from '../../scripts/world/smtp-tap.ts';
import { until } from '../../scripts/world/wait.ts';
import { type Bytes, concat, fromUtf8, utf8 } from '../../src/core/bytes.ts';
import { issueCrl } from '../../src/core/pki/crl.ts';
import { findCarrier, replaceCarrier } from '../../src/mail/carrier.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { loadPrivateKey } from '../../src/platform/node-crypto.ts';
import { readCertificateFile } from '../../src/server/shared/certificate-file.ts';
import { loadKey } from '../../src/server/shared/keystore.ts';
import { Correspondent, type Sealed } from './correspondent.ts';

// Real servers on a busy machine: slow is no failure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let world: World;
let local: LocalWorld;
let hinode: LocalOrganisation;
let tsukimi: LocalOrganisation;
let taro: Correspondent;
let yuki: Correspondent;
let hanako: Correspondent;
let jiro: Correspondent;
/** Leg 2 of a delivered mail, as it went over the wire. */
let leg2: Bytes;

const HANAKO = { address: 'hanako@tsukimi.example', displayName: '' };
const YUKI = { address: 'yuki@hinode.example', displayName: '' };
const DAY = 86_400_000;

beforeAll(async () => {
  world = await World.open();
  let tap: SmtpTap | undefined;
  local = await startLocalWorld(world, [HINODE, TSUKIMI], {
    route: async (domain, port) => {
      if (domain !== TSUKIMI.domain) return port;
      tap = await startSmtpTap(world, port);
      return tap.port;
    },
  });
  [hinode, tsukimi] = local.organisations as [LocalOrganisation, LocalOrganisation];
  [taro, yuki, hanako, jiro] = await Promise.all([
    Correspondent.enrol(local, hinode, 'taro'), Correspondent.enrol(local, hinode, 'yuki'),
    Correspondent.enrol(local, tsukimi, 'hanako'), Correspondent.enrol(local, tsukimi, 'jiro'),
  ]);
  expect(await send(await taro.seal({ to: [HANAKO], subject: 'x' }), [HANAKO.address])).toMatch(/^250 /);
  await hanako.receive(1);
  leg2 = new Uint8Array(tap?.mails[0]?.raw ?? []);
  await hanako.mailbox().delete();
});
afterAll(async () => {
  await world.stop();
});

describe('at submission', () => {
  it('unsealed mail is refused', async () => {
    const raw = utf8(`From: ${taro.address}\r\nTo: ${HANAKO.address}\r\nSubject: x\r\n\r\nx\r\n`);
    expect((await taro.submit(raw, [HANAKO.address])).final.text).toMatch(/^550 5\.7\.1 SSMAX-not-protected /);
  });

  it('a second From field is refused, first or last', async () => {
    const { raw } = await taro.seal({ to: [HANAKO], subject: 'x' });
    const other = utf8(`From: ${YUKI.address}\r\n`);
    expect(await sendRaw(concat(other, raw))).toMatch(/^550 5\.6\.0 SSMAX-carrier-ambiguous /);
    expect(await sendRaw(withHeader(raw, (header) => `${header}${fromUtf8(other)}`))).toMatch(/^550 5\.6\.0 SSMAX-carrier-ambiguous /);
  });

  it('the outer From of another member is refused', async () => {
    const { raw } = await taro.seal({ to: [HANAKO], subject: 'x' });
    expect(await sendRaw(withHeader(raw, (header) => header.replace(/^From:.*\r\n/m, `From: ${YUKI.address}\r\n`)))).toMatch(/^550 5\.7\.1 SSMAX-from-mismatch /);
  });

  it('another member\'s envelope sender is refused before the gateway is asked', async () => {
    const { raw } = await yuki.seal({ to: [HANAKO], subject: 'x' });
    const replies = await submit({ port: hinode.ports.postfix.submission, account: local.account(taro.address), envelope: { from: YUKI.address, to: [HANAKO.address] }, raw });
    expect(replies.final.text).toMatch(/^553 5\.7\.1 /);
  });

  it('a recipient who was added after sealing is refused', async () => {
    const { raw } = await taro.seal({ to: [HANAKO], subject: 'x' });
    expect(await sendRaw(raw, [HANAKO.address, jiro.address])).toMatch(/^550 5\.7\.1 SSMAX-recipient-not-in-label /);
  });

  it('a Bcc recipient who stands in the header is refused, and so is a visible one who does not', async () => {
    const { raw } = await taro.seal({ to: [HANAKO], subject: 'x' }, [jiro.address]);
    const all = [HANAKO.address, jiro.address];
    expect(await sendRaw(withHeader(raw, (header) => header.replace(/^To:.*\r\n/m, `To: ${all.join(', ')}\r\n`)), all)).toMatch(/^550 5\.7\.1 SSMAX-headers-differ /);
    expect(await sendRaw(withHeader(raw, (header) => header.replace(/^To:.*\r\n/m, 'To: undisclosed-recipients:;\r\n')), all)).toMatch(/^550 5\.7\.1 SSMAX-headers-differ /);
  });

  it('a mail that was sealed more than five days ago is refused, and one from the future', async () => {
    const old = await taro.seal({ to: [HANAKO], subject: 'x', date: new Date(Date.now() - 5 * DAY - 60_000) });
    expect(await send(old, [HANAKO.address])).toMatch(/^550 5\.7\.1 SSMAX-sealed-too-long-ago /);
    const future = await taro.seal({ to: [HANAKO], subject: 'x', date: new Date(Date.now() + 11 * 60_000) });
    expect(await send(future, [HANAKO.address])).toMatch(/^550 5\.7\.1 SSMAX-clock-wrong /);
  });

  it('a carrier with two sealed parts, with another part beside it, or with none is refused', async () => {
    const { raw } = await taro.seal({ to: [HANAKO], subject: 'x' });
    const text = Buffer.from(raw).toString('latin1');
    const parts = text.split(/(?=--=_ssmax-carrier)/);
    const sealed = parts.find((part) => part.includes('application/cms')) ?? '';
    const twice = text.replace(sealed, sealed + sealed);
    const html = text.replace(sealed, `--=_ssmax-carrier\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n${sealed}`);
    const none = text.replace(sealed, '');
    for (const broken of [twice, html]) expect(await sendRaw(utf8(broken))).toMatch(/^550 5\.6\.0 SSMAX-carrier-ambiguous /);
    expect(await sendRaw(utf8(none))).toMatch(/^550 5\.7\.1 SSMAX-not-protected /);
  });

  it('one altered bit anywhere in leg 1 is refused', async () => {
    const { raw } = await taro.seal({ to: [HANAKO], subject: 'x' });
    for (const place of [0.02, 0.3, 0.6, 0.9, 0.995]) expect(await sendRaw(flipBit(raw, place)), String(place)).toMatch(/^550 5\.\d\.\d SSMAX-/);
  });

  it('leg 2 is refused', async () => {
    expect(await sendRaw(leg2)).toMatch(/^550 5\.7\.1 SSMAX-leg-not-for-us /);
  });

  it('mail to an address of the own domain that is nobody\'s gets 550 5.1.1, from Postfix and from the gateway', async () => {
    const nobody = 'nobody@hinode.example';
    const { raw } = await taro.seal({ to: [{ address: nobody, displayName: '' }], subject: 'x' });
    expect(await sendRaw(raw, [nobody])).toMatch(/^550 5\.1\.1 /);
    expect(await direct(hinode.ports.gateway.submission, raw, [nobody])).toMatch(/^550 5\.1\.1 SSMAX-recipient-unknown /);
  });

  it('mail to a member who has no certificate yet is refused with the reason', async () => {
    const ken = 'ken@hinode.example';
    const { raw } = await taro.seal({ to: [{ address: ken, displayName: '' }], subject: 'x' });
    expect(await sendRaw(raw, [ken])).toMatch(/^550 5\.7\.1 SSMAX-recipient-not-enrolled /);
  });

  it('mail to a recipient outside SSMAX is refused with the reason', async () => {
    const outside = 'x@outside.example';
    const { raw } = await taro.seal({ to: [HANAKO, { address: outside, displayName: '' }], subject: 'x' });
    // Postfix has no route to the outside here: what it would ask the gateway.
    expect(await direct(hinode.ports.gateway.submission, raw, [HANAKO.address, outside])).toMatch(/^550 5\.7\.1 SSMAX-recipient-outside /);
  });

  it('mail to an address of another organisation that is nobody\'s comes back as a delivery report', async () => {
    const nobody = 'nobody@tsukimi.example';
    const { raw } = await taro.seal({ to: [{ address: nobody, displayName: '' }], subject: 'x' });
    expect(await sendRaw(raw, [nobody])).toMatch(/^250 /);
    const [report] = await taro.receive(1);
    expect(fromUtf8(report?.raw ?? new Uint8Array())).toMatch(/^Status: 5\.1\.1\r?$/m);
    await taro.mailbox().delete();
  });

  it('nothing of all this was handed on', async () => {
    await nothingArrived();
  });
});

describe('at the receiving organisation\'s mail server', () => {
  it('one altered bit in leg 2 is refused, wherever it is', async () => {
    for (const place of [0.02, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.995]) expect(await arrive(flipBit(leg2, place)), String(place)).toMatch(/^550 5\.\d\.\d SSMAX-/);
  });

  it('leg 2 is refused for another recipient, under another From, at another organisation; and so is leg 1', async () => {
    expect(await arrive(leg2, [jiro.address])).toMatch(/^550 5\.7\.1 SSMAX-recipient-not-in-label /);
    expect(await arrive(withHeader(leg2, (header) => header.replace(/^From:.*\r\n/m, `From: ${YUKI.address}\r\n`)))).toMatch(/^550 5\.7\.1 SSMAX-from-mismatch /);
    const elsewhere = await submit({ port: hinode.ports.postfix.arriving, envelope: { from: 'x@outside.example', to: [YUKI.address] }, raw: leg2 });
    expect(elsewhere.final.text).toMatch(/^550 5\.7\.1 SSMAX-leg-not-for-us /);
    expect(await arrive((await taro.seal({ to: [HANAKO], subject: 'x' })).raw)).toMatch(/^550 5\.7\.1 SSMAX-leg-not-for-us /);
  });

  it('a mail that claims to come from where everything is signed is refused, in whatever way it claims so', async () => {
    const claims = [
      `From: ${taro.address}\r\n`, 'From: "Taro" <TARO@Hinode.Example>\r\n', `From: x@outside.example\r\nSender: ${taro.address}\r\n`,
      `From: x@outside.example, ${taro.address}\r\n`, `From: x@outside.example\r\nFrom: ${taro.address}\r\n`, `From:\r\n ${taro.address}\r\n`,
    ];
    for (const claim of claims) expect(await arrive(utf8(`${claim}To: ${HANAKO.address}\r\nSubject: x\r\n\r\nx\r\n`)), claim).toMatch(/^550 5\.\d\.\d SSMAX-/);
    expect(await arrive(utf8('From: x@outside.example\r\nSubject: x\r\n\r\nx\r\n'), [HANAKO.address], taro.address)).toMatch(/^550 5\.7\.1 SSMAX-impersonation /);
  });

  it('a delivery report in a person\'s name is refused, and one that is no null sender\'s; neither is ever verified', async () => {
    const forged = report(taro.address);
    expect(await arrive(forged, [HANAKO.address], '')).toMatch(/^550 5\.7\.1 SSMAX-impersonation /);
    expect(await arrive(report('MAILER-DAEMON@hinode.example'), [HANAKO.address], 'x@outside.example')).toMatch(/^550 5\.7\.1 SSMAX-impersonation /);
    await nothingArrived();
    await hanako.mailbox().append(forged); // past the gateway
    const [message] = await hanako.receive(1);
    expect(await hanako.judge(message?.raw ?? new Uint8Array())).toMatchObject({ state: 'problem', code: 'impersonation' });
    await hanako.mailbox().delete();
  });

  it('a true delivery report passes, and is never verified', async () => {
    expect(await arrive(report('MAILER-DAEMON@hinode.example'), [HANAKO.address], '')).toMatch(/^250 /);
    const [message] = await hanako.receive(1);
    expect(await hanako.judge(message?.raw ?? new Uint8Array())).toMatchObject({ state: 'outside', code: 'delivery-report' });
    await hanako.mailbox().delete();
  });

  it('no second mail is smuggled behind a first one, to Postfix, through the gateway or to the gateway', async () => {
    const second = `MAIL FROM:<x@outside.example>\r\nRCPT TO:<${jiro.address}>\r\nDATA\r\nFrom: x@outside.example\r\nSubject: second\r\n\r\nx\r\n`;
    const ends = ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r\n.\r', '\r.\r\n', '\r\n\0.\r\n'];
    let delivered = 0;
    for (const end of ends) {
      for (const port of [tsukimi.ports.postfix.arriving, tsukimi.ports.gateway.arriving]) {
        const reply = await data(port, `From: x@outside.example\r\nTo: ${HANAKO.address}\r\nSubject: first\r\n\r\nx${end}${second}\r\n.\r\n`);
        expect(reply.replies, JSON.stringify(end)).toBe(1);
        if (reply.code === 250) delivered++;
      }
    }
    await tsukimi.postfix.drained(60_000);
    expect(await hanako.mailbox().list()).toHaveLength(delivered);
    expect(delivered).toBeGreaterThan(0);
    expect(await jiro.mailbox().list()).toEqual([]);
    await hanako.mailbox().delete();
  });

  it('more recipients than the gateway takes at once get 452, the others are served', async () => {
    const { dialogue } = await SmtpDialogue.open(tsukimi.ports.gateway.arriving, 120_000);
    await dialogue.command('EHLO client.invalid');
    await dialogue.command('MAIL FROM:<x@outside.example>');
    const codes: number[] = [];
    for (let index = 0; index < 102; index++) codes.push((await dialogue.command(`RCPT TO:<member${index}@tsukimi.example>`)).code);
    dialogue.close();
    expect(codes).toEqual([...Array.from({ length: 100 }, () => 250), 452, 452]);
  });

  it('a mail that is too large is refused, by Postfix and by the gateway', async () => {
    const large = concat(utf8(`From: x@outside.example\r\nTo: ${HANAKO.address}\r\n\r\n`), utf8('0123456789abcdef'.repeat(64).concat('\r\n').repeat(66_000)));
    expect(large.length).toBeGreaterThan(64 * 1024 * 1024);
    expect(await direct(tsukimi.ports.gateway.arriving, large, [HANAKO.address])).toMatch(/^55\d 5\.3\.4 SSMAX-mail-too-large /);
    expect(await arrive(large)).toMatch(/^552 5\.3\.4 /);
    await nothingArrived();
  });
});

describe('while something is missing, nothing passes and nothing is refused for good', () => {
  let sealed: Sealed;
  beforeAll(async () => {
    sealed = await taro.seal({ to: [YUKI], subject: 'x' });
  });
  const attempt = (): Promise<string> => send(sealed, [YUKI.address]);
  /** A server that has just come up may still fetch what it needs. */
  const passesAgain = (): Promise<unknown> => until(async () => (await attempt()).startsWith('250'), { what: 'a mail to pass', withinMs: 60_000, everyMs: 500 });

  it.each([['keyServer', 'peer-unreachable'], ['inspection', 'peer-unreachable']] as const)('no %s: 451', async (server, code) => {
    await kill(server);
    expect(await attempt()).toMatch(new RegExp(`^451 4\\.7\\.1 SSMAX-${code} `));
    await hinode.restart(server);
    await passesAgain();
  });

  it('no gateway: 451', async () => {
    await kill('gateway');
    expect(await attempt()).toMatch(/^451 4\.3\.0 /);
    await hinode.restart('gateway');
    await passesAgain();
  });

  it('no clamd: 451, be there malware or not', async () => {
    const malicious = await taro.seal({ to: [YUKI], subject: 'x', text: MALWARE_MARKER });
    local.clamd.kill('SIGKILL');
    await local.clamd.exited;
    expect(await attempt()).toMatch(/^451 4\.7\.1 SSMAX-scanner-unavailable /);
    expect(await send(malicious, [YUKI.address])).toMatch(/^451 4\.7\.1 SSMAX-scanner-unavailable /);
    await startClamd(world, { marker: MALWARE_MARKER });
    await passesAgain();
    expect(await send(malicious, [YUKI.address])).toMatch(/^550 5\.7\.1 SSMAX-malware /);
  });

  it('no directory, no CRL, or one that is out of date: 451', async () => {
    local.authority.running.kill('SIGKILL');
    await local.authority.running.exited;
    expect(await attempt(), 'copies are good for a day').toMatch(/^250 /);
    const copy = (name: string): string => join(hinode.dir, 'gateway-state', 'trust', `${name}.der`);
    const { dir } = local.authority;
    const delegate = { key: loadPrivateKey(loadKey(join(dir, 'delegate.key'), PASSPHRASE)), certificate: readCertificateFile(join(dir, 'delegate.pem')) };
    const stale = await issueCrl({ issuer: delegate, number: 1_000, thisUpdate: new Date(Date.now() - 2 * DAY), nextUpdate: new Date(Date.now() - DAY), revoked: [] });
    for (const [bytes, file, code] of [[stale.der, 'authority', 'crl-stale'], [utf8(''), 'index', 'trust-invalid']] as const) {
      await kill('gateway');
      writeFileSync(copy(file), bytes);
      await hinode.restart('gateway');
      expect(await attempt(), file).toMatch(new RegExp(`^451 4\\.\\d\\.\\d SSMAX-${code} `));
    }
    await local.restartAuthority();
    await passesAgain();
  });
});

/** What the deciding reply of hinode's submission to taro says. */
async function send({ raw }: Sealed, to: readonly string[]): Promise<string> {
  return sendRaw(raw, to);
}

async function sendRaw(raw: Bytes, to: readonly string[] = [HANAKO.address]): Promise<string> {
  return (await taro.submit(raw, to)).final.text;
}

/** What tsukimi's Postfix answers to somebody outside. */
async function arrive(raw: Bytes, to: readonly string[] = [HANAKO.address], from = 'x@outside.example'): Promise<string> {
  return (await submit({ port: tsukimi.ports.postfix.arriving, envelope: { from, to }, raw, withinMs: 120_000 })).final.text;
}

/** What a gateway answers without Postfix before it. */
async function direct(port: number, raw: Bytes, to: readonly string[]): Promise<string> {
  return (await submit({ port, envelope: { from: taro.address, to }, raw, withinMs: 120_000 })).final.text;
}

/** Sends exactly this after DATA; gives how many replies it got, and the code of the first. */
async function data(port: number, content: string): Promise<{ replies: number; code: number }> {
  const { dialogue } = await SmtpDialogue.open(port, 60_000);
  for (const line of ['EHLO client.invalid', 'MAIL FROM:<x@outside.example>', `RCPT TO:<${HANAKO.address}>`]) await dialogue.command(line);
  await dialogue.command('DATA');
  dialogue.send(content);
  const first = await dialogue.reply();
  // What is answered next is the NOOP, if nothing more was taken for a command.
  const second = await dialogue.command('NOOP').catch(() => undefined);
  const third = await dialogue.command('QUIT').catch(() => undefined);
  dialogue.close();
  const clean = first.code >= 500 || (second?.code === 250 && third?.code === 221) || second?.code === 521 || second === undefined;
  return { replies: clean ? 1 : 2, code: first.code };
}

async function kill(server: keyof LocalOrganisation['servers']): Promise<void> {
  hinode.servers[server].kill('SIGKILL');
  await hinode.servers[server].exited;
}

async function nothingArrived(): Promise<void> {
  for (const { postfix } of [hinode, tsukimi]) await postfix.drained(60_000);
  for (const who of [yuki, hanako, jiro]) expect(await who.mailbox().list()).toEqual([]);
}

/** The same mail with its header section, up to the empty line, changed. */
function withHeader(raw: Bytes, change: (header: string) => string): Bytes {
  const text = Buffer.from(raw).toString('latin1');
  const end = text.indexOf('\r\n\r\n') + 2;
  return new Uint8Array(Buffer.from(change(text.slice(0, end)) + text.slice(end), 'latin1'));
}

/** The same mail with one bit of its sealed part altered, that far (0 to 1) into it. */
function flipBit(raw: Bytes, place: number): Bytes {
  const carrier = findCarrier(parseMime(raw, 'outer'));
  if (carrier.kind !== 'carrier') throw new Error('no carrier');
  const cms = carrier.cms.slice();
  const index = Math.floor(cms.length * place);
  cms[index] = (cms[index] ?? 0) ^ 1;
  const { head, body } = replaceCarrier(raw, cms);
  return concat(head, ...body());
}

function report(from: string): Bytes {
  return utf8([
    `From: ${from}`, `To: ${HANAKO.address}`, 'Subject: Undelivered Mail Returned to Sender', 'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"', '', '--b', 'Content-Type: text/plain', '', 'Sorry.', '',
    '--b', 'Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mail.hinode.example', '', `Final-Recipient: rfc822; ${HANAKO.address}`,
    'Action: failed', 'Status: 5.7.1', '', '--b--', '',
  ].join('\r\n'));
}
