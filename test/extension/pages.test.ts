// @vitest-environment jsdom
import { h, render } from 'preact';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConsentHost, EnrolmentHost, IdentityView, OptionsHost, OptionsView, Reported, SendingView } from '../../extension/host.ts';
import { Contact } from '../../extension/ui/contact.tsx';
import { Attachment } from '../../extension/ui/attachment.tsx';
import { ConsentSwitches } from '../../extension/ui/consent.tsx';
import { Details } from '../../extension/ui/details.tsx';
import { Enrolment } from '../../extension/ui/enrolment.tsx';
import { NotSent } from '../../extension/ui/not-sent.tsx';
import { Options } from '../../extension/ui/options.tsx';
import { Sending } from '../../extension/ui/sending.tsx';
import { type Reason, reasonOf } from '../../extension/ui/reasons.ts';
import { Unlock } from '../../extension/ui/unlock.tsx';
import { Waiting } from '../../extension/ui/waiting.tsx';
import { refused } from '../../src/core/error.ts';
import { eventually } from '../eventually.ts';
import { wordsOf } from './words.ts';

const words = wordsOf('ja');
const IDENTITY: IdentityView = { address: 'taro@hinode.example', name: '山田 太郎', organisation: { ja: '日之出市役所', en: 'Hinode City Office' }, until: new Date('2027-05-23'), locked: false, fingerprint: 'ABCD' };

const unexpected = (): never => {
  throw new Error('not expected');
};

function host(changes: Partial<EnrolmentHost> = {}): EnrolmentHost {
  return {
    addresses: () => Promise.resolve(['taro@hinode.example']), identities: () => Promise.resolve([]), configured: () => Promise.resolve(true), managedCode: () => Promise.resolve(undefined),
    configure: unexpected, enrol: unexpected, saveBackup: unexpected, importBackup: unexpected, lockRequired: () => Promise.resolve(false), backupPolicy: () => Promise.resolve('allowed'), unprotected: () => Promise.resolve([]), lockKey: unexpected, onChange: () => undefined, close: unexpected, ...changes,
  };
}

/** Waits for an element, with this text in it if given. */
async function see(selector: string, text = ''): Promise<HTMLElement> {
  return eventually(`${selector} ${text}`, () => {
    const found = document.querySelector<HTMLElement>(selector);
    if (found === null || !found.textContent.includes(text)) throw new Error(`not in ${document.body.innerHTML}`);
    return found;
  }, 5);
}

function show(changes: Partial<EnrolmentHost> = {}): void {
  render(h(Enrolment, { host: host(changes), words }), document.body);
}

async function submit(): Promise<void> {
  const code = await see('#code') as HTMLInputElement;
  code.value = 'ABCD-1234';
  code.dispatchEvent(new Event('input', { bubbles: true }));
  await eventually('the code to be taken', () => expect((document.querySelector('#code') as HTMLInputElement).value).toBe('ABCD-1234'));
  (await see('form')).dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
}

beforeEach(() => render(null, document.body));

