/** Enrolment: one address, one code, and it is done. */
import { type JSX, type VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { SsmaxError } from '../../src/core/error.ts';
import type { EnrolmentHost, IdentityView } from '../host.ts';
import { BackupForm, ImportForm } from './backup.tsx';
import { type Lock, LockChoice, LockForm } from './unlock.tsx';
import { ContactLine } from './contact.tsx';
import { focus, Mark, Notice, Pieces, ReasonText } from './parts.tsx';
import { type Reason, reasonOfError } from './reasons.ts';
import { Setup } from './setup.tsx';
import type { Words } from './words.ts';

interface Props {
  readonly host: EnrolmentHost;
  readonly words: Words;
}

/** What the organisation says of backups. */
type BackupPolicy = Awaited<ReturnType<EnrolmentHost['backupPolicy']>>;

type Step =
  | { readonly name: 'loading' }
  | { readonly name: 'setup' }
  | { readonly name: 'form'; readonly reason?: Reason }
  | { readonly name: 'working' }
  | { readonly name: 'import' }
  | { readonly name: 'done'; readonly identity: IdentityView; readonly backup: boolean };

export function Enrolment({ host, words }: Props): VNode {
  const [step, setStep] = useState<Step>({ name: 'loading' });
  const [addresses, setAddresses] = useState<readonly string[]>([]);
  const [enrolled, setEnrolled] = useState<readonly IdentityView[]>([]);
  const [address, setAddress] = useState('');
  const [code, setCode] = useState('');
  const [unprotected, setUnprotected] = useState<readonly string[]>([]);
  const [lock, setLock] = useState<Lock>('offered');
  const [backup, setBackup] = useState<BackupPolicy>('allowed');
  /** The one that came by policy: tried once, then the field is there. */
  const [given, setGiven] = useState<string>();
  const codeField = useRef<HTMLInputElement>(null);
  const refusal = step.name === 'form' ? step.reason : undefined;
  // While it is tried the field is disabled, and a disabled field loses the keyboard.
  useEffect(() => codeField.current?.focus(), [step.name, refusal]);

  const load = async (): Promise<void> => {
    const [known, identities, configured, managed, required, open, backups] = await Promise.all([host.addresses(), host.identities(), host.configured(), host.managedCode(), host.lockRequired(), host.unprotected(), host.backupPolicy()]);
    setBackup(backups);
    setUnprotected(open);
    setLock(required ? 'required' : 'offered');
    setAddresses(known);
    setEnrolled(identities);
    setAddress(known.find((one) => wanting(one, identities, open)) ?? known[0] ?? '');
    setCode('');
    setGiven(identities.length === 0 ? managed : undefined);
    setStep(configured ? { name: 'form' } : { name: 'setup' });
  };
  /** Another page made a key, or there is another account: what is typed here stays, what is offered follows. */
  const follow = async (): Promise<void> => {
    const [known, identities, open] = await Promise.all([host.addresses(), host.identities(), host.unprotected()]);
    setAddresses(known);
    setUnprotected(open);
    setEnrolled(identities);
    if (identities.length > 0) setGiven(undefined);
    setAddress((now) => (now !== '' && wanting(now, identities, open) ? now : known.find((one) => wanting(one, identities, open)) ?? (now === '' ? known[0] ?? '' : now)));
  };
  useEffect(() => {
    void load().catch((error: unknown) => setStep({ name: 'form', reason: reasonOfError(words, error) }));
    host.onChange(() => void follow().catch(() => undefined)); // what was offered stays
  }, []);

  const submit = (event: JSX.TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setStep({ name: 'working' });
    host.enrol(address, given ?? code, lock !== 'offered').then(
      (identity) => setStep({ name: 'done', identity, backup: identity.backup }),
      (error: unknown) => {
        if (error instanceof SsmaxError && error.kind === 'refused') setGiven(undefined);
        setStep({ name: 'form', reason: reasonOfError(words, error) });
      },
    );
  };

  return (
    <main class="page enrolment">
      <header>
        <Mark size={44} />
        <h1>{words.text('enrol_title')}</h1>
      </header>
      {step.name !== 'done' && (
        <ul class="promises">
          <li>{words.text('enrol_promise_signature')}</li>
          <li>{words.text('enrol_promise_content')}</li>
          <li>{words.text('enrol_promise_certificates')}</li>
        </ul>
      )}
      {unprotected.length > 0 && (step.name === 'form' || step.name === 'import') && (
        <Notice state="cannot-check" heading={words.text('lock_demanded')}><p>{words.text('lock_demanded_text', { addresses: words.list(unprotected) })}</p></Notice>
      )}
      {step.name === 'setup' && <Setup host={host} words={words} onDone={() => void load()} />}
      {(step.name === 'form' || step.name === 'working') && (
        <form onSubmit={submit} aria-busy={step.name === 'working'}>
          {refusal !== undefined && (
            <div id="refused"><Notice state="problem" heading={words.text('enrol_failed')}><ReasonText reason={refusal} words={words} /></Notice></div>
          )}
          <AddressField addresses={addresses} value={address} words={words} disabled={step.name === 'working'} onChange={setAddress} />
          {given !== undefined ? <p>{words.text('enrol_code_by_policy')}</p> : <label>
            <span>{words.text('enrol_code')}</span>
            <input
              id="code" name="code" required ref={codeField} aria-invalid={refusal !== undefined} autocomplete="off" autocapitalize="characters" spellcheck={false} value={code}
              disabled={step.name === 'working'} onInput={(event) => setCode(event.currentTarget.value)} aria-describedby={refusal === undefined ? 'code-hint' : 'refused code-hint'}
            />
            <small id="code-hint">{words.text('enrol_code_hint')}</small>
          </label>}
          <LockChoice lock={lock} words={words} onChange={setLock} />
          <div class="buttons">
            <button id="enrol" class="primary" type="submit" ref={given === undefined ? null : focus} disabled={step.name === 'working' || address === ''}>{words.text('enrol_submit')}</button>
          </div>
          {step.name === 'form' && <p><button id="from-backup" class="link" type="button" onClick={() => setStep({ name: 'import' })}>{words.text('import_offer')}</button></p>}
          {step.name === 'working' && <p class="working" role="status">{words.text('enrol_working')}</p>}
          {enrolled.length > 0 && <p class="faint">{words.pair(words.text('enrol_already'), words.list(enrolled.map((one) => one.address)))}</p>}
        </form>
      )}
      {step.name === 'import' && <ImportForm host={host} words={words} lock={lock} onLock={setLock} onDone={(identity) => setStep({ name: 'done', identity, backup: false })} onBack={() => setStep({ name: 'form' })} />}
      {step.name === 'done' && <Done host={host} backup={step.backup ? backup : undefined} lock={lock} identity={step.identity} account={addresses.some((one) => one.toLowerCase() === step.identity.address)} words={words} onClose={() => host.close()} onAnother={() => void load()} more={addresses.length > 1} />}
      {!(step.name === 'form' && step.reason !== undefined) && <ContactLine words={words} />}
    </main>
  );
}

/** This address has no key yet, or one that must be protected first. */
function wanting(address: string, identities: readonly IdentityView[], unprotected: readonly string[]): boolean {
  const one = address.toLowerCase();
  return unprotected.includes(one) || !identities.some((identity) => identity.address === one);
}

function AddressField({ addresses, value, words, disabled, onChange }: {
  readonly addresses: readonly string[]; readonly value: string; readonly words: Words; readonly disabled: boolean; onChange(value: string): void;
}): VNode {
  return (
    <label>
      <span>{words.text('enrol_address')}</span>
      {addresses.length === 0 && <small>{words.text('enrol_no_accounts')}</small>}
      {addresses.length === 1 && <output id="address">{value}</output>}
      {addresses.length > 1 && (
        <select id="address" value={value} disabled={disabled} onChange={(event) => onChange(event.currentTarget.value)}>
          {addresses.map((one) => <option value={one}>{one}</option>)}
        </select>
      )}
    </label>
  );
}

/** `account`: one of this mail program has the address. */
function Done({ host, backup, lock, identity, account, words, more, onClose, onAnother }: {
  readonly host: EnrolmentHost; readonly backup: BackupPolicy | undefined; readonly lock: Lock; readonly identity: IdentityView; readonly account: boolean; readonly words: Words; readonly more: boolean; onClose(): void; onAnother(): void;
}): VNode {
  const { name, address, organisation, until } = identity;
  const [locked, setLocked] = useState(false);
  const [saved, setSaved] = useState(false);
  // It can be made on this page alone: one Return shall not lose it.
  const missing = (backup === 'allowed' || backup === 'required') && !saved;
  const almost = missing && backup === 'required';
  if (lock !== 'offered' && !locked) {
    return (
      <>
        <p id="not-kept">{lock === 'required' && words.text('lock_required')}{words.text('lock_not_kept')}</p>
        <LockForm host={host} words={words} identity={identity} onDone={() => setLocked(true)} />
      </>
    );
  }
  return (
    <>
      <Notice focused={missing} state={almost ? 'cannot-check' : 'verified'} heading={words.text(almost ? 'enrol_almost' : 'enrol_done')}>
        <p><Pieces pieces={words.pieces(almost ? 'enrol_almost_text' : 'enrol_done_text', { name, address, organisation: organisation[words.language] })} /></p>
        {!account && <p id="no-account"><strong>{words.text('import_no_account', { address })}</strong></p>}
        <p class="faint">{words.text('enrol_until', { date: words.day(until) })}</p>
        {locked && <p class="faint">{words.sentences([words.text('lock_set'), words.text('lock_forgotten')])}</p>}
      </Notice>
      {backup === 'forbidden' && <p>{words.text('backup_forbidden')}</p>}
      {almost && <p><strong>{words.text('backup_required')}</strong></p>}
      {(backup === 'allowed' || backup === 'required') && <BackupForm host={host} words={words} identity={identity} onSaved={() => setSaved(true)} />}
      <div class="buttons">
        {missing
          ? backup === 'allowed' && <button id="close-enrolment" type="button" onClick={onClose}>{words.text('enrol_close_without')}</button>
          : <button id="close-enrolment" class="primary" type="button" ref={focus} onClick={onClose}>{words.text('enrol_close')}</button>}
        {more && !almost && <button type="button" onClick={onAnother}>{words.text('enrol_another')}</button>}
      </div>
    </>
  );
}
