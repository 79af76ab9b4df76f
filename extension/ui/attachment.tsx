/** One attachment of a sealed mail: shown if it is a picture or plain text; saved, to be opened elsewhere, when the member asks for that. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Bytes } from '../../src/core/bytes.ts';
import { charsetDecoder } from '../../src/mail/encoded-word.ts';
import { guessText } from '../../src/mail/text.ts';
import type { AttachmentHost, AttachmentView, SavedFile } from '../host.ts';
import type { InvitationView } from './invitation.ts';
import { focus, Pieces } from './parts.tsx';
import type { Words } from './words.ts';

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp']);
const TEXTS = new Set(['text/plain', 'text/csv']);
const LARGEST_TEXT = 1_000_000;

export function Attachment({ host, words }: { readonly host: AttachmentHost; readonly words: Words }): VNode {
  const [view, setView] = useState<AttachmentView | 'loading' | undefined>('loading');
  const [saved, setSaved] = useState<SavedFile>();
  const [failed, setFailed] = useState<'save' | 'open'>();
  const save = (one: AttachmentView): void => {
    setFailed(undefined);
    void host.save(one).then(setSaved, () => setFailed('save'));
  };
  const open = (file: SavedFile): void => {
    setFailed(undefined);
    void file.open().catch(() => setFailed('open'));
  };
  useEffect(() => void host.attachment().then(setView, () => setView(undefined)), []);
  if (view === 'loading') return <main class="page" />;
  if (view === undefined) return <main class="page"><p role="alert">{words.text('viewer_unavailable')}</p></main>;
  const { name, sender, organisation, bytes } = view;
  document.title = name;
  return (
    <main class="page viewer">
      <header>
        <h1>{name}</h1>
        <p class="faint"><Pieces pieces={words.pieces('viewer_from', { name: sender, organisation })} /> · {words.size(bytes.length)}</p>
        {!view.copies && <p class="faint">{words.text('copies_forbidden')}</p>}
        {view.copies && <div class="buttons">
          {saved === undefined
            ? <button id="save" class="primary" type="button" ref={focus} onClick={() => save(view)}>{words.text('viewer_save')}</button>
            : <button id="open" class="primary" type="button" ref={focus} onClick={() => open(saved)}>{words.text('viewer_open_outside')}</button>}
        </div>}
        {view.copies && <p class="faint">{words.text('viewer_save_warning')}</p>}
        <p role="alert">{failed === undefined ? '' : words.text(failed === 'save' ? 'banner_save_failed' : 'viewer_open_failed')}</p>
        <p class="faint" role="status">{saved === undefined ? '' : words.text('viewer_saved')}</p>
      </header>
      <Preview view={view} words={words} />
    </main>
  );
}

function Invitation({ invitation: { heading, events, hint } }: { readonly invitation: InvitationView }): VNode {
  return (
    <>
      <p><strong>{heading}</strong></p>
      {events.map(({ title, rows }) => <section class="group"><h2>{title}</h2><dl>{rows.map(([name, value]) => <div><dt>{name}</dt><dd class="lines">{value}</dd></div>)}</dl></section>)}
      <p class="faint">{hint}</p>
    </>
  );
}

/** Files of Japanese offices are in UTF-8, Shift_JIS or EUC-JP, and seldom say so. */
function textOfFile(bytes: Bytes, charset: string | undefined): string {
  const declared = charset === undefined ? undefined : charsetDecoder(charset, false);
  return declared?.decode(bytes) ?? guessText(bytes) ?? new TextDecoder().decode(bytes);
}

function Preview({ view, words }: { readonly view: AttachmentView; readonly words: Words }): VNode {
  const { type, bytes, name, charset, invitation } = view;
  const picture = useMemo(() => (PICTURES.has(type) ? URL.createObjectURL(new Blob([bytes], { type })) : undefined), [view]);
  if (picture !== undefined) return <img src={picture} alt={name} />;
  if (TEXTS.has(type)) return <pre>{textOfFile(bytes, charset).slice(0, LARGEST_TEXT)}</pre>;
  if (invitation !== undefined) return <Invitation invitation={invitation} />;
  return <p class="faint">{words.text(view.copies ? 'viewer_no_preview_save' : 'viewer_no_preview')}</p>;
}
