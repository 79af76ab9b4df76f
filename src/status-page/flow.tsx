/** Mail flow and what was not taken, for the period that the reader chooses. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { type Answer, type Flow, SPANS, type Span, type Status } from '../wire/status.ts';
import { Chart } from './chart.tsx';
import type { Words } from './words.ts';

export function FlowSection({ status: { flows, since }, words }: { status: Status; words: Words }): VNode | null {
  const [span, setSpan] = useState<Span>('day');
  const flow = flows.find((one) => one.span === span);
  if (flow === undefined) return null;
  return (
    <section class="panel" aria-labelledby="flow">
      <div class="heading">
        <h2 id="flow">{words.text('flow')}</h2>
        <fieldset class="spans">
          <legend>{words.text('span')}</legend>
          {SPANS.map((one) => (
            <label key={one}>
              <input type="radio" name="span" value={one} checked={one === span} onChange={() => { setSpan(one); }} />
              <span>{words.text(`span_${one}`)}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <div class="listeners">
        <Listener title={words.text('sending')} figures={flow.submission} words={words} />
        <Listener title={words.text('arriving')} figures={flow.arriving} words={words} />
      </div>
      <Chart flow={flow} words={words} />
      <p class="faint">{words.text('counting', { time: words.moment(since) })}</p>
      <Reasons flow={flow} words={words} />
    </section>
  );
}

function Listener({ title, figures, words }: { title: string; figures: Readonly<Record<Answer, number>>; words: Words }): VNode {
  return (
    <div>
      <h3>{title}</h3>
      <dl class="figures">
        {(['taken', 'refused', 'later'] as const).map((answer) => (
          <div key={answer} class={answer}><dt>{words.text(answer)}</dt><dd>{words.number(figures[answer])}</dd></div>
        ))}
      </dl>
    </div>
  );
}

function Reasons({ flow: { reasons }, words }: { flow: Flow; words: Words }): VNode {
  return (
    <>
      <h3 id="reasons">{words.text('notTaken')}</h3>
      {reasons.length === 0 ? <p>{words.text('nothingRefused')}</p> : (
        <div class="wide" role="group" aria-labelledby="reasons" tabIndex={0}>
          <table>
            <thead>
              <tr><th scope="col">{words.text('reason')}</th><th scope="col">{words.text('where')}</th><th scope="col">{words.text('answer')}</th><th scope="col" class="number">{words.text('number')}</th></tr>
            </thead>
            <tbody>{reasons.map(({ listener, answer, code, count }) => (
              <tr key={`${listener} ${answer} ${code}`}>
                <th scope="row">{words.reason(code)} <code>{code}</code></th>
                <td>{words.text(`at_${listener}`)}</td>
                <td><i class={answer} />{words.text(answer)}</td>
                <td class="number">{words.number(count)}</td>
              </tr>
            ))}</tbody>
          </table>
        </div>
      )}
    </>
  );
}
