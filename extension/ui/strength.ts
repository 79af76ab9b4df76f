/** How well a passphrase protects a file that anybody may copy and try at leisure. */

export type Strength = 'weak' | 'fair' | 'strong';

/** Bits below which a passphrase is refused, and from which on it is called strong: PBKDF2 adds about 20 to each. */
const FAIR = 45;
const STRONG = 70;
const COMMON = /passw|ssmax|qwert|asdf|1234|abcd|letmein|welcome|admin|あいうえお|ぱすわーど|パスワード/gi;

/**
 * A cautious guess from length and kinds of characters. Repeated, neighbouring and well-known parts count once, as do
 * `known` words such as the own address.
 */
export function strengthOf(passphrase: string, known: readonly string[] = []): Strength {
  let text = passphrase.normalize('NFC').replace(COMMON, '*');
  for (const word of known) if (word.length > 2) text = text.replaceAll(word, '*');
  let bits = 0;
  let before = -10;
  const seen = new Map<string, number>();
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const times = seen.get(character) ?? 0;
    seen.set(character, times + 1);
    // What follows from the character before it adds next to nothing.
    bits += Math.abs(code - before) <= 1 ? 0.5 : perCharacter(character) / (1 + times / 2);
    before = code;
  }
  if (bits < FAIR) return 'weak';
  return bits < STRONG ? 'fair' : 'strong';
}

function perCharacter(character: string): number {
  if (/[0-9]/.test(character)) return 3.3;
  if (/[a-z]/i.test(character)) return 4;
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(character)) return 5;
  if (/\p{Script=Han}/u.test(character)) return 7;
  return 4.5;
}
