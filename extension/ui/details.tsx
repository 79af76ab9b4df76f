/** The popup on the button in the message header: how this mail was checked, leg by leg. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DetailsHost, DetailsView } from '../host.ts';
import { Notice, Pieces } from './parts.tsx';
import type { Words } from './words.ts';

export function Details({ host, words }: { readonly host: DetailsHost; readonly words: Words }): VNode {
  const [view, setView] = useState<DetailsView | 'loading' | undefined>('loading');
  useEffect(() => void host.details().then(setView, () => setView(undefined)), []);
  if (view === 'loading') return <main class="popup"><p role="status">{words.text('label_checking')}</p></main>;
  if (view === undefined) return <main class="popup"><p>{words.text('details_no_message')}</p></main>;
  const { state, heading, sentence, notes, groups, enrol } = view;
  return (
    <main class="popup">
      <Notice state={state} heading={heading}>
        <p><Pieces pieces={sentence} /></p>
        {notes.map((note) => <p>{note}</p>)}
        {enrol && <div class="buttons"><button type="button" class="primary" onClick={() => host.openEnrolment()}>{words.text('banner_enrol')}</button></div>}
      </Notice>
      {groups.map(({ title, rows }) => (
        <section class="group">
          <h3>{title}</h3>
          <dl>{rows.map(([name, value]) => <div><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
        </section>
      ))}
    </main>
  );
}
