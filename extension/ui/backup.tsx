/** The backup of a new key, and bringing one back. */
import { type JSX, type VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { BackupHost, IdentityView } from '../host.ts';
import { focus, Notice, ReasonText } from './parts.tsx';
import { type Reason, reasonOfError } from './reasons.ts';
import { strengthOf } from './strength.ts';
import { type Lock, LockChoice } from './unlock.tsx';
import type { Words } from './words.ts';

interface Parts {
  readonly host: BackupHost;
  readonly words: Words;
}

export function BackupForm({ host, words, identity, onSaved }: Parts & { readonly identity: IdentityView; onSaved(): void }): VNode {
  const [passphrase, setPassphrase] = useState('');
  const [again, setAgain] = useState('');
  const [state, setState] = useState<'form' | 'working' | { readonly saved: string } | { readonly reason: Reason }>('form');
  const field = useRef<HTMLInputElement>(null);
  // While it is made the fields are disabled, and a disabled field loses the keyboard.
  useEffect(() => { if (typeof state === 'object') field.current?.focus(); }, [state]);
  if (typeof state === 'object' && 'saved' in state) {
    return <Notice state="verified" heading={words.text('backup_saved')}><p>{words.text('backup_saved_text', { name: state.saved })}</p></Notice>;
  }
  const strength = strengthOf(passphrase, identity.address.split(/[@.]/));
  const failed = typeof state === 'object';
  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setState('working');
    host.saveBackup(identity.address, passphrase).then((saved) => { setState({ saved }); onSaved(); }, (error: unknown) => setState({ reason: reasonOfError(words, error) }));
  };
  const working = state === 'working';
  return (
    <form class="backup" onSubmit={submit} aria-busy={working}>
      <h2>{words.text('backup_title')}</h2>
      <p>{words.text('backup_text')}</p>
      {failed && <div id="backup-failed"><Notice state="problem" heading={words.text('backup_failed')}><ReasonText reason={state.reason} words={words} /></Notice></div>}
      <label>
        <span>{words.text('backup_passphrase')}</span>
        <input id="passphrase" type="password" required ref={field} autocomplete="new-password" value={passphrase} disabled={working} onInput={(event) => setPassphrase(event.currentTarget.value)} aria-describedby={failed ? 'backup-failed strength' : 'strength'} />
        <small id="strength" role="status">{passphrase === '' ? words.text('backup_hint') : words.text(STRENGTHS[strength])}</small>
      </label>
      <label>
        <span>{words.text('backup_again')}</span>
        <input id="again" type="password" required autocomplete="new-password" value={again} disabled={working} onInput={(event) => setAgain(event.currentTarget.value)} />
        <small role="status">{again !== '' && again !== passphrase ? words.text('backup_differs') : ''}</small>
      </label>
      <div class="buttons"><button id="save-backup" class="primary" type="submit" disabled={working || strength === 'weak' || again !== passphrase}>{words.text('backup_save')}</button></div>
      {working && <p class="working" role="status">{words.text('backup_working')}</p>}
    </form>
  );
}

const STRENGTHS = { weak: 'backup_weak', fair: 'backup_fair', strong: 'backup_strong' } as const;

export function ImportForm({ host, words, lock, onLock, onDone, onBack }: Parts & { readonly lock: Lock; onLock(lock: Lock): void; onDone(identity: IdentityView): void; onBack(): void }): VNode {
  const [file, setFile] = useState<File>();
  const [passphrase, setPassphrase] = useState('');
  const [state, setState] = useState<'form' | 'working' | Reason>('form');
  const [chosen, secret] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)];
  const refused = typeof state === 'object' ? state : undefined;
  // To what is to be put right: it was disabled meanwhile.
  useEffect(() => { if (refused !== undefined) (refused.code === 'pkcs12-password' ? secret : chosen).current?.focus(); }, [refused]);
  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (file === undefined) return;
    setState('working');
    file.arrayBuffer().then((bytes) => host.importBackup(new Uint8Array(bytes), passphrase, lock !== 'offered')).then(onDone, (error: unknown) => setState(reasonOfError(words, error)));
  };
  const working = state === 'working';
  return (
    <form class="backup" onSubmit={submit} aria-busy={working}>
      <h2 tabIndex={-1} ref={focus}>{words.text('import_title')}</h2>
      <p>{words.text('import_text')}</p>
      {refused !== undefined && <div id="import-failed"><Notice state="problem" heading={words.text('import_failed')}><ReasonText reason={refused} words={words} /></Notice></div>}
      <label>
        <span>{words.text('import_file')}</span>
        <input id="file" type="file" required accept=".p12,.pfx" ref={chosen} aria-describedby={refused === undefined ? undefined : 'import-failed'} disabled={working} onChange={(event) => setFile(event.currentTarget.files?.[0])} />
      </label>
      <label>
        <span>{words.text('import_passphrase')}</span>
        <input id="passphrase" type="password" required ref={secret} aria-describedby={refused === undefined ? undefined : 'import-failed'} autocomplete="current-password" value={passphrase} disabled={working} onInput={(event) => setPassphrase(event.currentTarget.value)} />
      </label>
      <LockChoice lock={lock} words={words} onChange={onLock} />
      <div class="buttons">
        <button id="import" class="primary" type="submit" disabled={working || file === undefined || passphrase === ''}>{words.text('import_submit')}</button>
        <button type="button" disabled={working} onClick={onBack}>{words.text('import_back')}</button>
      </div>
      {working && <p class="working" role="status">{words.text('import_working')}</p>}
    </form>
  );
}
