/** One check and the change that takes it away. */
export interface Fault {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** `name` is a part of the test's full name; every test that holds it is run. */
  readonly test: { readonly file: string; readonly name: string };
}

type Row = readonly [name: string, find: string, replace: string, test: string];

export function of(file: string, testFile: string, rows: readonly Row[]): Fault[] {
  return rows.map(([name, find, replace, test]) => ({ name, file, find, replace, test: { file: testFile, name: test } }));
}

/** A condition that never holds. */
export const NEVER = 'if (false)';
