/** A mail that is attached to another, in a window of its own: its own verdict, or that nobody vouches for it. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AttachedMailHost, AttachedMailView } from '../host.ts';
import { MailBody } from './mail-body.tsx';
import { Notice, Pieces } from './parts.tsx';
import type { Words } from './words.ts';

export function AttachedMail({ host, words }: { readonly host: AttachedMailHost; readonly words: Words }): VNode {
  const [view, setView] = useState<AttachedMailView | 'loading' | undefined>('loading');
  useEffect(() => void host.mail().then(setView, () => setView(undefined)), []);
  if (view === 'loading') return <main class="page" />;
  if (view === undefined) return <main class="page"><p role="alert">{words.text('viewer_unavailable')}</p></main>;
  const { name, state, heading, sentence, headers, longBodies, body, copies, files } = view;
  document.title = name;
  return (
    <main class="page viewer">
      <header><h1>{name}</h1></header>
      <Notice state={state} heading={heading}><p><Pieces pieces={sentence} /></p></Notice>
      {headers.length > 0 && <dl>{headers.map(([field, value]) => <div><dt>{field}</dt><dd>{value}</dd></div>)}</dl>}
      {longBodies.map((text) => <p>{text}</p>)}
      {body === undefined ? <p>{words.text('attached_unreadable')}</p> : <MailBody body={body} words={words} />}
      {files.length > 0 && (
        <section class="group">
          <h2>{words.text('banner_attachments')}</h2>
          <ul class="hits">{files.map((file) => <li><AttachedFile host={host} words={words} file={file} copies={copies} /></li>)}</ul>
          <p class="faint">{words.text(copies ? 'viewer_save_warning' : 'copies_forbidden')}</p>
        </section>
      )}
    </main>
  );
}

function AttachedFile({ host, words, file: { name, bytes }, copies }: { readonly host: AttachedMailHost; readonly words: Words; readonly file: AttachedMailView['files'][number]; readonly copies: boolean }): VNode {
  const [saved, setSaved] = useState('');
  const save = (): void => void host.save(name, bytes).then(() => setSaved(words.text('viewer_saved')), () => setSaved(words.text('banner_save_failed')));
  return <p>{name} · {words.size(bytes.length)} {copies && <button type="button" aria-label={`${words.text('banner_save')}: ${name}`} onClick={save}>{words.text('banner_save')}</button>} <span role="status">{saved}</span></p>;
}
