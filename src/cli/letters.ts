/** The letter that brings a member the one-time code: one page of A4 for each, as HTML to be printed from a browser. */
import type { Language } from './sentences.ts';

export interface Letter {
  readonly address: string;
  readonly reference: string;
  /** Who is to get it. */
  readonly name: string;
  /** In groups, with hyphens. */
  readonly code: string;
  readonly expires: Date;
}

export interface LetterOptions {
  readonly organisation: string;
  /** Whom to ask. */
  readonly contact: string;
  readonly language: Language;
  /** Stands at the top. */
  readonly date: Date;
}

const WORDS = {
  ja: {
    title: 'SSMAX登録コードのお知らせ',
    to: (name: string) => `${name} 様`,
    number: '職員・契約番号',
    intro: (organisation: string) => `${organisation}では、なりすましや盗み見を防ぐメールのしくみ「SSMAX」を使います。次の登録コードで、あなたのメールソフト（Thunderbird）を登録してください。数分で終わります。`,
    code: '登録コード',
    address: 'メールアドレス',
    until: (date: string) => `${date}まで、一度だけ使えます。`,
    steps: '登録のしかた',
    first: 'Thunderbirdを起動します。「SSMAXへの登録」の画面が開きます。開かないときは、メールの上の「登録する」ボタンか、アドオンの設定にある「アドレスを登録する」を押します。',
    second: '「メールアドレス」が上のアドレスであることを確かめ、「登録コード」に上のコードを入力して、「登録する」を押します。大文字と小文字の違い、ハイフンの有無は問いません。コードに英字のI、L、O、Uは使っていません。',
    third: '「準備ができました」と表示されたら完了です。続けて、同じ画面で「鍵の控え」を作ってください。パソコンが壊れても、届いたメールを読み続けられます。この用紙は細かく裁断して捨ててください。',
    warning: 'このコードを人に見せたり、メールや電話で伝えたりしないでください。担当者がコードをお尋ねすることはありません。封が開いていたとき、心当たりのないとき、期限が過ぎたときは、下の担当者に知らせてください。新しいコードをお渡しします。',
    contact: 'お問い合わせ',
  },
  en: {
    title: 'Your SSMAX enrolment code',
    to: (name: string) => name,
    number: 'Employee or contract number',
    intro: (organisation: string) => `${organisation} uses SSMAX, which keeps mail from being forged or read by others. Please enrol your mail program (Thunderbird) with the code below. It takes a few minutes.`,
    code: 'Enrolment code',
    address: 'Mail address',
    until: (date: string) => `Can be used once, until ${date}.`,
    steps: 'What to do',
    first: 'Start Thunderbird. The page “Enrol in SSMAX” opens. If it does not, press the button “Enrol” above a mail, or “Enrol an address” in the add-on’s settings.',
    second: 'Check that “Mail address” is the address above, type the code into “Enrolment code”, and press “Enrol”. Capitals and hyphens do not matter. The letters I, L, O and U do not occur in it.',
    third: 'When it says “Ready”, you have finished. Then make “Backup of your key” on the same page: should this computer break, you go on reading your mail. Please shred this sheet.',
    warning: 'Do not show the code to anybody, and do not tell it by mail or telephone: nobody of ours will ask for it. If this letter had been opened, if you did not expect it, or if its date has passed, tell the contact below, and you will get a new code.',
    contact: 'Questions',
  },
} as const;

/** The whole document, UTF-8. */
export function letters(list: readonly Letter[], options: LetterOptions): string {
  const { title } = WORDS[options.language];
  return `<!doctype html>
<html lang="${options.language}">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${list.map((letter) => page(letter, options)).join('')}</body>
</html>
`;
}

function page({ address, reference, name, code, expires }: Letter, { organisation, contact, language, date }: LetterOptions): string {
  const words = WORDS[language];
  const day = (of: Date): string => of.toLocaleDateString(language === 'ja' ? 'ja-JP' : 'en-GB', { dateStyle: 'long' });
  const groups = code.split('-').map((group) => `<span>${escape(group)}</span>`).join('<i aria-hidden="true">-</i>');
  return `<article>
<header><p class="to">${escape(words.to(name))}</p><p class="from">${day(date)}<br>${escape(organisation)}</p></header>
<p class="number">${words.number} ${escape(reference)}</p>
<h1>${words.title}</h1>
<p>${escape(words.intro(organisation))}</p>
<section class="code">
<h2>${words.code}</h2>
<p class="groups">${groups}</p>
<p>${escape(words.until(day(expires)))}</p>
<dl><dt>${words.address}</dt><dd>${escape(address)}</dd></dl>
</section>
<h2>${words.steps}</h2>
<ol><li>${words.first}</li><li>${words.second}</li><li>${words.third}</li></ol>
<p class="warning">${words.warning}</p>
<footer><h2>${words.contact}</h2><p>${escape(contact)}</p></footer>
</article>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
}

const STYLE = `
@page { size: A4; margin: 0; }
* { box-sizing: border-box; }
body { margin: 0; background: #ddd; color: #111; font: 11pt/1.75 "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic", "Hiragino Sans", "Meiryo", sans-serif; word-break: auto-phrase; }
article { position: relative; width: 210mm; height: 297mm; margin: 8mm auto; padding: 22mm 24mm 20mm; background: #fff; overflow: hidden; break-after: page; }
header { display: flex; justify-content: space-between; align-items: flex-start; }
header p { margin: 0; }
.to { font-size: 14pt; border-bottom: 0.3mm solid #111; padding: 0 8mm 1mm 0; min-width: 70mm; }
.from { text-align: right; }
.number { margin: 1.5mm 0 9mm; font-size: 9pt; color: #444; }
h1 { margin: 0 0 8mm; font-size: 18pt; text-align: center; letter-spacing: 0.04em; }
h2 { margin: 0; font-size: 11pt; }
.code { margin: 7mm 0 8mm; padding: 6mm 8mm 5mm; border: 0.6mm solid #1d4f7c; border-radius: 2mm; text-align: center; break-inside: avoid; }
.code h2 { color: #1d4f7c; }
.code p { margin: 0; }
.groups { font: 700 30pt/1.6 "DejaVu Sans Mono", "Consolas", "Menlo", monospace; letter-spacing: 0.08em; white-space: nowrap; }
.groups i { margin: 0 2mm; color: #888; font-style: normal; font-weight: 400; }
dl { display: flex; justify-content: center; gap: 4mm; margin: 3mm 0 0; padding-top: 3mm; border-top: 0.2mm solid #bbb; }
dt { color: #444; white-space: nowrap; }
dd { margin: 0; font-weight: 700; overflow-wrap: anywhere; }
ol { margin: 2mm 0 6mm; padding-left: 7mm; }
li { padding-left: 1mm; margin-bottom: 2mm; }
li::marker { font-weight: 700; color: #1d4f7c; }
.warning { margin: 0; padding: 3mm 5mm; background: #f1f1f1; font-size: 9.5pt; line-height: 1.65; }
footer { position: absolute; left: 24mm; right: 24mm; bottom: 16mm; padding-top: 3mm; border-top: 0.2mm solid #bbb; display: flex; gap: 6mm; font-size: 10pt; }
footer h2 { white-space: nowrap; font-size: 10pt; }
footer p { margin: 0; }
@media print { body { background: none; } article { margin: 0; } article:last-child { break-after: auto; } }
`;
