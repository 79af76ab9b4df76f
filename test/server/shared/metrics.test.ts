import { expect, it } from 'vitest';
import { Counter, Gauge, Histogram, processMetrics } from '../../../src/server/shared/metrics.ts';

it('a counter adds up by label', () => {
  const mails = new Counter('mails_total', 'Mails.');
  mails.add({ outcome: 'relayed' });
  mails.add({ outcome: 'relayed' }, 2);
  mails.add();
  expect(mails.text()).toBe('# HELP mails_total Mails.\n# TYPE mails_total counter\nmails_total{outcome="relayed"} 3\nmails_total 1\n');
});

it('a gauge is read when asked, and left out when it cannot be', async () => {
  expect(await new Gauge('size', 'Size.', () => 7).text()).toBe('# HELP size Size.\n# TYPE size gauge\nsize 7\n');
  expect(await new Gauge('until', 'Until.', async () => [[{ part: 'a' }, 1], [{ part: 'b' }, 2]]).text()).toContain('until{part="a"} 1\nuntil{part="b"} 2\n');
  expect(await new Gauge('size', 'Size.', () => Promise.reject(new Error('planted'))).text()).toBe('# HELP size Size.\n# TYPE size gauge\n');
});

it('a histogram counts each value in every bucket that holds it', () => {
  const seconds = new Histogram('seconds', 'Time.', [1, 5]);
  for (const value of [0.5, 2, 9]) seconds.observe(value, { listener: 'arriving' });
  expect(seconds.text().split('\n').slice(2)).toEqual([
    'seconds_bucket{listener="arriving",le="1"} 1', 'seconds_bucket{listener="arriving",le="5"} 2', 'seconds_bucket{listener="arriving",le="+Inf"} 3',
    'seconds_sum{listener="arriving"} 11.5', 'seconds_count{listener="arriving"} 3', '',
  ]);
});

it('the process shows its memory', async () => {
  const text = (await Promise.all(processMetrics().map(async (metric) => metric.text()))).join('');
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect(text).toMatch(/^process_start_time_seconds \d+$/m);
});
