/** The inspection server's trust material: directory and revocation lists as the own key server gives them to members, all of it signed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import type { Clock } from '../../flow/ports.ts';
import { createNodeHttp } from '../../platform/node-http.ts';
import { INDEX_FILE } from '../../wire/directory-index.ts';
import { readPins } from '../shared/certificate-file.ts';
import type { Logger } from '../shared/log.ts';
import { createTrustSource, type TrustSource } from '../shared/trust-source.ts';
import type { InspectionConfig } from './config.ts';

/** Undefined where nothing is configured. What cannot be fetched now is in the log, and is fetched again. */
export async function startInspectionTrust({ trust, state }: InspectionConfig, clock: Clock, log: Logger): Promise<TrustSource | undefined> {
  if (trust === undefined || state === undefined) return undefined;
  const http = createNodeHttp(trust.tlsCa === undefined ? {} : { ca: readFileSync(trust.tlsCa, 'utf8') });
  const get = (path: string) => async (): Promise<Bytes> => {
    const { status, body } = await http({ method: 'GET', url: `${trust.server}${path}` });
    if (status !== 200) throw new SsmaxError('unavailable', 'answer-invalid', { status });
    return body;
  };
  const source = createTrustSource({
    root: readPins(trust.root),
    directory: join(state, 'trust'),
    interval: trust.refresh * 1000,
    sources: {
      index: get(`/ssmax/v1/directory/${INDEX_FILE}`),
      file: (name) => get(`/ssmax/v1/directory/${name}`)(),
      crls: { authority: get('/ssmax/v1/crl/authority'), organisation: get('/ssmax/v1/crl/organisation') },
    },
    clock,
    log,
  });
  await source.refresh();
  return source;
}
