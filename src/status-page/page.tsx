/** The whole page for one status. */
import type { VNode } from 'preact';
import type { Status } from '../wire/status.ts';
import { attentions } from './attention.ts';
import { FlowSection } from './flow.tsx';
import { Certificates, Members, Queue, Servers } from './panels.tsx';
import { type Language, LANGUAGES, type Words } from './words.ts';

const NAMES: Readonly<Record<Language, string>> = { ja: '日本語', en: 'English' };

interface PageProps {
  readonly status: Status | undefined;
  /** The server did not answer the last time. */
  readonly unreachable: boolean;
  readonly words: Words;
  readonly choose: (language: Language) => void;
}

export function Page({ status, unreachable, words, choose }: PageProps): VNode {
  return (
    <>
      <header>
        <div>
          <h1>{words.text('title')}</h1>
          <p>{status?.organisation[words.language] ?? ''}</p>
        </div>
        <div class="aside">
          <p class="faint">{status === undefined ? '' : words.text('asOf', { time: words.clock(status.at) })}</p>
          <div class="languages" role="group" aria-label={words.text('language')}>
            {LANGUAGES.map((language) => (
              <button key={language} type="button" lang={language} aria-pressed={language === words.language} onClick={() => { choose(language); }}>{NAMES[language]}</button>
            ))}
          </div>
        </div>
      </header>
      <main>
        <div role="status">
          {unreachable && <p class="overall urgent"><Mark kind="urgent" /><strong>{status === undefined ? words.text('neverReached') : words.text('unreachable', { time: words.moment(status.at) })}</strong></p>}
          {status === undefined && !unreachable && <p>{words.text('loading')}</p>}
          {status !== undefined && <Overall status={status} words={words} />}
        </div>
        {status !== undefined && (
          <>
            <FlowSection status={status} words={words} />
            <Servers status={status} words={words} />
            <div class="pair">
              <Queue status={status} words={words} />
              <Members status={status} words={words} />
            </div>
            <Certificates status={status} words={words} />
          </>
        )}
      </main>
      <footer><p>{words.text('foot')}</p></footer>
    </>
  );
}

function Overall({ status, words }: { status: Status; words: Words }): VNode {
  const found = attentions(status, words);
  const [first] = found;
  if (first === undefined) return <p class="overall well"><Mark kind="well" /><strong>{words.text('allWell')}</strong></p>;
  const kind = first.urgent ? 'urgent' : 'soon';
  return (
    <div class={`overall ${kind}`}>
      <Mark kind={kind} />
      <div>
        <strong>{found.length === 1 ? words.text('attention_one') : words.text('attention_other', { count: found.length })}</strong>
        <ul>
          {found.map(({ urgent, sentence, remedy }) => (
            <li key={sentence}><b class={urgent ? 'urgent' : 'soon'}>{words.text(urgent ? 'urgent' : 'soon')}</b><span>{sentence} <span class="remedy">{remedy}</span></span></li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function Mark({ kind }: { kind: 'well' | 'soon' | 'urgent' }): VNode {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
      <circle cx="12" cy="12" r="11" />
      {kind === 'well' ? <path d="M7 12.5l3.4 3.4L17 9" /> : <path d="M12 6v7.5M12 17.2v.3" />}
    </svg>
  );
}