describe('the enrolment page', () => {
  it('says whom to ask, once, beside a refusal too, where the organisation said it', async () => {
    const named = h(Enrolment, { host: host({ enrol: () => Promise.reject(refused('code-wrong')) }), words });
    const asking = (): string[] => [...document.querySelectorAll('.contact')].map((one) => one.textContent);
    render(h(Contact.Provider, { value: undefined, children: named }), document.body);
    await see('#code');
    expect(asking()).toEqual([]);
    render(h(Contact.Provider, { value: '情報システム課 **内線** 1234', children: named }), document.body); // it becomes known while the page is there
    await see('.contact', 'お問い合わせ：情報システム課 **内線** 1234');
    await submit();
    await see('.notice.problem .contact');
    expect(asking()).toEqual(['お問い合わせ：情報システム課 **内線** 1234']);
  });

  it('shows the account’s address and three sentences', async () => {
    show();
    await see('#address', 'taro@hinode.example');
    expect(document.querySelectorAll('.promises li')).toHaveLength(3);
  });

  it('enrols and says when it is ready', async () => {
    const asked: unknown[][] = [];
    show({ enrol: (...args) => { asked.push(args); return Promise.resolve({ ...IDENTITY, backup: false }); } });
    await submit();
    await see('.notice.verified', '山田 太郎（taro@hinode.example）の証明書を日之出市役所から受け取りました。');
    expect(asked).toEqual([['taro@hinode.example', 'ABCD-1234', false]]);
  });

  it('asks for the passphrase before anything else where the member wants one', async () => {
    const asked: unknown[][] = [];
    show({ enrol: (...args) => { asked.push(args); return Promise.resolve({ ...IDENTITY, backup: true }); } });
    (await see('#lock-key')).click();
    await submit();
    await see('#lock-passphrase');
    await see('main', '合い言葉を設定するまで、この画面を閉じないでください。');
    expect(document.querySelector('.notice.verified, #save-backup')).toBeNull();
    await see('form', '合い言葉を忘れると、この鍵は使えなくなります。');
    expect(asked).toEqual([['taro@hinode.example', 'ABCD-1234', true]]);
  });

  it('has the backup before the way out, which is no Return away until the backup is saved', async () => {
    let closed = 0;
    show({ enrol: () => Promise.resolve({ ...IDENTITY, backup: true }), saveBackup: () => Promise.resolve('ssmax.p12'), close: () => { closed++; } });
    await submit();
    const close = await see('#close-enrolment', '控えを作らずに閉じる');
    expect([close.classList.contains('primary'), document.activeElement === close]).toEqual([false, false]);
    expect((await see('#save-backup')).compareDocumentPosition(close) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
    for (const id of ['#passphrase', '#again']) {
      const field = await see(id) as HTMLInputElement;
      field.value = '月夜に 三羽の 兎 はねた';
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }
    await eventually('the button', () => expect((document.querySelector('#save-backup') as HTMLButtonElement).disabled).toBe(false));
    (await see('form.backup')).dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    const done = await see('#close-enrolment', '閉じる');
    await eventually('the way out', () => expect([done.textContent, document.querySelector('#close-enrolment.primary') === document.activeElement]).toEqual(['閉じる', true]));
    done.click();
    expect(closed).toBe(1);
  });

  it('makes no backup where the organisation forbids it, and has no way out before there is one where it is required', async () => {
    show({ enrol: () => Promise.resolve({ ...IDENTITY, backup: true }), backupPolicy: () => Promise.resolve('forbidden') });
    await submit();
    await see('#close-enrolment', '閉じる');
    await see('main', '組織の決まりにより、鍵の控えは作りません。');
    expect(document.querySelector('#save-backup')).toBeNull();
    render(null, document.body);
    show({ enrol: () => Promise.resolve({ ...IDENTITY, backup: true }), backupPolicy: () => Promise.resolve('required') });
    await submit();
    await see('#save-backup');
    await see('main', '保存するまで、このアドレスからは送信できません。');
    await see('.notice.cannot-check', 'あと一つで準備ができます');
    expect(document.body.textContent).not.toContain('いつもどおりにメールを書いて送れます');
    expect(document.querySelector('#close-enrolment')).toBeNull();
  });

  it('says why not, and lets the member try again', async () => {
    show({ enrol: () => Promise.reject(refused('enrolment-refused')) });
    await submit();
    await see('.notice.problem', '登録コード');
    await see('[role="alert"]', 'SSMAX-enrolment-refused');
    expect((await see('#enrol') as HTMLButtonElement).disabled).toBe(false);
    const code = await see('#code');
    expect([document.activeElement, code.getAttribute('aria-invalid'), document.getElementById(code.getAttribute('aria-describedby')?.split(' ')[0] ?? '')?.textContent]).toEqual([code, 'true', expect.stringContaining('SSMAX-enrolment-refused')]);
  });

  it('offers the accounts to choose from, not yet enrolled ones first', async () => {
    show({ addresses: () => Promise.resolve(['taro@hinode.example', 'desk@hinode.example']), identities: () => Promise.resolve([IDENTITY]) });
    await eventually('the choice', () => expect((document.querySelector('#address') as HTMLSelectElement).value).toBe('desk@hinode.example'));
  });

  it('follows what another page enrols: that address is offered no more, and what was typed stays', async () => {
    const keys: IdentityView[] = [];
    let changed = (): void => undefined;
    show({ addresses: () => Promise.resolve(['taro@hinode.example', 'desk@hinode.example']), identities: () => Promise.resolve([...keys]), onChange: (listener) => { changed = listener; } });
    const code = await see('#code') as HTMLInputElement;
    code.value = 'ABCD';
    code.dispatchEvent(new Event('input', { bubbles: true }));
    const address = (): string => (document.querySelector('#address') as HTMLSelectElement).value;
    expect(address()).toBe('taro@hinode.example');
    keys.push(IDENTITY);
    changed();
    await see('form p.faint', 'taro@hinode.example');
    await eventually('the other address', () => expect(address()).toBe('desk@hinode.example'));
    expect((document.querySelector('#code') as HTMLInputElement).value).toBe('ABCD');
    keys.push({ ...IDENTITY, address: 'other@hinode.example' });
    changed();
    await see('form p.faint', 'other@hinode.example');
    expect(address()).toBe('desk@hinode.example');
  });

  it('asks for no code where one came by policy, until that is refused', async () => {
    const asked: string[] = [];
    show({ managedCode: () => Promise.resolve('POLICY-1'), enrol: (_, code) => { asked.push(code); return Promise.reject(refused('enrolment-refused')); } });
    const button = await see('#enrol');
    expect(document.querySelector('#code')).toBeNull();
    button.click();
    await see('#code');
    expect(asked).toEqual(['POLICY-1']);
  });

  it('asks for the organisation where no policy says it', async () => {
    show({ configured: () => Promise.resolve(false) });
    await see('#url');
    expect(document.querySelector('#code')).toBeNull();
  });
});

describe('the window before sending', () => {
  it('keeps the keyboard from step to step, and Escape goes back wherever that is', async () => {
    let view: SendingView = { subject: '件名', stage: 'confirm', risks: { recipients: [], mail: [{ kind: 'no-attachment' }] } };
    const decided: boolean[] = [];
    render(h(Sending, { host: { sending: () => Promise.resolve(view), decide: (go) => decided.push(go) }, words }), document.body);
    await see('form #back');
    expect(document.activeElement?.id).toBe('back');
    view = { subject: '件名', stage: 'delay', until: Date.now() + 60_000 };
    await see('section #back');
    expect(document.activeElement?.id).toBe('back');
    (document.activeElement as HTMLElement).blur();
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    expect(decided).toEqual([false]);
  });
});

describe('inspection at a provider', () => {
  const consenting = (changes: Partial<ConsentHost> = {}): ConsentHost => ({
    individuals: () => Promise.resolve(['aoi@nagisa.example']), consent: () => Promise.resolve({ outbound: false, inbound: true }),
    changeConsent: () => Promise.reject(refused('consent-superseded')), ...changes,
  });
  const box = (name: string): HTMLInputElement => document.querySelector(`input[name=${name}]`) as HTMLInputElement;

  it('shows what holds, and after a click what the provider took', async () => {
    const asked: unknown[] = [];
    render(h(ConsentSwitches, { words, host: consenting({ changeConsent: (...args) => { asked.push(args); return Promise.resolve({ outbound: true, inbound: true }); } }) }), document.body);
    await eventually('what holds', () => expect([box('inbound').checked, box('outbound').checked, box('outbound').matches(':disabled')]).toEqual([true, false, false]));
    box('outbound').click();
    await see('[role="status"]', '変更しました');
    expect([box('outbound').checked, asked]).toEqual([true, [['aoi@nagisa.example', { outbound: true }]]]);
  });

  it('says why not, and goes on showing what holds', async () => {
    render(h(ConsentSwitches, { words, host: consenting() }), document.body);
    await eventually('what holds', () => expect(box('inbound').matches(':disabled')).toBe(false));
    box('inbound').click();
    await see('[role="status"]', '別のパソコン');
    expect(box('inbound').checked).toBe(true);
  });

  it('shows nothing to members of an organisation', async () => {
    render(h(ConsentSwitches, { words, host: consenting({ individuals: () => Promise.resolve([]) }) }), document.body);
    expect(document.querySelector('section')).toBeNull();
  });
});

describe('reporting a mail', () => {
  it('says what happens next, sends what was said and nothing more, and explains a refusal', async () => {
    const asked: unknown[] = [];
    const view = { about: [], state: 'verified' as const, heading: 'x', sentence: [], notes: [], enrol: false, actions: ['report' as const], copies: true, sealedNames: [], groups: [] };
    const report = (complaint: unknown): Promise<Reported> => {
      asked.push(complaint);
      return Promise.resolve(asked.length === 1 ? { reason: reasonOf(words, 'evidence-erased') } : { done: { report: 'R-1', known: false } });
    };
    render(h(Details, { host: { details: () => Promise.resolve(view), openEnrolment: () => undefined, report, forward: unexpected, saveCopy: unexpected }, words }), document.body);
    (await see('#report')).click();
    await see('form.report', '送信者が調べられます');
    (await see('#send-report')).click();
    await see('[role="alert"]', '組織の担当者に、直接知らせてください');
    (await see('#send-report')).click();
    await see('#reported', 'R-1');
    expect(asked).toEqual([1, 2].map(() => ({ category: 'fraud', disclose: { reporter: false, comment: false } })));
  });
});

describe('a report whose organisation fixed whether it names its reporter', () => {
  it.each([true, false])('says so, and is not for him to change: %s', async (named) => {
    const view = { about: [], state: 'verified' as const, heading: 'x', sentence: [], notes: [], enrol: false, actions: ['report' as const], copies: true, sealedNames: [], groups: [], reportsNameMember: named };
    render(h(Details, { host: { details: () => Promise.resolve(view), openEnrolment: () => undefined, report: unexpected, forward: unexpected, saveCopy: unexpected }, words }), document.body);
    (await see('#report')).click();
    await see('form.report', '組織が決めています');
    const { checked, disabled } = document.querySelector('#disclose') as HTMLInputElement;
    expect([checked, disabled]).toEqual([named, true]);
  });
});

describe('passing a mail on unopened', () => {
  it('lets choose sealed attachments, and explains a refusal', async () => {
    const asked: unknown[] = [];
    const view = { about: [['件名', '見積書'] as const], state: 'verified' as const, heading: 'x', sentence: [], notes: [], enrol: false, actions: ['forward' as const], copies: true, sealedNames: ['甲.pdf', '乙.pdf'], groups: [] };
    const forward = (parts: unknown): Promise<Reason> => {
      asked.push(parts);
      return Promise.resolve(reasonOf(words, 'not-forwardable'));
    };
    render(h(Details, { host: { details: () => Promise.resolve(view), openEnrolment: () => undefined, report: unexpected, forward, saveCopy: unexpected }, words }), document.body);
    (await see('#forward')).click();
    await see('main dd', '見積書'); // which mail
    await see('form.forward', '暗号化されません');
    (await see('#write-forward')).click();
    await see('[role="alert"]', '通常の転送をお使いください');
    (document.querySelector('input[name=part0]') as HTMLInputElement).click();
    await eventually('the choice to be taken', () => expect((document.querySelector('input[name=part0]') as HTMLInputElement).checked).toBe(false));
    (await see('#write-forward')).click();
    await eventually('the second answer', () => expect(asked).toEqual([undefined, [1]]));
  });
});

describe('the settings page', () => {
  const VIEW: OptionsView = { identities: [], server: undefined, managed: false, fingerprint: undefined, backups: true, lists: true, listsForbidden: false, listTags: { on: false, permitted: false, fixed: false }, sendDelay: 0, sendDelayFixed: false, hideSubject: false, hideSubjectFixed: false, sealedDrafts: true, sealedDraftsFixed: false, shortcut: 'Ctrl+Shift+H' };
  const page = (view: OptionsView, chosen: object[]): void => {
    let now = view;
    const setWriting: OptionsHost['setWriting'] = (choice) => { chosen.push(choice); now = { ...now, ...choice }; return Promise.resolve(); };
    const settings: OptionsHost = {
      options: () => Promise.resolve(now), setWriting, individuals: () => Promise.resolve([]), consent: unexpected, changeConsent: unexpected, diagnose: unexpected, saveReport: unexpected, remove: () => Promise.resolve(false),
      openSearch: unexpected, allowLists: unexpected, setSendDelay: unexpected, switchListTags: unexpected, openEnrolment: unexpected,
    };
    render(h(Options, { host: settings, words }), document.body);
  };

  it.each([['#hide-subject', { hideSubject: true }], ['#sealed-drafts', { sealedDrafts: false }]])('switches %s for all mails', async (selector, expected) => {
    const chosen: object[] = [];
    page(VIEW, chosen);
    const before = (await see(selector) as HTMLInputElement).checked;
    (await see(selector)).click();
    await eventually('the switch to have turned', () => expect((document.querySelector(selector) as HTMLInputElement).checked).toBe(!before));
    expect(chosen).toEqual([expected]);
  });

  it('offers no reading of the address book where the organisation does not want lists', async () => {
    page({ ...VIEW, lists: false, listsForbidden: true }, []);
    await see('.group', '');
    await eventually('the sentence', () => expect(document.body.textContent).toContain('リストは宛先にできません'));
    expect(document.querySelector('#allow')).toBeNull();
  });

  it('says why an add-on that the organisation installed is not removed', async () => {
    page(VIEW, []);
    (await see('#remove')).click();
    await see('[role=alert]', 'SSMAXは組織が入れたものなので、ここでは削除できません。');
  });

  it('says how to come to a backup where there is none, unless the organisation forbids them', async () => {
    page({ ...VIEW, identities: [IDENTITY] }, []);
    await see('dd', '担当者から新しい登録コードを受け取り、登録し直してください。');
    render(null, document.body);
    page({ ...VIEW, identities: [IDENTITY], backups: false }, []);
    expect((await see('dd', '鍵の控え：ありません')).textContent).not.toContain('登録し直して');
  });

  it('shows what the organisation has fixed, and does not let it be switched', async () => {
    page({ ...VIEW, hideSubject: true, hideSubjectFixed: true, sealedDraftsFixed: true }, []);
    const [hide, drafts] = [await see('#hide-subject') as HTMLInputElement, await see('#sealed-drafts') as HTMLInputElement];
    expect([hide.checked, hide.disabled, drafts.checked, drafts.disabled]).toEqual([true, true, true, true]);
    await see('#hide-subject-text', '組織が決めています');
  });
});

describe('mails that waited too long', () => {
  it('are opened one by one, and it is said why one is not', async () => {
    const asked: number[] = [];
    const mails = [{ id: 1, subject: '見積書', recipients: ['yuki@hinode.example'], sealedAt: Date.UTC(2026, 10, 1) }, { id: 2, subject: '', recipients: [], sealedAt: Date.UTC(2026, 10, 2) }];
    const reason = reasonOf(words, 'mail-not-reopened');
    render(h(Waiting, { words, host: { mails, again: (id) => { asked.push(id); return Promise.resolve(id === 2 ? reason : undefined); }, close: unexpected } }), document.body);
    await see('main', '送信待ちのまま5日を過ぎた');
    (await see('li button')).click();
    await see('li button[disabled]', '開きました');
    document.querySelectorAll<HTMLElement>('li button')[1]?.click();
    await see('[role=alert] p', reason.why);
    expect(asked).toEqual([1, 2]);
  });
});

describe('the other pages', () => {
  it('give the keyboard back after a wrong passphrase, and lead to enrolment where it is forgotten', async () => {
    let opened = 0;
    render(h(Unlock, { words, host: { unlock: () => Promise.resolve(reasonOf(words, 'key-passphrase')), openEnrolment: () => { opened++; }, close: unexpected } }), document.body);
    const field = await see('#passphrase') as HTMLInputElement;
    expect(document.querySelector('#enrol')).toBeNull();
    field.value = 'x';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    (await see('form')).dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await see('[role=alert]', '合い言葉が違います。');
    await eventually('the keyboard', () => expect([document.activeElement, field.getAttribute('aria-invalid')]).toEqual([field, 'true']));
    (await see('#enrol')).click();
    expect(opened).toBe(1);
  });

  it('say that an attachment was not saved', async () => {
    const view = { name: 'a.bin', type: 'application/octet-stream', bytes: new Uint8Array(1), copies: true, sender: 'x', organisation: 'y' };
    render(h(Attachment, { words, host: { attachment: () => Promise.resolve(view), save: () => Promise.reject(new Error('full')) } }), document.body);
    await see('main', '保存してから開いてください。');
    (await see('#save')).click();
    await see('[role=alert]', '保存できませんでした');
  });

  it('say that a saved attachment does not open, where there is no program for it', async () => {
    const view = { name: '資料.xyz', type: 'application/octet-stream', bytes: new Uint8Array(3), copies: true, sender: '山田 太郎', organisation: '日之出市役所' };
    render(h(Attachment, { words, host: { attachment: () => Promise.resolve(view), save: () => Promise.resolve({ open: () => Promise.reject(new Error('none')) }) } }), document.body);
    (await see('#save')).click();
    (await see('#open')).click();
    await see('[role=alert]', '開けませんでした。');
  });

  it('say why a mail was not sent, and what can be done', async () => {
    const view = { failed: 'sending' as const, subject: '秘密の件', reason: { why: 'なぜ', fix: 'こうする', code: 'keyword' }, remedy: 'enrol' as const };
    render(h(NotSent, { host: { view, close: () => undefined, openEnrolment: () => undefined, openOptions: () => undefined, openUnlock: () => undefined, split: () => undefined }, words }), document.body);
    await see('main', '送信していません');
    await see('main', 'こうする');
    expect(document.querySelectorAll('button')).toHaveLength(2);
  });

  it('show names from a mail as text', async () => {
    const view = { about: [], state: 'verified' as const, heading: 'x', sentence: [{ text: '<img src=x onerror=alert(1)>', strong: true }], notes: [], enrol: false, actions: [], copies: true, sealedNames: [], groups: [{ title: 't', rows: [['a', '<b>x</b>'] as const] }] };
    render(h(Details, { host: { details: () => Promise.resolve(view), openEnrolment: () => undefined, report: unexpected, forward: unexpected, saveCopy: unexpected }, words }), document.body);
    await see('dd', '<b>x</b>');
    expect(document.querySelector('img, b')).toBeNull();
  });
});
