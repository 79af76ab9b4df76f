/** For members of a provider: whether their mail may be inspected. Nothing is shown to members of other organisations. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ConsentHost, ConsentView } from '../host.ts';
import { type Reason, reasonOfError } from './reasons.ts';
import type { MessageKey, Words } from './words.ts';

export function ConsentSwitches({ host, words }: { readonly host: ConsentHost; readonly words: Words }): VNode | null {
  const [addresses, setAddresses] = useState<readonly string[]>([]);
  useEffect(() => void host.individuals().then(setAddresses, () => setAddresses([])), []);
  if (addresses.length === 0) return null;
  return (
    <section class="group">
      <h2>{words.text('consent_title')}</h2>
      <p>{words.text('consent_text')}</p>
      {addresses.map((address) => <OneAddress key={address} address={address} host={host} words={words} />)}
    </section>
  );
}

const DIRECTIONS = [['inbound', 'consent_inbound'], ['outbound', 'consent_outbound']] as const satisfies readonly (readonly [keyof ConsentView, MessageKey])[];

function OneAddress({ address, host, words }: { readonly address: string; readonly host: ConsentHost; readonly words: Words }): VNode {
  const [consent, setConsent] = useState<ConsentView>();
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState<'saved' | Reason>();
  const run = (work: Promise<ConsentView>, done: 'saved' | undefined): void => {
    setBusy(true);
    setSaid(undefined);
    work.then((now) => {
      setConsent(now);
      setSaid(done);
    }, (error: unknown) => setSaid(reasonOfError(words, error))).finally(() => setBusy(false));
  };
  useEffect(() => run(host.consent(address), undefined), [address]);
  return (
    <fieldset disabled={busy || consent === undefined}>
      <legend>{address}</legend>
      {DIRECTIONS.map(([direction, label]) => (
        <label class="choice">
          <input
            type="checkbox" name={direction} checked={consent?.[direction] === true}
            onClick={(event) => {
              // What was signed and taken is shown, never what was only clicked.
              event.preventDefault();
              if (consent !== undefined) run(host.changeConsent(address, { [direction]: !consent[direction] }), 'saved');
            }}
          />
          {words.text(label)}
        </label>
      ))}
      <p role="status">{said === undefined ? '' : said === 'saved' ? words.text('consent_saved') : `${said.why} ${said.fix}`}</p>
    </fieldset>
  );
}
