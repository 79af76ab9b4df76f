/** While a mail is written: what of it is encrypted, and whether its subject is hidden. */
import type { VNode } from 'preact';
import type { WritingMode } from '../member/draft.ts';
import type { Choice, Plan } from '../member/plan.ts';
import { reasonOf } from './reasons.ts';
import type { MessageKey, Words } from './words.ts';

const NAMES: Readonly<Record<WritingMode, MessageKey>> = { 'protect-all': 'mode_protect_all', 'attachments-only': 'mode_attachments_only', 'sign-only': 'mode_sign_only' };
const TEXTS: Readonly<Record<WritingMode, MessageKey>> = {
  'protect-all': 'mode_protect_all_text', 'attachments-only': 'mode_attachments_only_text', 'sign-only': 'mode_sign_only_text',
};

function modeName(words: Words, mode: WritingMode): string {
  return words.text(NAMES[mode]);
}

interface Props {
  readonly plan: Plan;
  readonly words: Words;
  readonly choose: (choice: Choice) => void;
}

export function Choices({ plan, words, choose }: Props): VNode {
  const { modes, mode, origin, hideSubject, hideSubjectFixed, problem } = plan;
  const readable = mode !== 'protect-all';
  // A choice that is no longer permitted is still shown: the mail will not go, and here is why.
  const offered = modes.includes(mode) ? modes : [...modes, mode];
  return (
    <>
      {offered.length > 1 && (
        <fieldset class="modes">
          <legend>{words.text('modes_title')}</legend>
          {offered.map((one) => (
            <label class="choice">
              <input type="radio" name="mode" value={one} checked={mode === one} aria-describedby={`mode-${one}`} onChange={() => choose({ mode: one })} />
              <span><strong>{modeName(words, one)}</strong><br /><span id={`mode-${one}`}>{words.text(TEXTS[one])}</span></span>
            </label>
          ))}
          <p class="faint" role="status">{origin === 'remembered' ? words.text('modes_remembered') : ''}</p>
        </fieldset>
      )}
      {problem !== undefined && <p class="faint">{words.text('modes_unknown', { why: reasonOf(words, problem).why })}</p>}
      <label class="choice">
        <input id="hide-subject" type="checkbox" checked={hideSubject && !readable} disabled={hideSubjectFixed || readable} aria-describedby="hide-subject-text"
          onChange={(event) => choose({ hideSubject: event.currentTarget.checked })} />
        <span>
          <strong>{words.text('hide_subject')}</strong><br />
          <span id="hide-subject-text">{words.text(readable ? 'hide_subject_readable' : 'hide_subject_text')}{hideSubjectFixed ? words.text('hide_subject_fixed') : ''}</span>
        </span>
      </label>
    </>
  );
}
