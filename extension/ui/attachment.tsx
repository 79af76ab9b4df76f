/** One attachment of a sealed mail: shown if it is a picture or plain text, else saved or opened elsewhere. */
import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AttachmentHost, AttachmentView } from '../host.ts';
import { Pieces } from './parts.tsx';
import type { Words } from './words.ts';

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp']);
const LARGEST_TEXT = 1_000_000;

export function Attachment({ host, words }: { readonly host: AttachmentHost; readonly words: Words }): VNode {
  const [view, setView] = useState<AttachmentView | 'loading' | undefined>('loading');
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
        <div class="buttons">
          <button class="primary" type="button" autofocus onClick={() => void host.openOutside(view)}>{words.text('viewer_open_outside')}</button>
          <button type="button" onClick={() => void host.save(view)}>{words.text('viewer_save')}</button>
        </div>
      </header>
      <Preview view={view} words={words} />
    </main>
  );
}

function Preview({ view, words }: { readonly view: AttachmentView; readonly words: Words }): VNode {
  const { type, bytes, name } = view;
  const picture = useMemo(() => (PICTURES.has(type) ? URL.createObjectURL(new Blob([bytes], { type })) : undefined), [view]);
  if (picture !== undefined) return <img src={picture} alt={name} />;
  if (type === 'text/plain' || type === 'text/csv') return <pre>{new TextDecoder().decode(bytes.subarray(0, LARGEST_TEXT))}</pre>;
  return <p class="faint">{words.text('viewer_no_preview')}</p>;
}
