/**
 * Whether a text says that its writer attaches something. Asking for an attachment, thanking for one or speaking of an earlier one
 * is none: whoever is asked about ordinary mails clicks the question away.
 */

const THING = '(?:の)?[^\\s。、]{0,12}?';
const JAPANESE = new RegExp([
  // 添付します・いたしました・しております・させていただきます
  '(?:添付|同封|別添)(?:いた|致)?し(?:ます|ました|ましたので|て(?:います|おります|おきます|あります|お送り|送))',
  '(?:添付|同封|別添)(?:して|に?て|し|の(?:うえ|上)、?)?(?:お送り|送付|送信)(?:し|いた|致)',
  '(?:添付|同封|別添)させて(?:いただ|頂)',
  // 添付のとおり、添付の資料をご確認ください
  `(?:添付|別添)${THING}(?:のとおり|の通り)`,
  `(?:添付|同封|別添)${THING}(?:を|に?て|も|につき|について)?[ごお御](?:確認|覧|査収|参照|検収|受け?取り|納め)(?:ください|下さい|くだされば|願|の(?:うえ|上|ほど|程)|をお?願|いただけ|いただきたく|いただきます|頂け)`,
  `(?:添付|別添)${THING}を(?:お送り|送付|送信|送り)(?:し|いた|致|ます)`,
].join('|'), 'u');

const ENGLISH = new RegExp([
  '\\battached (?:is|are|please|herewith|you(?:[\'’]ll| will)|the|a|an|my|our|to this|for your|below)\\b',
  '\\b(?:is|are|find|have|see|i|we|i[\'’]ve|we[\'’]ve|with) (?:\\w+ ){0,4}?attached\\b', '\\battaching\\b',
  '\\b(?:see|open|review|check|find|read|in|with) (?:\\w+ ){0,2}?attachments?\\b', '\\benclosed\\b',
].join('|'), 'iu');
/** What others attached, or are to attach. */
const OTHERS = /\b(?:you|he|she|they)(?:[’']ve| have)?(?: \w+)? attached\b|\battach(?:ed|ments?)(?: \w+)? (?:you|that you|from you|to your|in your|from your)\b|\byour (?:\w+ )?attachments?\b|\b(?:no|without)(?: an| any)? attachments?\b/giu;

export function claimsAttachment(text: string): boolean {
  return JAPANESE.test(text) || ENGLISH.test(text.replace(OTHERS, ''));
}
