/** Mails over time as stacked bars; the same figures as a table for whoever wants numbers. */
import type { VNode } from 'preact';
import type { Flow } from '../wire/status.ts';
import type { Words } from './words.ts';

const HEIGHT = 120;
const ANSWERS = ['taken', 'later', 'refused'] as const;

export function Chart({ flow: { span, bars }, words }: { flow: Flow; words: Words }): VNode {
  const when = span === 'month' ? words.day : words.hour;
  const highest = Math.max(1, ...bars.map(({ taken, refused, later }) => taken + refused + later));
  const sums = Object.fromEntries(ANSWERS.map((answer) => [answer, bars.reduce((sum, bar) => sum + bar[answer], 0)]));
  const label = (index: number): string => when(bars[index]?.at ?? 0);
  return (
    <figure class="chart">
      <div class="plot">
        <span class="scale" aria-hidden="true">{words.number(highest)}</span>
        <svg viewBox={`0 0 ${bars.length * 10} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={words.text('chart', sums)}>
          {bars.map((bar, index) => {
            let top = HEIGHT;
            return ANSWERS.map((answer) => {
              const height = (bar[answer] / highest) * HEIGHT;
              top -= height;
              return height === 0 ? null : <rect key={`${index} ${answer}`} class={answer} x={index * 10 + 1} y={top} width={8} height={height} />;
            });
          })}
        </svg>
      </div>
      <div class="ticks" aria-hidden="true"><span>{label(0)}</span><span>{label(Math.floor(bars.length / 2))}</span><span>{label(bars.length - 1)}</span></div>
      <figcaption class="legend">{ANSWERS.map((answer) => <span key={answer}><i class={answer} />{words.text(answer)}</span>)}</figcaption>
      <details>
        <summary>{words.text('showTable')}</summary>
        <div class="wide">
          <table>
            <thead><tr><th scope="col">{words.text('time')}</th>{ANSWERS.map((answer) => <th key={answer} scope="col" class="number">{words.text(answer)}</th>)}</tr></thead>
            <tbody>{bars.map((bar) => (
              <tr key={bar.at}><th scope="row">{when(bar.at)}</th>{ANSWERS.map((answer) => <td key={answer} class="number">{words.number(bar[answer])}</td>)}</tr>
            ))}</tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
