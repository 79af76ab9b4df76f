/** What is set up here. */
import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OptionsHost, OptionsView } from '../host.ts';
import { ConsentSwitches } from './consent.tsx';
import { Diagnostics } from './diagnostics.tsx';
import { Removal } from './removal.tsx';
import { ReasonText } from './parts.tsx';
import { type Reason, reasonOfError } from './reasons.ts';
import type { Words } from './words.ts';

interface SwitchProps {
  readonly id: string;
  readonly on: boolean;
  /** The organisation decides on it. */
  readonly fixed: boolean;
  readonly name: string;
  readonly text: string;
  readonly words: Words;
  readonly set: (on: boolean) => void;
}

function Switch({ id, on, fixed, name, text, words, set }: SwitchProps): VNode {
  return (
    <label class="choice">
      <input id={id} type="checkbox" checked={on} disabled={fixed} aria-describedby={`${id}-text`} onChange={(event) => set(event.currentTarget.checked)} />
      <span><strong>{name}</strong><br /><span id={`${id}-text`}>{text}{fixed ? words.text('hide_subject_fixed') : ''}</span></span>
    </label>
  );
}

/** Seconds to choose from. */
const DELAYS = [0, 5, 10, 30, 60];

export function Options({ host, words }: { readonly host: OptionsHost; readonly words: Words }): VNode {
  const [view, setView] = useState<OptionsView>();
  const [reason, setReason] = useState<Reason>();
  const load = (): void => void host.options().then(setView, (error: unknown) => setReason(reasonOfError(words, error)));
  useEffect(load, []);
  if (view === undefined) {
    // Settings that cannot be followed: the administrator needs the report all the more.
    return <main class="page"><h1>{words.text('options_title')}</h1>{reason !== undefined && <><ReasonText reason={reason} words={words} /><Diagnostics host={host} words={words} /></>}</main>;
  }
  const { identities, server, managed, fingerprint, lists } = view;
  return (
    <main class="page">
      <h1>{words.text('options_title')}</h1>
      <section class="group">
        <h2>{words.text('options_identities')}</h2>
        {identities.length === 0 && <p>{words.text('options_none')}</p>}
        <dl class="stacked">
          {identities.map(({ address, name, organisation, until, backedUpAt, locked, fingerprint: own }) => (
            <div>
              <dt>{address}</dt>
              <dd>
                {name} — {organisation[words.language]}<br />
                <small>
                  {words.text('enrol_until', { date: words.day(until) })}<br />
                  {backedUpAt === undefined ? words.text('backup_none') : words.text('backup_kept', { date: words.day(backedUpAt) })}<br />
                  {backedUpAt === undefined && view.backups && <>{words.text('backup_none_fix')}<br /></>}
                  {words.text(locked ? 'lock_state_on' : 'lock_state_off')}<br />
                  {words.pair(words.text('details_fingerprint'), own)}
                </small>
              </dd>
            </div>
          ))}
        </dl>
        <div class="buttons"><button class="primary" type="button" onClick={() => host.openEnrolment()}>{words.text('options_enrol')}</button></div>
      </section>
      <section class="group">
        <h2>{words.text('options_lists')}</h2>
        <p>{words.text(view.listsForbidden ? 'options_lists_forbidden' : lists ? 'options_lists_allowed' : 'options_lists_text')}</p>
        {!lists && !view.listsForbidden && <div class="buttons"><button id="allow" type="button" onClick={() => void host.allowLists().then(load)}>{words.text('options_lists_allow')}</button></div>}
      </section>
      <section class="group">
        <h2>{words.text('options_tags')}</h2>
        <p>{words.text('options_tags_text')}</p>
        {view.listTags.fixed && <p>{words.text(!view.listTags.on ? 'options_tags_forbidden' : view.listTags.permitted ? 'options_fixed' : 'options_tags_wanted')}</p>}
        {view.listTags.on && view.listTags.permitted
          ? !view.listTags.fixed && <div class="buttons"><button id="tags-off" type="button" onClick={() => void host.switchListTags(false).then(load)}>{words.text('options_tags_off')}</button></div>
          : !(view.listTags.fixed && !view.listTags.on) && <div class="buttons"><button id="tags-on" type="button" onClick={() => void host.switchListTags(true).then(load)}>{words.text('options_tags_on')}</button></div>}
      </section>
      <ConsentSwitches host={host} words={words} />
      <section class="group">
        <h2>{words.text('options_sending')}</h2>
        <label>
          <span>{words.text('options_delay')}</span>
          <select id="delay" disabled={view.sendDelayFixed} value={view.sendDelay} onChange={(event) => void host.setSendDelay(Number(event.currentTarget.value)).then(load)}>
            {[...new Set([...DELAYS, view.sendDelay])].sort((a, b) => a - b).map((seconds) => (
              <option value={seconds}>{seconds === 0 ? words.text('options_delay_none') : words.text('options_delay_seconds', { seconds })}</option>
            ))}
          </select>
        </label>
        {view.sendDelayFixed && <p>{words.text('options_fixed')}</p>}
      </section>
      <section class="group">
        <h2>{words.text('options_writing')}</h2>
        <Switch id="hide-subject" on={view.hideSubject} fixed={view.hideSubjectFixed} name={words.text('options_hide_subject')} text={words.text('hide_subject_text')} words={words}
          set={(hideSubject) => void host.setWriting({ hideSubject }).then(load)} />
        <Switch id="sealed-drafts" on={view.sealedDrafts} fixed={view.sealedDraftsFixed} name={words.text('options_sealed_drafts')} text={words.text('options_sealed_drafts_text')} words={words}
          set={(sealedDrafts) => void host.setWriting({ sealedDrafts }).then(load)} />
      </section>
      <section class="group">
        <h2>{words.text('options_search')}</h2>
        <p>{words.text('search_about')}</p>
        <div class="buttons"><button id="open-search" type="button" onClick={() => host.openSearch()}>{words.text('options_search_open')}</button></div>
      </section>
      <section class="group">
        <h2>{words.text('options_keys')}</h2>
        <p>{view.shortcut === undefined ? words.text('options_keys_none') : words.text('options_keys_text', { keys: view.shortcut })}</p>
        <p>{words.text('options_keys_pages')}</p>
        <p class="faint">{words.text('options_keys_change')}</p>
      </section>
      {server !== undefined && (
        <section class="group">
          <h2>{words.text('options_organisation')}</h2>
          {managed && <p>{words.text('options_managed')}</p>}
          <dl>
            <div><dt>{words.text('options_server')}</dt><dd>{server}</dd></div>
            {fingerprint !== undefined && <div><dt>{words.text('options_root')}</dt><dd class="fingerprint">{fingerprint}</dd></div>}
          </dl>
        </section>
      )}
      <Diagnostics host={host} words={words} />
      <Removal host={host} words={words} identities={identities} />
    </main>
  );
}
