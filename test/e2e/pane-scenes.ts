/** What the script in the message pane shows of a mail, in the states that matter (plugin-pages.test.ts shows them all). */
import type { PaneView, Replacement } from '../../extension/thunderbird/protocol.ts';
import type { Reading } from '../../extension/member/read.ts';
import { viewOf } from '../../extension/ui/verdict.ts';
import type { Words } from '../../extension/ui/words.ts';
import type { Judgement } from '../../src/flow/open.ts';
import { HINODE, VERIFIED } from './plugin-scenes.ts';
import type { Scene } from './plugin-stage.ts';

/** A document as Thunderbird makes one of a mail, with the add-on's script and style sheet. */
const MAIL = `<!doctype html><html lang="ja"><head><title>見積書の件</title><meta charset="utf-8"><link rel="stylesheet" href="message-pane.css"><script src="message-pane.js"></script></head>
<body><main><p>お世話になっております。<a href="https://www.hinode.example/">市のページ</a></p></main></body></html>`;

function view(words: Words, judgement: Partial<Judgement>, replacement?: Partial<Replacement>): PaneView {
  const reading: Reading = { judgement: { state: 'outside', code: 'outside', organisations: [], content: 'not-opened', ...judgement }, notes: { firstFromOrganisation: true }, forwarded: [], files: [], marked: true, idle: false };
  const { state, quiet, heading, sentence, notes, inspections, remedy, trusted, passing } = viewOf(words, reading);
  return {
    language: words.language, links: trusted,
    banner: { state, quiet, heading, sentence, notes, inspections, passing, ...(remedy !== undefined && { enrol: words.text(remedy === 'unlock' ? 'banner_unlock' : 'banner_enrol') }) },
    ...(replacement !== undefined && { replacement: {
      body: 'own-text', headers: [], links: trusted, forwarded: [], longBodies: [], invitations: [], attachments: [], copies: true, ...replacement,
      words: { title: words.text('banner_attachments'), open: words.text('banner_open'), save: words.text('banner_save'), saved: words.text('banner_saved'), failed: words.text('banner_save_failed'), openFailed: words.text('banner_open_failed'), empty: words.text('banner_empty') },
    } }),
  };
}

const scene = (name: string, show: (words: Words) => PaneView): Scene => ({ name, page: 'mail.html', html: MAIL, answers: { show }, ready: '.banner:not(.checking)' });

export const PANES: readonly Scene[] = [
  scene('opened, with all there is', (words) => view(words, VERIFIED, {
    body: { coloured: false, html: '<p>見積書をお送りします。<a href="https://www.hinode.example/">市のページ</a></p>' },
    pictures: { text: words.text('pictures_left_out', { servers: 'www.hinode.example' }), show: words.text('pictures_show') },
    forwarded: [{ sentence: words.pieces('forwarded_by_writer', { name: '田中 健', address: 'ken@hinode.example', organisation: HINODE.names[words.language] }), headers: [[words.text('field_subject'), '図面']], body: { text: '図面です。' } }],
    invitations: [{ heading: words.text('invitation_request'), events: [{ title: '打ち合わせ', rows: [[words.text('invitation_where'), '本庁舎 三階']] }], hint: words.text('invitation_answer'), index: 0, open: words.text('invitation_open') }],
    attachments: [{ name: '来年度の庁舎改修工事に係る見積書（第二版・差し替え）.pdf', size: words.size(5_242_880) }],
  })),
  scene('a forgery', (words) => view(words, { state: 'problem', code: 'impersonation', params: HINODE.names }, {})),
  scene('no key here', (words) => view(words, { state: 'cannot-check', code: 'key-missing' }, {})),
  scene('from outside', (words) => view(words, {})),
];
