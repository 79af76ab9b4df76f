/** The verdict as one sentence, the same as the plugin's but for what only a command line meets: Japanese where LANG says so, else English. */
import type { Judgement, Person, State } from '../flow/open.ts';
import { printable } from '../mail/shown-text.ts';
import type { Mode } from '../wire/leg.ts';

export type Language = 'ja' | 'en';
type Words = Readonly<Record<Language, string>>;

/** By the locale that POSIX gives messages: LC_ALL, then LC_MESSAGES, then LANG. */
export function languageOf(environment: Readonly<Record<string, string | undefined>>): Language {
  const locale = [environment['LC_ALL'], environment['LC_MESSAGES'], environment['LANG']].find((value) => value !== undefined && value !== '');
  return locale?.startsWith('ja') === true ? 'ja' : 'en';
}

const STATES: Readonly<Record<State, Words>> = {
  'verified': { ja: '確認済み', en: 'verified' },
  'outside': { ja: 'SSMAXの外', en: 'outside SSMAX' },
  'problem': { ja: '問題あり', en: 'problem' },
  'cannot-check': { ja: 'いまは確認できません', en: 'cannot check now' },
};

const SENTENCES = {
  'verified': {
    ja: '{name}（{address}）からのメールです。{organisation}が本人であることを確認しました。',
    en: 'From {name} ({address}). {organisation} confirmed the sender.',
  },
  'pseudonym': {
    ja: '{name}（{address}）からのメールです。{organisation}が責任をもって確認した仮名です。',
    en: 'From {name} ({address}), a pseudonym that {organisation} vouches for.',
  },
  'own-copy': { ja: 'あなたが送ったメールです。', en: 'You sent this mail.' },
  'transit-1': {
    ja: '{name}（{address}、{organisation}）が署名したメールです。送信側の組織はまだ検査していません。',
    en: 'Signed by {name} ({address}) of {organisation}. On its way: no organisation has inspected it yet.',
  },
  'transit-2': {
    ja: '{name}（{address}）からのメールです。{organisation}が本人であることを確認しました。受信側の組織はまだ検査していません。',
    en: 'From {name} ({address}). {organisation} confirmed the sender. On its way: the receiving organisation has not inspected it yet.',
  },
  'outside': { ja: 'SSMAXの外から届いたメールです。差出人は確認されていません。', en: 'This mail came from outside SSMAX. Nobody has confirmed the sender.' },
  'delivery-report': { ja: '配送についての報告です。', en: 'This is a delivery report.' },
  'altered': {
    ja: '途中で書き換えられたおそれがあります。差出人に別の方法で確認してください。',
    en: 'This mail may have been altered on the way. Check with the sender another way.',
  },
  'impersonation-named': {
    ja: '{ja}を名乗っていますが、{ja}が確認したメールではありません。',
    en: 'This claims to be from {en}, but {en} did not confirm it.',
  },
  'impersonation': { ja: '差出人を偽ったおそれがあります。差出人に別の方法で確認してください。', en: 'The sender may be an impostor. Check with the sender another way.' },
  'not-addressed': { ja: 'このメールはあなた宛てに送られたものではありません。', en: 'This mail was not addressed to you.' },
  'wrong-leg': { ja: 'あなたの組織が検査していないメールです。管理者に知らせてください。', en: 'Your organisation has not checked this mail. Please tell your administrator.' },
  'certificate-revoked': {
    ja: '送信の時点で、署名した証明書は失効していました。差出人に別の方法で確認してください。',
    en: 'The certificate that signed this had been revoked by then. Check with the sender another way.',
  },
  'certificate-suspended': {
    ja: '送信の時点で、署名した証明書は一時停止されていました。差出人に別の方法で確認してください。',
    en: 'The certificate that signed this was suspended by then. Check with the sender another way.',
  },
  'certificate-expired': {
    ja: '送信の時点で、署名した証明書は期限切れでした。差出人に別の方法で確認してください。',
    en: 'The certificate that signed this had expired by then. Check with the sender another way.',
  },
  'key-missing': { ja: 'この鍵では、このメールを開けません。', en: 'This key does not open this mail.' },
  'clock-wrong': {
    ja: '署名の時刻が、判定する時刻より後です。時計、または --at の時刻を確かめてください。',
    en: 'It was signed after the time for which it is judged. Check the clock, or the time given with --at.',
  },
  'file-unreadable': { ja: 'ファイルを読めません。', en: 'The file cannot be read.' },
  'cannot-check': {
    ja: 'いまは確認できません（確認に必要な情報を取得できませんでした）。',
    en: 'It cannot be checked right now (the information needed is not at hand).',
  },
} as const satisfies Readonly<Record<string, Words>>;

