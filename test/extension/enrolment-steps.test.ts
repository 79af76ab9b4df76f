// @vitest-environment jsdom
/** From step to step of enrolment: the keyboard is always somewhere, and what changes around the page is followed. */
import { h, render } from 'preact';
import { beforeEach, expect, it } from 'vitest';
import type { EnrolmentHost, IdentityView } from '../../extension/host.ts';
import { Enrolment } from '../../extension/ui/enrolment.tsx';
import { refused } from '../../src/core/error.ts';
import { eventually } from '../eventually.ts';
import { wordsOf } from './words.ts';

const words = wordsOf('ja');
const TARO = 'taro@hinode.example';
const IDENTITY: IdentityView = { address: TARO, name: '山田 太郎', organisation: { ja: '日之出市役所', en: 'Hinode City Office' }, until: new Date('2027-05-23'), locked: false, fingerprint: 'ABCD' };

function show(changes: Partial<EnrolmentHost>): void {
  const unexpected = (): never => { throw new Error('not expected'); };
  const host: EnrolmentHost = {
    addresses: () => Promise.resolve([TARO]), identities: () => Promise.resolve([]), configured: () => Promise.resolve(true), managedCode: () => Promise.resolve(undefined),
    configure: unexpected, enrol: () => Promise.resolve({ ...IDENTITY, backup: true }), saveBackup: unexpected, importBackup: unexpected, lockRequired: () => Promise.resolve(false),
    backupPolicy: () => Promise.resolve('allowed'), unprotected: () => Promise.resolve([]), lockKey: unexpected, onChange: () => undefined, close: unexpected, ...changes,
  };
  render(h(Enrolment, { host, words }), document.body);
}

async function see(selector: string): Promise<HTMLElement> {
  return eventually(selector, () => {
    const found = document.querySelector<HTMLElement>(selector);
    if (found === null) throw new Error(`not in ${document.body.innerHTML}`);
    return found;
  }, 5);
}

async function type(text: string, ...selectors: string[]): Promise<void> {
  for (const selector of selectors) {
    const field = await see(selector) as HTMLInputElement;
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

/** Once the button can be pressed: as Return does. */
async function submit(button: string): Promise<void> {
  await eventually(button, () => expect((document.querySelector(button) as HTMLButtonElement).disabled).toBe(false), 5);
  document.querySelector(button)?.closest('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
}

/** Waits until this has the keyboard; what describes it is heard with it. */
async function focused(selector: string, described = ''): Promise<void> {
  await eventually(`the keyboard at ${selector}`, () => {
    const active = document.activeElement;
    expect(active === document.querySelector(selector), active?.outerHTML).toBe(true);
    const heard = (active?.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join();
    expect(heard).toContain(described);
  }, 5);
}

async function enrolled(): Promise<void> {
  await type('ABCD-1234', '#code');
  await submit('#enrol');
}

beforeEach(() => render(null, document.body));

it('the keyboard goes to the word that it is done, where a backup is offered, and back to the passphrase where it fails', async () => {
  show({ saveBackup: () => Promise.reject(new Error('full')) });
  await enrolled();
  await focused('.notice.verified h2');
  expect(document.activeElement?.textContent).toBe(words.text('enrol_done'));
  await type('月夜に 三羽の 兎 はねた', '#passphrase', '#again');
  await submit('#save-backup');
  await focused('#passphrase', words.text('backup_failed'));
});

it('the keyboard goes to the way out where there is no backup', async () => {
  show({ enrol: () => Promise.resolve({ ...IDENTITY, backup: false }) });
  await enrolled();
  await focused('#close-enrolment');
});

it('the keyboard goes back to the passphrase that was not taken, and on from it', async () => {
  let tries = 0;
  show({ lockKey: () => (++tries === 1 ? Promise.reject(new Error('full')) : Promise.resolve()) });
  (await see('#lock-key')).click();
  await enrolled();
  await focused('#lock-passphrase', words.text('lock_not_kept'));
  await type('月夜に 三羽の 兎 はねた', '#lock-passphrase', '#lock-again');
  await submit('#lock');
  await focused('#lock-passphrase', words.text('lock_failed'));
  await submit('#lock');
  await focused('.notice.verified h2');
});

const FILE = new File(['x'], 'x.p12');

async function bringBack(): Promise<void> {
  const file = await see('#file');
  Object.defineProperty(file, 'files', { value: [FILE], configurable: true });
  file.dispatchEvent(new Event('change', { bubbles: true }));
  await type('合い言葉', '#passphrase');
  await submit('#import');
}

it('the keyboard goes to the heading of the step with the backup, and to what is to be put right there', async () => {
  const failures = ['pkcs12-password', 'pkcs12-malformed'];
  Object.defineProperty(File.prototype, 'arrayBuffer', { configurable: true, value: () => Promise.resolve(new ArrayBuffer(1)) });
  show({ importBackup: () => { const code = failures.shift(); return code === undefined ? Promise.resolve(IDENTITY) : Promise.reject(refused(code)); } });
  (await see('#from-backup')).click();
  await focused('form.backup h2');
  await bringBack();
  await focused('#passphrase', words.text('import_failed'));
  await submit('#import');
  await focused('#file', words.text('import_failed'));
  await submit('#import');
  await focused('#close-enrolment');
  expect(document.querySelector('#no-account')).toBeNull();
});

it('a backup of an address that no account has is kept, and it is said what that means', async () => {
  show({ addresses: () => Promise.resolve(['Desk@Hinode.example']), importBackup: () => Promise.resolve(IDENTITY) });
  (await see('#from-backup')).click();
  await bringBack();
  expect((await see('#no-account')).textContent).toBe(words.text('import_no_account', { address: TARO }));
});

it('an account that comes while the page is open is offered, and takes no place of what is typed', async () => {
  const addresses: string[] = [];
  let changed = (): void => undefined;
  show({ addresses: () => Promise.resolve([...addresses]), onChange: (listener) => { changed = listener; } });
  await see('#code');
  expect((document.querySelector('#enrol') as HTMLButtonElement).disabled).toBe(true);
  addresses.push(TARO);
  changed();
  await eventually('the address', () => expect(document.querySelector('output#address')?.textContent).toBe(TARO), 5);
  await type('ABCD', '#code');
  addresses.push('desk@hinode.example');
  changed();
  await see('select#address');
  expect([(document.querySelector('#address') as HTMLSelectElement).value, (document.querySelector('#code') as HTMLInputElement).value]).toEqual([TARO, 'ABCD']);
});
