import { describe, expect, it } from 'vitest';
import { strangerGreeted } from '../../extension/member/greeting.ts';
import { lookalikeOf } from '../../extension/member/lookalike.ts';
import { assessRisks, isUnusual, type RiskInput } from '../../extension/member/risk.ts';
import { utf8 } from '../../src/core/bytes.ts';

const mailbox = (address: string, displayName = ''): { address: string; displayName: string } => ({ address, displayName });
const known = (address: string, ...names: string[]): { address: string; names: string[]; lastAt: Date } => ({ address, names, lastAt: new Date(0) });

const KNOWN = [
  known('yuki@hinode.example', '鈴木 雪'), known('hanako@tsukimi.example', '佐藤 花子'), known('jiro@tsukimi.example', '佐藤 次郎', 'Jiro Sato'), known('info@kawara.example', '河原商店'),
];

function assess(changes: Partial<RiskInput>): ReturnType<typeof assessRisks> {
  return assessRisks({
    from: mailbox('taro@hinode.example', '山田 太郎'), to: [mailbox('hanako@tsukimi.example')], cc: [], bcc: [], subject: '件名', text: '本文です。',
    attachments: [], known: KNOWN, manyOutsiders: 10, unchecked: new Set(), ...changes,
  });
}

const kinds = (changes: Partial<RiskInput>): string[] => {
  const { recipients, mail } = assess(changes);
  return [...recipients.flatMap(({ risks }) => risks.map(({ kind }) => kind)), ...mail.map(({ kind }) => kind)];
};

describe('an everyday mail', () => {
  it('has nothing unusual', () => {
    expect(isUnusual(assess({ text: '佐藤様\n\nお世話になっております。' }))).toBe(false);
    expect(isUnusual(assess({ to: [mailbox('new@tsukimi.example'), mailbox('new@hinode.example')], text: '各位\n' }))).toBe(false);
  });
});

/** Mails as offices write them every day, to 佐藤 花子 (Hanako Sato) and 鈴木 雪 unless it says otherwise, without attachments. */
const EVERYDAY: readonly (readonly [subject: string, text: string])[] = [
  ['打合せの日程', '月見製作所\n営業部　佐藤様\n\nいつもお世話になっております。日之出市役所の山田です。\n\n来週の打合せですが、火曜の午後はいかがでしょうか。\n\nよろしくお願いいたします。\n\n-- \n日之出市役所 総務課 山田 太郎\n資料は添付します'],
  ['Re: 見積書', '佐藤部長様\n\n添付ファイルを確認しました。ありがとうございます。'],
  ['見積書拝受', '月見製作所佐藤様\n\nお送りいただいた添付の見積書を拝見しました。'],
  ['申請の手順', '各位\n\n申請書に領収書を添付してご提出ください。添付がない場合は受け付けられません。'],
  ['書類のお願い', '佐藤さん、\n\n次のメールに図面を添付していただけますか。'],
  ['説明会のご案内', '保護者様\n\n説明会を開きます。添付書類はありません。'],
  ['工事のお知らせ', '月見製作所 御中\n\n下記のとおり工事を行います。'],
  ['工事のお知らせ', '近隣住民の皆様へ\n\n工事を行います。'],
  ['総会の件', '事務局様\n\n総会の資料は後日お送りします。'],
  ['ご相談', 'ご担当者様\n\n突然のご連絡失礼いたします。'],
  ['お礼', '花子さん\n\n昨日はありがとうございました。鈴木さんにもよろしくお伝えください。'],
  ['会議室', '鈴木さん、佐藤さん\n\n会議室は三階です。'],
  ['確認', '佐藤様\nCC：鈴木様\n\n田中様からお電話がありました。'],
  ['Re: Re: 資料', '了解です。\n\n> 佐々木様\n> 資料を添付します。'],
  ['会議', '佐藤 様\n\nご添付ありがとうございます。明日、内容をお返事します。'],
  ['Meeting', 'Dear Ms. Sato,\n\nCould we meet on Tuesday? Please attach your timetable to your answer.'],
  ['Re: Quotation', 'Hi Hanako-san,\n\nThank you for the attachment. Is the file you attached the latest one?'],
  ['Weekly', 'Hi all,\n\nNo attachments this week.'],
  ['Hello', 'Hello again,\n\nI am back at the office.'],
  ['Notice', 'Dear Sir or Madam,\n\nThe hall is closed tomorrow.'],
  ['Thanks', 'Dear Tsukimi team,\n\nThank you for your attachments and your help.'],
  ['Talk', 'Dear Professor Sato,\n\nWe would be glad to have you with us.'],
];

