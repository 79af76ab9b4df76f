import { type ErrorKind, SsmaxError, refused } from '../error.ts';

/** Runs a strict reader and turns `der-invalid` into the code that names the object being read. */
export function reading<T>(code: string, kind: ErrorKind, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SsmaxError && error.code === 'der-invalid') {
      throw new SsmaxError(kind, code, error.params, { cause: error });
    }
    throw error;
  }
}

/** The structure is DER, but not the one that the profile asks for. */
export function malformed(what: string): SsmaxError {
  return refused('certificate-malformed', { what });
}
