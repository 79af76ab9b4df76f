/** Saving or printing an opened mail: only when asked, and after saying that the copy is no longer protected. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { CopyKind, DetailsHost } from '../host.ts';
import { ReasonText } from './parts.tsx';
import type { Reason } from './reasons.ts';
import type { Words } from './words.ts';

export function Copy({ host, words, onBack }: { readonly host: DetailsHost; readonly words: Words; readonly onBack: () => void }): VNode {
  const [result, setResult] = useState<Reason | 'saved'>();
  const save = (kind: CopyKind): void => void host.saveCopy(kind).then((reason) => setResult(reason ?? 'saved'));
  return (
    <section class="copy">
      <h1 class="small">{words.text('copy_button')}</h1>
      <div class="notice cannot-check"><p>{words.text('copy_warning')}</p></div>
      {result !== undefined && result !== 'saved' && <div class="notice problem" role="alert"><h2>{words.text('copy_failed')}</h2><ReasonText reason={result} words={words} /></div>}
      <p role="status">{result === 'saved' ? words.text('viewer_saved') : ''}</p>
      <div class="buttons">
        <button id="copy-text" type="button" onClick={() => save('text')}>{words.text('copy_text')}</button>
        <button id="copy-eml" type="button" onClick={() => save('eml')}>{words.text('copy_eml')}</button>
        <button type="button" onClick={onBack}>{words.text('action_back')}</button>
      </div>
      <p class="faint">{words.text('copy_print')}</p>
    </section>
  );
}