describe('ordinary mails', () => {
  it.each(EVERYDAY)('ask for nothing: %s', (subject, text) => {
    const to = [mailbox('hanako@tsukimi.example', '佐藤 花子'), mailbox('yuki@hinode.example', '鈴木 雪')];
    const found = assess({ subject, text, to, known: [...KNOWN, known('hanako@tsukimi.example', '佐藤 花子', 'Hanako Sato')].filter(({ names: [name] }, i, all) => all.findLastIndex((one) => one.names[0] === name) === i) });
    expect(found).toEqual({ recipients: [], mail: [] });
  });
});

describe('what is said to be attached', () => {
  it.each([
    '見積書を添付いたします。', '資料を添付しましたので、ご確認ください。', '添付の資料をご確認ください。', '添付ファイルをご覧ください。', '詳しくは添付のとおりです。', '図面を添付しております。', '添付にてお送りいたします。', '請求書を添付させていただきます。',
    '別添資料のとおりです。', '添付資料をご査収願います。', '議事録を添付しておきます。', 'Please find attached the minutes.', 'The minutes are attached.', 'I have attached the minutes.', 'I am attaching the minutes.', 'See the attached file.', 'See attachment.',
    'Attached is the quotation.', 'You will find the details in the attachment.', 'Enclosed please find the form.', 'I’ve attached it.',
  ])('and is not: %s', (text) => {
    expect(kinds({ text })).toEqual(['no-attachment']);
    expect(kinds({ text, attachments: [{ name: 'a.txt', bytes: utf8('a') }] })).toEqual([]);
  });
});

describe('a recipient', () => {
  it('of a domain never written to is new, once some are known', () => {
    expect(assess({ to: [mailbox('x@elsewhere.example')] }).recipients[0]?.risks).toEqual([{ kind: 'new-domain', domain: 'elsewhere.example' }]);
    expect(kinds({ to: [mailbox('x@elsewhere.example')], known: [] })).toEqual([]);
  });

  it.each(['tsukirni.example', 'tsuk1mi.example', 'tsukimi.exampie', 'tsukimj.example', 'tskuimi.example', 'tsukimmi.example', 'xn--tsukmi-svf.example', 'hinode.test'])('at %s looks like one that is known', (domain) => {
    expect(kinds({ to: [mailbox(`hanako@${domain}`)] }), domain).toContain('lookalike');
  });

  it('with a colleague’s name at an address outside is odd', () => {
    expect(assess({ to: [mailbox('yuki@freemail.example', '鈴木雪')] }).recipients[0]?.risks).toEqual([{ kind: 'colleagues-name', colleague: 'yuki@hinode.example' }]);
    expect(kinds({ to: [mailbox('yuki2@hinode.example', '鈴木 雪')] })).toEqual([]);
  });
});

describe('look-alike domains', () => {
  it('are found by shape, not by chance', () => {
    expect(lookalikeOf('paypa1.example', ['paypal.example'])).toBe('paypal.example');
    expect(lookalikeOf('xn--pypal-4ve.example', ['paypal.example'])).toBe('paypal.example');
    expect(lookalikeOf('paypal.example', ['paypal.example', 'paypa1.example'])).toBeUndefined();
    expect(lookalikeOf('abc.example', ['abd.example'])).toBeUndefined();
    expect(lookalikeOf('xn--%%.example', ['paypal.example'])).toBeUndefined();
  });
});

