/** Where no policy says which organisation this is: the member enters what the organisation handed out. */
import { type JSX, type VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { EnrolmentHost } from '../host.ts';
import { focus, Notice, ReasonText } from './parts.tsx';
import { type Reason, reasonOfError } from './reasons.ts';
import type { Words } from './words.ts';

export function Setup({ host, words, onDone }: { readonly host: EnrolmentHost; readonly words: Words; onDone(): void }): VNode {
  const [reason, setReason] = useState<Reason>();
  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const entered = new FormData(event.currentTarget);
    const field = (name: string): string => {
      const value = entered.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    host.configure(field('url'), field('root')).then(onDone, (error: unknown) => setReason(reasonOfError(words, error)));
  };
  return (
    <form onSubmit={submit}>
      <h2>{words.text('enrol_setup')}</h2>
      <p>{words.text('enrol_setup_text')}</p>
      {reason !== undefined && <Notice state="problem" heading={words.text('enrol_failed')}><ReasonText reason={reason} words={words} /></Notice>}
      <label>
        <span>{words.text('enrol_setup_url')}</span>
        <input id="url" name="url" type="url" required ref={focus} placeholder="https://" spellcheck={false} />
      </label>
      <label>
        <span>{words.text('enrol_setup_root')}</span>
        <textarea id="root" name="root" required rows={6} spellcheck={false} placeholder="-----BEGIN CERTIFICATE-----" />
      </label>
      <div class="buttons"><button class="primary" type="submit">{words.text('enrol_setup_save')}</button></div>
    </form>
  );
}