type Key = keyof typeof SENTENCES;

export function stateWords(state: State, language: Language): string {
  return STATES[state][language];
}

/** One sentence: who, confirmed by whom, or what is wrong. */
export function sentenceOf({ state, code, leg, sender, params = {} }: Judgement, language: Language): string {
  const values = sender === undefined ? params : { name: sender.displayName, address: sender.address, organisation: sender.organisation.names[language] };
  return fill(SENTENCES[keyOf()][language], values);

  function keyOf(): Key {
    if (code === 'in-transit') return leg === 1 ? 'transit-1' : 'transit-2';
    if (code === 'verified' && sender?.pseudonym === true) return 'pseudonym';
    if (code === 'impersonation' && 'ja' in params) return 'impersonation-named';
    if (Object.hasOwn(SENTENCES, code)) return code as Key;
    return state === 'problem' ? 'altered' : 'cannot-check';
  }
}

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => printable(String(values[name] ?? '?')));
}

const INSPECTIONS: Readonly<Record<string, Words>> = {
  'outbound-passed': { ja: '情報漏えい検査ずみ', en: 'checked for leaks' },
  'outbound-tagged': { ja: '情報漏えい検査ずみ（注意あり）', en: 'checked for leaks, with a remark' },
  'outbound-not-inspected': { ja: '送信側の検査なし', en: 'not inspected on the sender’s side' },
  'inbound-passed': { ja: 'ウイルス検査ずみ', en: 'checked for malware' },
  'inbound-tagged': { ja: 'ウイルス検査ずみ（注意あり）', en: 'checked for malware, with a remark' },
  'inbound-not-inspected': { ja: '受信側の検査なし', en: 'not inspected on the receiving side' },
};

export function inspectionWords({ direction, result }: { readonly direction: string; readonly result: string }, language: Language): string {
  return INSPECTIONS[`${direction}-${result}`]?.[language] ?? `${direction} ${result}`;
}

const MODE_WORDS: Readonly<Record<Mode, Words>> = {
  'protect-all': { ja: 'メール全体を暗号化', en: 'all of the mail encrypted' },
  'attachments-only': { ja: '添付ファイルだけを暗号化（件名と本文は暗号化されていません）', en: 'only the attachments encrypted; subject and text were not' },
  'sign-only': { ja: '署名だけ（暗号化されていません）', en: 'signed only; nothing was encrypted' },
  'forward': { ja: '転送（件名と本文は暗号化されていません）', en: 'a forward; its own subject and text were not encrypted' },
};

/** What of a mail is encrypted; undefined where all is, as it should be. */
export function modeWords({ mode }: Judgement, language: Language): string | undefined {
  return mode === undefined || mode === 'protect-all' ? undefined : MODE_WORDS[mode][language];
}

/** One line for each forwarded part: who wrote it, who vouches for that, and who passed it on before this mail's sender. */
export function forwardedLines({ forwarded = [] }: Judgement, language: Language): string[] {
  const nameOf = ({ displayName, address, organisation }: Person): string => printable(`${displayName} (${address}, ${organisation.names[language]})`);
  return forwarded.map(({ kind, writer, forwarders, deliveredAt }, i) => {
    const what = language === 'ja' ? (kind === 'mail' ? 'メール' : '添付ファイル') : kind;
    const way = forwarders.map((one) => (language === 'ja' ? `、${nameOf(one)}が転送` : `, forwarded by ${nameOf(one)}`)).join('');
    return language === 'ja'
      ? `転送${i + 1}: ${nameOf(writer)}が書いた${what}、${deliveredAt.toISOString()}に配送${way}`
      : `forwarded ${i + 1}: ${what} written by ${nameOf(writer)}, delivered ${deliveredAt.toISOString()}${way}`;
  });
}
