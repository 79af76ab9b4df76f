/** A mail with its pictures from outside, in a window of its own: whoever opens it asked for that. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OutsidePicturesHost, OutsidePicturesView } from '../host.ts';
import { MailBody } from './mail-body.tsx';
import { Pieces } from './parts.tsx';
import type { Words } from './words.ts';

export function Pictures({ host, words }: { readonly host: OutsidePicturesHost; readonly words: Words }): VNode {
  const [view, setView] = useState<OutsidePicturesView | 'loading' | undefined>('loading');
  useEffect(() => void host.pictures().then(setView, () => setView(undefined)), []);
  if (view === 'loading') return <main class="page" />;
  if (view === undefined) return <main class="page"><p role="alert">{words.text('pictures_unavailable')}</p></main>;
  const { subject, sentence, servers, bodies } = view;
  document.title = subject === '' ? words.text('pictures_title') : subject;
  return (
    <main class="page viewer">
      <header>
        <h1>{document.title}</h1>
        <p><Pieces pieces={sentence} /></p>
        <p class="faint">{words.text('pictures_shown', { servers })}</p>
      </header>
      {bodies.map(({ sentence: writer, body }) => (
        <section>
          {writer !== undefined && <p><Pieces pieces={writer} /></p>}
          <MailBody body={body} words={words} />
        </section>
      ))}
    </main>
  );
}
