import { SsmaxError, refused } from '../error.ts';

/** What the readers below throw about form; each object read has its own code for it. */
const FORM = ['der-invalid', 'signature-invalid', 'certificate-malformed'];

/** Runs a strict reader and turns its complaints about form into the code that names the object being read. */
export function reading<T>(code: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SsmaxError && error.code !== code && FORM.includes(error.code)) {
      throw new SsmaxError('refused', code, error.params, { cause: error });
    }
    throw error;
  }
}

/** The structure is DER, but not the one that the profile asks for. */
export function malformed(what: string): SsmaxError {
  return refused('certificate-malformed', { what });
}
