// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import type { Reading } from '../../extension/member/read.ts';
import { showable } from '../../extension/member/reading-content.ts';
import { viewOf } from '../../extension/ui/verdict.ts';
import { thunderbird } from './fake-thunderbird.ts';
import { wordsOf } from './words.ts';

vi.mock('webextension-polyfill', () => ({ default: thunderbird.api }));
const { paneOf, picturesOf } = await import('../../extension/thunderbird/pane-view.ts');

const reading: Reading = {
  judgement: {
    state: 'verified', code: 'verified', content: 'opened', organisations: [],
    sender: { address: 'taro@hinode.example', displayName: '山田 太郎', pseudonym: false, organisation: { id: 'h', names: { ja: '日之出市役所', en: 'Hinode City Office' } } },
  },
  notes: { firstFromOrganisation: false }, forwarded: [], files: [], marked: true, idle: false,
  content: { html: '<p>x</p><img src="https://pictures.example/a.png"><img src="https://pictures.example/b.png"><img src="http://plain.example/c.png">', images: [], attachments: [] },
};
const shown = { reading, view: viewOf(wordsOf('ja'), reading) };

describe('pictures from outside', () => {
  it('are named by their servers and left out until they are asked for', () => {
    const { replacement } = paneOf(shown, true);
    expect(replacement?.pictures?.text).toContain('（pictures.example）');
    expect(replacement?.pictures?.show).toBe('外部の画像を表示');
    expect(JSON.stringify(replacement?.body)).not.toContain('src=');
    expect(JSON.stringify(picturesOf(shown)?.bodies)).toMatch(/pictures\.example\/a\.png.*pictures\.example\/b\.png/);
    expect(JSON.stringify(picturesOf(shown)?.bodies)).not.toContain('plain.example');
  });

  it('cannot be asked for where the organisation forbids them', () => {
    expect(paneOf(shown, false).replacement?.pictures).toEqual({ text: '外部のサーバに置かれた画像は、組織の決まりにより表示しません。' });
  });

  it('are not offered on a mail that is not believed', () => {
    const doubted = { reading, view: { ...shown.view, trusted: false } };
    expect(paneOf(doubted, true).replacement?.pictures).toBeUndefined();
    expect(picturesOf(doubted)).toBeUndefined();
  });
});

describe('of a mail that is not opened', () => {
  const { content: _, ...bare } = reading;
  const of = (state: 'cannot-check' | 'problem', code: string): ReturnType<typeof paneOf> => {
    const unopened: Reading = { ...bare, judgement: { state, code, content: 'not-opened', organisations: [] } };
    return paneOf({ reading: unopened, view: viewOf(wordsOf('ja'), unopened) }, true);
  };

  it('no notice asks for another program while this one lacks the key', () => {
    expect(of('cannot-check', 'key-missing').replacement).toMatchObject({ links: false, attachments: [] });
    expect(of('cannot-check', 'key-missing').replacement?.body).toBeUndefined();
  });

  it('one with a problem says whom to ask, where the organisation said it', () => {
    const notes = (state: 'cannot-check' | 'problem', contact?: string): readonly string[] => {
      const unopened: Reading = { ...bare, judgement: { state, code: 'key-missing', content: 'not-opened', organisations: [] } };
      return paneOf({ reading: unopened, view: viewOf(wordsOf('ja'), unopened) }, true, true, contact).banner.notes;
    };
    expect(notes('problem', '情報システム課')).toContain('お問い合わせ：情報システム課');
    expect([...notes('problem'), ...notes('cannot-check', '情報システム課')].join()).not.toContain('お問い合わせ');
  });

  it('the text of one with a problem may be read', () => {
    expect(of('problem', 'signature-invalid').replacement?.body).toBe('own-text');
  });
});

it('what saving an attachment means stands below those that can be saved', () => {
  const one: Reading = { ...reading, files: [{ name: 'a.txt', type: 'text/plain', bytes: new Uint8Array(3) }] };
  const of = (copies: boolean): string | undefined => paneOf({ reading: one, view: viewOf(wordsOf('ja'), one) }, true, copies).replacement?.saveWarning;
  expect([of(true), of(false)]).toEqual(['保存したファイルはSSMAXでは保護されません。要らなくなったら消してください。', undefined]);
});

describe('a text that is too long to be shown', () => {
  const person = { address: 'hanako@tsukimi.example', displayName: '佐藤 花子', pseudonym: false, organisation: { id: 't', names: { ja: '月見製作所', en: 'Tsukimi Works' } } };
  const long = `<img src="cid:a">${'<p>長い</p>'.repeat(300_000)}`;
  const images = [{ name: 'a.png', type: 'image/png', contentId: 'a', bytes: new Uint8Array(3) }];
  const file = { name: '資料.xlsx', type: 'application/octet-stream', bytes: new Uint8Array(1) };
  const shownOf = (html: string) => showable({
    content: { html, text: '短い本文', beside: '脇', images, attachments: [file] }, files: [file],
    forwarded: [{ kind: 'mail', writer: person, content: { html, images: [], attachments: [] } } as never],
  });

  it('lies among the files with its pictures, behind the others, and what is short is shown', () => {
    const found = shownOf(long);
    expect(found.files.map(({ name, type, longBody, from }) => [name, type, longBody, from?.address])).toEqual([
      ['資料.xlsx', 'application/octet-stream', undefined, undefined], ['', 'text/html', true, undefined], ['a.png', 'image/png', undefined, undefined], ['', 'text/html', true, 'hanako@tsukimi.example'],
    ]);
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(found.files[1]?.bytes)).toBe(`\uFEFF${long}`);
    const one: Reading = { ...reading, ...found };
    const replacement = paneOf({ reading: one, view: viewOf(wordsOf('ja'), one) }, true).replacement;
    expect(replacement).toMatchObject({ body: { text: '短い本文' }, attachments: [{ name: '資料.xlsx' }, { name: '本文.html' }, { name: 'a.png' }, { name: '本文.html' }], saveWarning: expect.stringContaining('保護されません') as string });
    expect(replacement?.longBodies).toEqual(Array(2).fill('このメールの本文は長すぎるため、ここには表示できません。添付ファイル「本文.html」にあります。'));
  });

  it('is shown up to two million characters', () => {
    const html = 'x'.repeat(2_000_000);
    expect(shownOf(html)).toMatchObject({ content: { html, images }, files: [file] });
  });
});
