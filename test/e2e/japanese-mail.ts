/** A mail as Japanese programs write it, for a seal: old charsets, half-width kana, encoded names, an invitation, an attached mail. */
import { concat, utf8, type Bytes } from '../../src/core/bytes.ts';

const latin1 = (text: string): Bytes => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

export const INVITATION = [
  'BEGIN:VCALENDAR', 'VERSION:2.0', 'METHOD:REQUEST', 'BEGIN:VEVENT', 'UID:1', 'SUMMARY:来年度予算の打ち合わせ', 'DTSTART;TZID=Asia/Tokyo:20261125T100000', 'DTEND;TZID=Asia/Tokyo:20261125T113000',
  'LOCATION:本庁舎 三階 会議室A', 'ORGANIZER;CN="山田 太郎":mailto:taro@hinode.example', 'ATTENDEE;CN="佐藤 花子":mailto:hanako@tsukimi.example', 'DESCRIPTION:資料は当日配ります。', 'END:VEVENT', 'END:VCALENDAR', '',
].join('\r\n');

/** 見積書の件, body ISO-2022-JP with half-width kana, files named and written in Shift_JIS and EUC-JP. */
export function japaneseMail(from: string, to: string, subject: string): Bytes {
  const part = (head: readonly string[], body: Uint8Array): Uint8Array[] => [utf8(`\r\n--b\r\n${head.join('\r\n')}\r\n\r\n`), body];
  return concat(
    utf8([
      `From: =?ISO-2022-JP?B?GyRCOzNFRBsoQiAbJEJCQE86GyhC?= <${from}>`, `To: ${to}`, `Subject: ${subject}`, `Date: ${new Date().toUTCString()}`, 'MIME-Version: 1.0',
      'Content-Transfer-Encoding: binary', 'Content-Type: multipart/mixed; hp="cipher"; boundary=b', '',
    ].join('\r\n')),
    ...part(['Content-Type: text/plain; charset=ISO-2022-JP', 'Content-Transfer-Encoding: 7bit'], latin1('\x1b$B8+@Q=q$r$*Aw$j$7$^$9!#\x1b(B (\x1b(I6@6E\x1b(B)\r\n')),
    ...part(["Content-Type: text/csv; charset=Shift_JIS", "Content-Disposition: attachment; filename*=Shift_JIS'ja'%8C%A9%90%CF%8F%91.csv", 'Content-Transfer-Encoding: binary'], latin1('\x8c\xa9\x90\xcf\x8f\x91,1000\r\n')),
    ...part(["Content-Type: text/plain", "Content-Disposition: attachment; filename*0*=utf-8''%E5%86%85; filename*1*=%E8%A8%B3; filename*2=.txt", 'Content-Transfer-Encoding: binary'], latin1('\xc6\xe2\xcc\xf5\x8e\xb6\x8e\xc0\r\n')),
    ...part(['Content-Type: text/calendar; method=REQUEST; charset=utf-8', 'Content-Transfer-Encoding: binary'], utf8(INVITATION)),
    ...part(['Content-Type: message/rfc822', 'Content-Disposition: attachment; filename="original.eml"', 'Content-Transfer-Encoding: binary'], latin1([
      'From: =?Shift_JIS?B?k2OShojqmFk=?= <ichiro@elsewhere.example>', 'To: taro@hinode.example', 'Subject: =?EUC-JP?B?uKvA0b3x?=', 'MIME-Version: 1.0', 'Content-Type: text/html; charset=Shift_JIS', 'Content-Transfer-Encoding: 8bit', '',
      '<p style="color: red">\x8c\xa9\x90\xcf\x8f\x91</p><img src="https://127.0.0.1/x.png"><script>1</script><a href="https://evil.example/">x</a>', '',
    ].join('\r\n'))),
    utf8('\r\n--b--\r\n'),
  );
}
