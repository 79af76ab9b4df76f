import { describe, expect, it } from 'vitest';
import { SsmaxError } from '../../../src/core/error.ts';
import { createLogger } from '../../../src/server/shared/log.ts';
import type { LogFields } from '../../../src/server/shared/log.ts';

function logged(fields: LogFields): Record<string, unknown> {
  const lines: string[] = [];
  createLogger({ server: 'gateway', level: 'debug', write: (line) => lines.push(line), now: () => new Date(0) }).info('relayed', fields);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

describe('the log', () => {
  it('is one JSON object per line', () => {
    expect(logged({ leg: 2, milliseconds: 12 })).toEqual({ time: '1970-01-01T00:00:00.000Z', level: 'info', server: 'gateway', event: 'relayed', leg: 2, milliseconds: 12 });
  });

  it('leaves out what is not on the list, even when a value carries it', () => {
    const careless = { leg: 1, subject: 'secret subject', body: 'secret body' };
    expect(JSON.stringify(logged(careless))).not.toContain('secret');
  });

  it('never shows an address, but lets two lines be matched', () => {
    const lines: string[] = [];
    const log = createLogger({ server: 's', level: 'info', write: (line) => lines.push(line) });
    for (const address of ['taro@hinode.example', 'taro@hinode.example', 'ken@hinode.example']) log.info('x', { address });
    expect(lines.join('')).not.toContain('hinode');
    const [first, second, third] = lines.map((line) => (JSON.parse(line) as { address: string }).address);
    expect(first).toBe(second);
    expect(first).not.toBe(third);
  });

  it('writes codes of our own errors and no message of others', () => {
    let parse: unknown;
    try {
      JSON.parse('secret');
    } catch (error) {
      parse = error;
    }
    const line = JSON.stringify(logged({ error: new SsmaxError('refused', 'label-proof-invalid', { address: 'secret@x' }, { cause: parse }) }));
    expect(line).toContain('label-proof-invalid');
    expect(line).toContain('SyntaxError');
    expect(line).not.toContain('secret');
  });

  it('keeps to its level', () => {
    const lines: string[] = [];
    const log = createLogger({ server: 's', level: 'warn', write: (line) => lines.push(line) });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines).toHaveLength(2);
  });
});
