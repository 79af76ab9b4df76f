/**
 * The one error that crosses module borders. `kind` says what the caller may do about it, `code` is stable and
 * documented (docs/errors.md), `params` carry what a sentence needs (never content, keys or secrets). Only user
 * interfaces turn a code into words.
 *
 * - `refused`: the input is wrong or not allowed; trying again will not help.
 * - `not-for-me`: the input may be fine, but no key here opens it.
 * - `unavailable`: something needed cannot be had now; try again later.
 * - `fault`: this program or its configuration is at fault.
 */
export type ErrorKind = 'refused' | 'not-for-me' | 'unavailable' | 'fault';

export type ErrorParams = Readonly<Record<string, string | number>>;

export class SsmaxError extends Error {
  override readonly name = 'SsmaxError';

  constructor(
    readonly kind: ErrorKind,
    /** Kebab-case, stable: `label-proof-invalid`. */
    readonly code: string,
    readonly params: ErrorParams = {},
    options?: ErrorOptions,
  ) {
    super(`${code}${Object.keys(params).length > 0 ? ` ${JSON.stringify(params)}` : ''}`, options);
  }
}

/** Shorthand for the commonest kind. */
export function refused(code: string, params: ErrorParams = {}, cause?: unknown): SsmaxError {
  return new SsmaxError('refused', code, params, cause === undefined ? undefined : { cause });
}
