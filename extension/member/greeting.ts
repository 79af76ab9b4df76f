/** The name that a mail greets, and whether it is anybody's among those who get it. */

/** Lines at the top of a mail in which a greeting is looked for. */
const LINES = 6;
const EVERYBODY = /^(?:皆|みな|みんな|各位|御担当|ご担当|担当|関係|お客|利用|住民|市民|all|team|everyone|everybody|colleagues|sirs?|madam|folks|there|both)/iu;
/** An organisation or one of its parts rather than a person. */
const GROUP = /^.{3,}(?:所|社|会|課|部|局|室|係|店|院|校|署|庁|省|組合|法人|センター|御中)$/u;
const JAPANESE = /^(?:.*[\s　])??(?<name>[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]{1,8}(?:[ 　][\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]{1,8})?)[ 　]?(?:様|さま|さん|殿|先生)(?:へ)?[、，,。：:！!]?\s*$/u;
const ENGLISH = /^(?:dear|hi|hello|hey)\s+(?:(?:mr|ms|mrs|dr|prof)\.?\s+)?(?<name>[\p{L}][\p{L}'’-]+(?:\s[\p{L}][\p{L}'’-]+)?)\s*[,:!.–-]?\s*$/iu;
const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/**
 * The name in the greeting if it fits none of the recipients. Undefined where nobody is greeted by name, where it fits,
 * or where no recipient's name is known in that script.
 *
 * @param text the mail's own text, without quotations
 * @param names all names known of all recipients
 */
export function strangerGreeted(text: string, names: readonly string[]): string | undefined {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '').slice(0, LINES);
  for (const line of lines) {
    const greeted = (JAPANESE.exec(line) ?? ENGLISH.exec(line))?.groups?.name?.trim();
    if (greeted === undefined || EVERYBODY.test(greeted) || GROUP.test(greeted)) continue;
    const comparable = names.filter((name) => CJK.test(name) === CJK.test(greeted));
    if (comparable.length === 0) return undefined;
    if (!comparable.some((name) => fits(greeted, name))) return greeted;
  }
  return undefined;
}

/** 佐藤 fits 佐藤 花子 and 佐藤花子; Sato fits Hanako Sato. */
function fits(greeted: string, name: string): boolean {
  const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/[\s.,'’-]+/g, '');
  const whole = plain(name);
  return CJK.test(greeted)
    ? plain(greeted).length > 0 && (whole.startsWith(plain(greeted)) || words(greeted).some((word) => whole.startsWith(plain(word)) || whole.endsWith(plain(word))))
    : words(greeted).some((word) => words(name).some((other) => plain(other) === plain(word)));
}

function words(name: string): string[] {
  return name.normalize('NFKC').split(/[\s,]+/).filter((word) => word !== '');
}
