/** The name that a mail greets, and whether it is anybody's among those who get it. */

/** Lines at the top of a mail in which a greeting is looked for. */
const LINES = 6;
const EVERYBODY = /^(?:皆|みな|みんな|各|御担当|ご担当|担当|ご?関係|お客|ご?利用|住民|市民|町民|村民|区民|県民|ご?家族|ご?遺族|保護者|会員|お?取引|株主|職員|社員|受講|ご?参加|ご?申請|申込|納税|世帯|ご?近隣|事務局|総務|人事|経理|広報|窓口|受付|ご?代表|係|施主|読者|(?:all|team|everyone|everybody|colleagues|sirs?|madam|folks|there|both|again|guys|friends?|members?|residents?|parents?|partners?|customers?|clients?|readers?|applicants?|students?|neighbou?rs?|citizens?|staff|sales|support|info|you)(?![\p{L}]))/iu;
/** What stands after a name and is none of it. */
const TITLE = /(?:事務局長|理事長|副?(?:部長|課長|係長|室長|所長|局長|市長|町長|村長|区長|知事|社長|会長|校長|園長|院長|署長|議長|委員長|団長|館長|センター長|支店長|店長|工場長)|専務|常務|取締役|主任|主査|主幹|参事|次長|課長補佐|教授|准教授|講師|先生|議員|委員|弁護士|税理士|博士|氏|[-‐\s]?(?:san|sama|sensei))$/iu;
const TEAM = /\b(?:team|all|colleagues|office|support|desk|department|staff)$/iu;
/** An organisation or one of its parts rather than a person. */
const GROUP = /^.{3,}(?:所|社|会|課|部|局|室|係|店|院|校|署|庁|省|組合|法人|センター|御中)$/u;
const JAPANESE = /^(?:.*[\s　])??(?<name>[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]{1,8}(?:[ 　][\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々]{1,8})?)[ 　]?(?:様|さま|さん|殿|先生)(?:へ)?[、，,。：:！!]?\s*$/u;
const ENGLISH = /^(?:dear|hi|hello|hey)\s+(?:(?:mr|ms|mrs|miss|mx|dr|prof|professor)\.?\s+)?(?<name>[\p{L}][\p{L}'’-]+(?:\s[\p{L}][\p{L}'’-]+)?)\s*[,:!.–-]?\s*$/iu;
const HAN = /\p{Script=Han}/u;
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
    const greeted = (JAPANESE.exec(line) ?? ENGLISH.exec(line))?.groups?.name?.replace(TITLE, '').trim();
    if (greeted === undefined || greeted === '' || EVERYBODY.test(greeted) || TEAM.test(greeted) || GROUP.test(greeted)) continue;
    const comparable = names.filter((name) => CJK.test(name) === CJK.test(greeted) && HAN.test(name) === HAN.test(greeted));
    if (comparable.length === 0) return undefined;
    if (!comparable.some((name) => fits(greeted, name))) return greeted;
  }
  return undefined;
}

/** 佐藤 fits 佐藤 花子, 佐藤花子 and 月見製作所 佐藤; so does 月見製作所佐藤. Sato fits Hanako Sato. */
function fits(greeted: string, name: string): boolean {
  if (!CJK.test(greeted)) return words(greeted).some((word) => words(name).includes(word));
  const starts = [words(name).join(''), ...words(name)];
  const whole = words(greeted).join('');
  return [whole, ...words(greeted)].some((word) => starts.some((start) => start.startsWith(word) || start.endsWith(word)))
    // The organisation's name stands before the person's, and nothing between.
    || starts.some((start) => lengths(whole).some((length) => start.startsWith(whole.slice(-length))));
}

/** Of family names that can stand after something else: a single character says too little. */
function lengths(text: string): number[] {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => i + 2);
}

/** Characters in which families write the same name. */
const VARIANTS: Readonly<Record<string, string>> = {
  髙: '高', 﨑: '崎', 嵜: '崎', 齋: '斎', 齊: '斎', 斉: '斎', 邊: '辺', 邉: '辺', 澤: '沢', 濱: '浜', 廣: '広', 國: '国', 嶋: '島', 嶌: '島', 櫻: '桜', 眞: '真', 惠: '恵', 德: '徳', 瀨: '瀬', 𠮷: '吉', 冨: '富', 龍: '竜', 龜: '亀', 壽: '寿', 榮: '栄',
};

/** The words of a name, as they are compared. */
function words(name: string): string[] {
  const plain = [...name.normalize('NFKC').toLowerCase()].map((character) => VARIANTS[character] ?? character).join('');
  return plain.split(/[\s,，、/／・@()（）【】［］[\]|｜]+/u).map((word) => word.replace(/[.'’-]+/g, '')).filter((word) => word !== '');
}
