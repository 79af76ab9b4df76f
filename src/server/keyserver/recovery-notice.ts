/** What a member is told when his old mail is about to be recovered: a letter to print, or a mail to another address of his. */
import { encodeWords } from '../../mail/encoded-word.ts';

export interface Notice {
  readonly address: string;
  readonly reference: string;
  readonly name: string;
  readonly opened: Date;
  readonly until: Date;
  readonly mails: number;
  /** Another address of the member; undefined: a letter. */
  readonly notify: string | undefined;
}

function local(date: Date, language: 'ja' | 'en'): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'Asia/Tokyo' }).format(date);
}

/** Text in both languages; for mail, an RFC 5322 message that `sendmail -t` takes. */
export function recoveryNotice({ address, reference, name, opened, until, mails, notify }: Notice): string {
  const text = [
    `${name} 様（番号 ${reference}）`,
    '',
    `${address} に届いた過去の保護されたメールを、新しい鍵で読めるようにする手続き（メールの復元）が、`,
    `${local(opened, 'ja')}に管理者2名の承認で始まりました。期限は${local(until, 'ja')}（日本時間）、上限は${mails}通です。`,
    '',
    'お心当たりがあるときは、何もする必要はありません。期限までに過去のメールを開くと読めるようになります。',
    'お心当たりがないときは、すぐに情報システムの担当部署へ電話または窓口でご連絡ください。手続きを直ちに止めます。',
    '',
    `To ${name} (number ${reference})`,
    '',
    `A recovery of old sealed mail to ${address} was opened on ${local(opened, 'en')} (Japan time),`,
    `approved by two administrators. It ends on ${local(until, 'en')} and covers at most ${mails} mails.`,
    '',
    'If you asked for this, there is nothing to do: old mail that you open until then becomes readable with your new key.',
    'If you did not, call your IT department or go there at once: it can be stopped immediately.',
    '',
  ].join('\n');
  if (notify === undefined) return text;
  const headers = [
    `To: ${notify}`, `Subject: ${encodeWords('過去のメールの復元が始まりました / Recovery of your old mail')}`, 'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64', 'Auto-Submitted: auto-generated',
  ];
  const body = Buffer.from(text, 'utf8').toString('base64').replace(/.{76}/g, '$&\n');
  return `${headers.join('\n')}\n\n${body}\n`;
}
