import { expect } from 'vitest';
import { type ErrorKind, SsmaxError } from '../../../src/core/error.ts';

/** Expects SsmaxError with this code (and kind), thrown or rejected. */
export async function expectCode(action: () => unknown, code: string, kind: ErrorKind = 'refused'): Promise<void> {
  let error: unknown;
  try {
    await action();
  } catch (thrown) {
    error = thrown;
  }
  expect(error, `${code} is due`).toBeInstanceOf(SsmaxError);
  if (error instanceof SsmaxError) expect({ code: error.code, kind: error.kind, message: error.message }).toMatchObject({ code, kind });
}
