/** How a server says no: the body of every answer that is not 2xx, and the status that goes with it (docs/protocol.md). */
import { z } from 'zod';
import type { Bytes } from '../core/bytes.ts';
import { SsmaxError } from '../core/error.ts';
import { decodeJson, encodeJson } from './json.ts';

const problemSchema = z.object({
  kind: z.enum(['refused', 'not-for-me', 'unavailable', 'fault']),
  code: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/).max(64),
  params: z.record(z.string(), z.union([z.string().max(1000), z.number()])).default({}),
});

const statusByCode: Readonly<Record<string, number>> = {
  'not-found': 404,
  'peer-not-allowed': 403,
  'host-unknown': 403,
  'sign-on-missing': 403,
  'body-too-large': 413,
  'enrolment-refused': 401,
  'enrolment-rate-limited': 429,
  'rate-limited': 429,
};

const statusByKind = { refused: 422, 'not-for-me': 422, unavailable: 503, fault: 500 } as const;

export interface Problem {
  readonly status: number;
  readonly body: Bytes;
}

/** Of faults and of errors that are not ours nothing is told: the answer is `{kind: fault, code: internal}`. */
export function encodeProblem(error: unknown): Problem {
  if (!(error instanceof SsmaxError) || error.kind === 'fault') {
    return { status: 500, body: encodeJson({ kind: 'fault', code: 'internal', params: {} }) };
  }
  const { kind, code, params } = error;
  return { status: statusByCode[code] ?? statusByKind[kind], body: encodeJson({ kind, code, params }) };
}

/** The error that an answer stands for; `answer-invalid` (unavailable) when its body is none of ours. */
export function decodeProblem(status: number, body: Bytes): SsmaxError {
  try {
    const { kind, code, params } = decodeJson(problemSchema, body);
    return new SsmaxError(kind, code, params);
  } catch (cause) {
    return new SsmaxError('unavailable', 'answer-invalid', { status }, { cause });
  }
}