describe('a mail', () => {
  it('to many outsiders who see each other is odd; Bcc is not counted', () => {
    const many = Array.from({ length: 10 }, (_, i) => mailbox(`u${i}@tsukimi.example`));
    expect(kinds({ to: many })).toEqual(['many-outsiders']);
    expect(kinds({ bcc: many })).toEqual([]);
  });

  it('that speaks of an attachment has one', () => {
    expect(kinds({ text: '見積書を添付します。' })).toEqual(['no-attachment']);
    expect(kinds({ text: 'Please find the file attached.' })).toEqual(['no-attachment']);
    expect(kinds({ text: '了解です。\n> 資料を添付します。' })).toEqual([]);
    expect(kinds({ text: '添付ファイルはありません。' })).toEqual([]);
    expect(kinds({ text: '見積書を添付します。', attachments: [{ name: 'a.txt', bytes: utf8('a') }] })).toEqual([]);
  });

  it('with an encrypted archive is odd', () => {
    const zip = new Uint8Array(40);
    zip.set([0x50, 0x4b, 3, 4, 20, 0, 1, 0]);
    expect(assess({ attachments: [{ name: '資料.zip', bytes: zip }] }).mail).toEqual([{ kind: 'password-archive', name: '資料.zip' }]);
    zip[6] = 0;
    expect(kinds({ attachments: [{ name: '資料.zip', bytes: zip }] })).toEqual([]);
  });

  it('that greets nobody of its recipients is odd', () => {
    expect(assess({ text: '田中様\n\nお世話になっております。' }).mail).toEqual([{ kind: 'greeting', name: '田中' }]);
  });
});

describe('the greeting', () => {
  it.each([
    ['佐藤様', '佐藤 花子'], ['月見製作所　佐藤様', '佐藤 花子'], ['佐藤花子 様、', '佐藤花子'], ['佐藤さん', '佐藤 花子'], ['花子さん', '佐藤 花子'], ['Dear Ms. Sato,', 'Hanako Sato'], ['Hi Hanako', 'Sato, Hanako'],
    ['お客様', '佐藤 花子'], ['皆様', '佐藤 花子'], ['ご担当者様', '佐藤 花子'], ['月見製作所様', '佐藤 花子'], ['Dear all,', 'Hanako Sato'],
    ['渡邊様', '渡辺 一郎'], ['髙橋様', '高橋'], ['佐藤課長', '鈴木 雪'], ['佐藤課長様', '佐藤 花子'], ['佐藤様', '月見製作所 佐藤'], ['佐藤様', '佐藤花子（月見製作所）'], ['佐藤様', 'さとう はなこ'], ['月見製作所佐藤様', '佐藤花子'], ['山本さんから聞きました。', '佐藤 花子'], ['Dear Ms. Sato,', '佐藤 花子'],
  ])('"%s" to %s is nothing to ask about', (line, name) => {
    expect(strangerGreeted(`${line}\n\n本文`, [name])).toBeUndefined();
  });

  it.each([['田中様', '佐藤 花子', '田中'], ['Dear Mr Tanaka,', 'Hanako Sato', 'Tanaka'], ['田中部長様', '佐藤 花子', '田中'], ['月見製作所 田中様', '佐藤 花子', '月見製作所 田中'], ['Hi Tanaka-san,', 'Hanako Sato', 'Tanaka'], ['田中先生', '佐藤 花子', '田中'], ['田中殿', '鈴木 雪', '田中'], ['田中 一郎さん', '佐藤 花子', '田中 一郎']])('"%s" to %s is', (line, name, found) => {
    expect(strangerGreeted(`${line}\n\n本文`, [name])).toBe(found);
  });
});
