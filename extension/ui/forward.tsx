/** Passing a mail on unopened: what will happen, and which of its sealed attachments. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { DetailsHost } from '../host.ts';
import { fileName } from './file-name.ts';
import { ReasonText } from './parts.tsx';
import type { Reason } from './reasons.ts';
import type { Words } from './words.ts';

interface ForwardProps {
  readonly host: DetailsHost;
  readonly words: Words;
  /** Of the sealed parts; none where the whole mail is sealed. */
  readonly names: readonly string[];
  readonly onBack: () => void;
}

export function Forward({ host, words, names, onBack }: ForwardProps): VNode {
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const [reason, setReason] = useState<Reason>();
  const chosen = names.map((_, i) => i).filter((i) => !left.has(i));
  const toggle = (i: number): void => setLeft((before) => new Set(before.has(i) ? [...before].filter((one) => one !== i) : [...before, i]));
  return (
    <form class="forward" onSubmit={(event) => { event.preventDefault(); void host.forward(left.size === 0 ? undefined : chosen).then(setReason); }}>
      <h1 class="small">{words.text('forward_button')}</h1>
      <p>{words.text('forward_next')}</p>
      <p>{words.text('forward_clear')}</p>
      {reason !== undefined && <div class="notice problem" role="alert"><h2>{words.text('forward_failed')}</h2><ReasonText reason={reason} words={words} /></div>}
      {names.length > 0 && (
        <fieldset>
          <legend>{words.text('forward_which')}</legend>
          {names.map((name, i) => (
            <label class="choice"><input type="checkbox" name={`part${i}`} checked={!left.has(i)} onChange={() => toggle(i)} /><span>{fileName(words, name, i)}</span></label>
          ))}
        </fieldset>
      )}
      <div class="buttons">
        <button id="write-forward" class="primary" type="submit" disabled={names.length > 0 && chosen.length === 0}>{words.text('forward_write')}</button>
        <button type="button" onClick={onBack}>{words.text('action_back')}</button>
      </div>
    </form>
  );
}
