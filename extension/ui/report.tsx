/** Reporting a mail as malicious: what happens next, what the reporter adds, and what the desk answered. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { CATEGORIES, type Category } from '../../src/wire/report.ts';
import type { DetailsHost, Reported } from '../host.ts';
import { ReasonText } from './parts.tsx';
import type { MessageKey, Words } from './words.ts';

const KINDS: Readonly<Record<Category, MessageKey>> = { abuse: 'report_abuse', fraud: 'report_fraud', virus: 'report_virus', other: 'report_other' };
const LONGEST_COMMENT = 2000;

/** `named`: whether it names the member to the sending organisation, where his own fixed that. */
export function Report({ host, words, named, onBack }: { readonly host: DetailsHost; readonly words: Words; readonly named: boolean | undefined; readonly onBack: () => void }): VNode {
  const [category, setCategory] = useState<Category>('fraud');
  const [comment, setComment] = useState('');
  const [disclose, setDisclose] = useState(named ?? false);
  const [result, setResult] = useState<Reported | 'asking' | undefined>();
  const send = (): void => {
    setResult('asking');
    const said = comment.trim();
    void host.report({ category, disclose: { reporter: disclose, comment: disclose }, ...(said !== '' && { comment: said }) }).then(setResult);
  };
  if (result !== undefined && result !== 'asking' && 'done' in result) {
    return (
      <section class="notice verified" role="status" id="reported">
        <h1>{words.text(result.done.known ? 'report_known' : 'report_done')}</h1>
        <p>{words.text('report_next')}</p>
        <p class="code">{words.text('report_number', { number: result.done.report })}</p>
      </section>
    );
  }
  return (
    <form class="report" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <h1 class="small">{words.text('report_title')}</h1>
      <p>{words.text('report_next')}</p>
      {result !== undefined && result !== 'asking' && <div class="notice problem" role="alert"><h2>{words.text('report_failed')}</h2><ReasonText reason={result.reason} words={words} /></div>}
      <fieldset disabled={result === 'asking'}>
        <label><span>{words.text('report_kind')}</span>
          <select id="kind" value={category} onChange={(event) => setCategory(event.currentTarget.value as Category)}>
            {CATEGORIES.map((one) => <option value={one}>{words.text(KINDS[one])}</option>)}
          </select>
        </label>
        <label><span>{words.text('report_comment')}</span>
          <textarea id="comment" rows={3} maxLength={LONGEST_COMMENT} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
        </label>
        <label class="choice"><input id="disclose" type="checkbox" checked={disclose} disabled={named !== undefined} onChange={(event) => setDisclose(event.currentTarget.checked)} /><span>{words.text('report_disclose')}{named === undefined ? '' : words.text('hide_subject_fixed')}</span></label>
        <div class="buttons">
          <button id="send-report" class="primary" type="submit">{words.text('report_send')}</button>
          <button type="button" onClick={onBack}>{words.text('action_back')}</button>
        </div>
      </fieldset>
      {result === 'asking' && <p role="status">{words.text('report_sending')}</p>}
    </form>
  );
}
