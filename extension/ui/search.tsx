/** Search over sealed mail that was opened on this computer. */
import { type JSX, type VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { shownText } from '../../src/mail/shown-text.ts';
import type { SearchHost, SearchView } from '../host.ts';
import type { SearchHit } from '../member/search-index.ts';
import { focus, Mark } from './parts.tsx';
import type { Words } from './words.ts';

interface Props {
  readonly host: SearchHost;
  readonly words: Words;
}

export function Search({ host, words }: Props): VNode {
  const [view, setView] = useState<SearchView>();
  const load = (): void => void host.search().then(setView);
  useEffect(load, []);
  return (
    <main class="page search">
      <h1><Mark /> {words.text('search_title')}</h1>
      {view !== undefined && (view.on ? <Find host={host} words={words} view={view} onChanged={load} /> : <Off host={host} words={words} view={view} onChanged={load} />)}
    </main>
  );
}

type Parts = Props & { readonly view: SearchView; onChanged(): void };

function Off({ host, words, view, onChanged }: Parts): VNode {
  return (
    <>
      <p>{words.text('search_about')}</p>
      <p>{words.text('search_kept')}</p>
      {view.locked || view.fixed ? <p>{words.text(view.locked ? 'search_locked' : 'options_fixed')}</p>
        : <div class="buttons"><button id="switch" class="primary" type="button" ref={focus} onClick={() => void host.switchSearch(true).then(onChanged)}>{words.text('search_on')}</button></div>}
    </>
  );
}

function Find({ host, words, view, onChanged }: Parts): VNode {
  const [query, setQuery] = useState('');
  const [hits, setHits] = useState<readonly SearchHit[]>();
  const [gone, setGone] = useState<string>();
  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setGone(undefined);
    void host.find(query).then(setHits);
  };
  const open = (hit: SearchHit): void => {
    void host.open(hit.messageId).then((found) => {
      if (found) return;
      setGone(hit.subject);
      setHits((now) => now?.filter((one) => one !== hit));
    });
  };
  return (
    <>
      <form role="search" onSubmit={submit}>
        <label>
          <span>{words.text('search_words')}</span>
          <input id="query" type="search" ref={focus} value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
        </label>
        <div class="buttons"><button id="find" class="primary" type="submit" disabled={query.trim() === ''}>{words.text('search_find')}</button></div>
      </form>
      <p role="status">{gone !== undefined ? words.text('search_gone', { subject: gone }) : hits === undefined ? '' : hits.length === 0 ? words.text('search_none') : words.text('search_hits', { count: hits.length })}</p>
      {hits !== undefined && (
        <ul class="hits">
          {hits.map((hit) => (
            <li>
              <button class="link" type="button" onClick={() => open(hit)}>{shownText(hit.subject) || words.text('not_sent_no_subject')}</button>
              <p class="faint">{shownText(hit.from)} · {words.moment(new Date(hit.date))}</p>
              <p>{shownText(hit.around)}</p>
            </li>
          ))}
        </ul>
      )}
      <Keeping host={host} words={words} view={view} onChanged={() => { setHits(undefined); onChanged(); }} />
    </>
  );
}

/** How much is kept, and the ways to be rid of it. */
function Keeping({ host, words, view, onChanged }: Parts): VNode {
  return (
    <section class="group">
      <h2>{words.text('search_keeping')}</h2>
      <p>{words.text('search_count', { count: view.count })}</p>
      <p>{words.text('search_kept')}</p>
      <div class="buttons">
        <button id="erase" type="button" disabled={view.count === 0} onClick={() => void host.erase().then(onChanged)}>{words.text('search_erase')}</button>
        {!view.fixed && <button id="switch" type="button" onClick={() => void host.switchSearch(false).then(onChanged)}>{words.text('search_off')}</button>}
      </div>
    </section>
  );
}
