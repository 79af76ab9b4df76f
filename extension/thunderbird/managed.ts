/** The settings that the organisation manages. */
import { SsmaxError } from '../../src/core/error.ts';
import { browserApi } from './api.ts';

/** What policy gives to this add-on; undefined without one. */
export async function managed(): Promise<unknown> {
  try {
    const values = await browserApi.storage.managed.get();
    return Object.keys(values).length === 0 ? undefined : values;
  } catch (error) {
    if (/\bnot found\b/i.test(String(error))) return undefined; // no policy names this add-on
    throw new SsmaxError('unavailable', 'configuration-invalid', { field: 'storage.managed' }, { cause: error }); // one may: what it fixes is not for the member to change
  }
}
