/** Reads Prometheus' text format (0.0.4) as our servers write it: one sample a line. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Lines that are no samples, and values that are no numbers, are left out. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/i.exec(line);
    const value = Number(match?.[3]);
    if (match === null || !Number.isFinite(value)) return [];
    return [{ name: match[1] ?? '', labels: parseLabels(match[2] ?? ''), value }];
  });
}

function parseLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"/gi)];
  return Object.fromEntries(pairs.map(([, label = '', value = '']) => [label, value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))]));
}
