/** The passphrase of a key: set while the key is new, asked for when a mail needs the key. */
import { type JSX, type VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { IdentityView, LockHost, UnlockHost } from '../host.ts';
import { ContactLine } from './contact.tsx';
import { Mark, Notice, ReasonText, useEscape } from './parts.tsx';
import { type Reason, reasonOfError } from './reasons.ts';
import { strengthOf } from './strength.ts';
import type { Words } from './words.ts';

/** Whether a new key gets a passphrase: because the organisation wants it, because the member does, or not. */
export type Lock = 'required' | 'chosen' | 'offered';

/** Asked before there is a key: one that was kept without a passphrase once could still be read from a copied disk. */
export function LockChoice({ lock, words, onChange }: { readonly lock: Lock; readonly words: Words; onChange(lock: Lock): void }): VNode | null {
  if (lock === 'required') return null;
  return (
    <label class="choice">
      <input id="lock-key" type="checkbox" aria-describedby="lock-key-text" checked={lock === 'chosen'} onChange={(event) => onChange(event.currentTarget.checked ? 'chosen' : 'offered')} />
      <span><strong>{words.text('lock_offer')}</strong><br /><span id="lock-key-text">{words.text('lock_offer_text')}</span></span>
    </label>
  );
}

export function LockForm({ host, words, identity, onDone }: { readonly host: LockHost; readonly words: Words; readonly identity: IdentityView; onDone(): void }): VNode {
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [state, setState] = useState<'form' | 'working' | Reason>('form');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), [state]);
  const strength = strengthOf(passphrase, identity.address.split(/[@.]/));
  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setState('working');
    host.lockKey(identity.address, passphrase).then(onDone, (error: unknown) => setState(reasonOfError(words, error)));
  };
  const working = state === 'working';
  return (
    <form class="backup" onSubmit={submit} aria-busy={working}>
      <h2>{words.text('lock_title')}</h2>
      <p>{words.text('lock_text')}</p>
      {typeof state === 'object' && <div id="lock-failed"><Notice state="problem" heading={words.text('lock_failed')}><ReasonText reason={state} words={words} /></Notice></div>}
      <label>
        <span>{words.text('import_passphrase')}</span>
        <input id="lock-passphrase" type="password" required ref={field} autocomplete="new-password" value={passphrase} disabled={working} onInput={(event) => setPassphrase(event.currentTarget.value)} aria-describedby={`${typeof state === 'object' ? 'lock-failed ' : ''}not-kept lock-strength`} />
        <small id="lock-strength" role="status">{passphrase === '' ? words.text('backup_hint') : words.text(strength === 'weak' ? 'backup_weak' : strength === 'fair' ? 'backup_fair' : 'backup_strong')}</small>
      </label>
      <label>
        <span>{words.text('backup_again')}</span>
        <input id="lock-again" type="password" required autocomplete="new-password" value={again} disabled={working} onInput={(event) => setAgain(event.currentTarget.value)} />
        <small role="status">{again !== '' && again !== passphrase ? words.text('backup_differs') : ''}</small>
      </label>
      <p><strong>{words.text('lock_forgotten')}</strong></p>
      <div class="buttons"><button id="lock" class="primary" type="submit" disabled={working || strength === 'weak' || again !== passphrase}>{words.text('lock_submit')}</button></div>
    </form>
  );
}

export function Unlock({ host, words }: { readonly host: UnlockHost; readonly words: Words }): VNode {
  const [passphrase, setPassphrase] = useState('');
  const [state, setState] = useState<'form' | 'working' | Reason>('form');
  const field = useRef<HTMLInputElement>(null);
  const refused = typeof state === 'object';
  // While it is tried the field is disabled, and a disabled field loses the keyboard.
  useEffect(() => field.current?.focus(), [state]);
  useEscape(() => host.close());
  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setState('working');
    void host.unlock(passphrase).then((reason) => {
      setPassphrase('');
      // What waited for the key goes on by itself: there is nothing more to read here.
      if (reason === undefined) host.close();
      else setState(reason);
    });
  };
  const working = state === 'working';
  return (
    <main class="page dialog">
      <h1><Mark /> {words.text('unlock_title')}</h1>
      <form onSubmit={submit} aria-busy={working}>
        <p>{words.text('unlock_text')}</p>
        {refused && <div id="refused"><Notice state="problem" heading={words.text('unlock_failed')}><ReasonText reason={state} words={words} /></Notice></div>}
        <label>
          <span>{words.text('import_passphrase')}</span>
          <input id="passphrase" type="password" required ref={field} aria-invalid={refused} aria-describedby={refused ? 'refused' : undefined} autocomplete="current-password" value={passphrase} disabled={working} onInput={(event) => setPassphrase(event.currentTarget.value)} />
        </label>
        <div class="buttons">
          <button id="unlock" class="primary" type="submit" disabled={working || passphrase === ''}>{words.text('unlock_submit')}</button>
          <button id="close" type="button" disabled={working} onClick={() => host.close()}>{words.text('unlock_cancel')}</button>
          {refused && <button id="enrol" type="button" onClick={() => host.openEnrolment()}>{words.text('not_sent_enrol')}</button>}
        </div>
        {typeof state !== 'object' && <ContactLine words={words} />}
      </form>
    </main>
  );
}
