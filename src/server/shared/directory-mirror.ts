/**
 * The directory's files from a web server or CDN that carries them (docs/decisions/0071-directory-mirror.md): under the same paths as at
 * the Authority. They are signed, so nobody's key is pinned here; what comes is for the caller to verify.
 */
import { readFileSync } from 'node:fs';
import type { Bytes } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { createNodeHttp } from '../../platform/node-http.ts';
import { CRL_FILE, INDEX_FILE } from '../../wire/directory-index.ts';
import type { AuthorityConfig } from './authority-config.ts';
import type { TrustFiles } from './trust-source.ts';

/** Mail may wait for it, and the Authority is asked after it; milliseconds. */
const DEADLINE = 10_000;

/** Throws `file-unreadable` (fault); its functions throw `network-unreachable`, `answer-invalid`, `answer-too-large` (unavailable). */
export function createMirror({ url, tlsCa }: NonNullable<AuthorityConfig['mirror']>): TrustFiles {
  const http = createNodeHttp({ timeout: DEADLINE, ...(tlsCa !== undefined && { ca: readCa(tlsCa) }) });
  const get = async (name: string): Promise<Bytes> => {
    const { status, body } = await http({ method: 'GET', url: `${url}/${name}` });
    if (status !== 200) throw new SsmaxError('unavailable', 'answer-invalid', { status });
    return body;
  };
  return { index: () => get(INDEX_FILE), file: get, crls: { authority: () => get(CRL_FILE) } };
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SsmaxError('fault', 'file-unreadable', { file }, { cause: error });
  }
}
