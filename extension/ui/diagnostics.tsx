/** The report for the administrator: shown first, then copied or saved. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { DiagnosticsHost } from '../host.ts';
import { ContactLine } from './contact.tsx';
import type { DiagnosticName } from '../member/diagnostics.ts';
import type { MessageKey, Words } from './words.ts';

const LABELS: Readonly<Record<DiagnosticName, MessageKey>> = {
  made: 'diagnostics_made', plugin: 'diagnostics_plugin', client: 'diagnostics_client', managed: 'diagnostics_managed', server: 'diagnostics_server', root: 'diagnostics_root',
  trust: 'diagnostics_trust', key: 'diagnostics_key', pending: 'diagnostics_pending', sealed: 'diagnostics_sealed', search: 'diagnostics_search',
};

/** Of a line of the report: for its member in his language, for an administrator who has another by its name. */
export function diagnosticLabel(words: Words): (name: DiagnosticName, address: string) => string {
  return (name, address) => `${words.text(LABELS[name], { address })} [${name}]`;
}

type Step = { readonly name: 'none' } | { readonly name: 'working' } | { readonly name: 'shown'; readonly report: string; readonly done?: 'copied' | 'saved' };

export function Diagnostics({ host, words }: { readonly host: DiagnosticsHost; readonly words: Words }): VNode {
  const [step, setStep] = useState<Step>({ name: 'none' });
  const make = (): void => {
    setStep({ name: 'working' });
    void host.diagnose().then((report) => setStep({ name: 'shown', report }));
  };
  return (
    <section class="group">
      <h2>{words.text('diagnostics_title')}</h2>
      <p>{words.text('diagnostics_text')}</p>
      <ContactLine words={words} />
      {step.name === 'shown' ? <Report host={host} words={words} report={step.report} done={step.done} onDone={(done) => setStep({ ...step, done })} />
        : <div class="buttons"><button id="diagnose" type="button" disabled={step.name === 'working'} onClick={make}>{words.text('diagnostics_make')}</button></div>}
      {step.name === 'working' && <p class="working" role="status">{words.text('diagnostics_working')}</p>}
    </section>
  );
}

function Report({ host, words, report, done, onDone }: {
  readonly host: DiagnosticsHost; readonly words: Words; readonly report: string; readonly done: 'copied' | 'saved' | undefined; onDone(done: 'copied' | 'saved'): void;
}): VNode {
  return (
    <>
      <textarea id="report" readOnly rows={14} aria-label={words.text('diagnostics_report')} value={report} />
      <div class="buttons">
        <button id="copy" type="button" onClick={() => void navigator.clipboard.writeText(report).then(() => onDone('copied'))}>{words.text('diagnostics_copy')}</button>
        <button id="save" type="button" onClick={() => void host.saveReport(report).then(() => onDone('saved'), () => undefined)}>{words.text('diagnostics_save')}</button>
      </div>
      <p role="status">{done === undefined ? '' : words.text(done === 'copied' ? 'diagnostics_copied' : 'diagnostics_saved')}</p>
    </>
  );
}
