/**
 * Mail that the policy holds back (docs/protocol.md §11): still sealed as it arrived, it goes to a listener of the queue that
 * puts it on hold. When somebody decided, the queue releases it to the listener that it came by, and it is inspected anew:
 * nothing that is released by mistake goes on without a verdict.
 */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { type Bytes, hex } from '../../core/bytes.ts';
import { SsmaxError } from '../../core/error.ts';
import { wholeMail } from '../../mail/carrier.ts';
import { waitingReport } from '../../mail/gateway-reports.ts';
import { type HeldAtAnswer, heldAtAnswerSchema, releasesSchema } from '../../wire/held.ts';
import { decodeJson, encodeJson } from '../../wire/json.ts';
import type { Logger } from '../shared/log.ts';
import type { PinnedClient } from '../shared/pinned-client.ts';
import type { Copy, Queue } from './reinject.ts';
import type { Envelope } from './smtp.ts';

interface HoldParts {
  readonly inspection: PinnedClient;
  /** The listeners of the queue that put mail on hold, one for each way that mail comes. */
  readonly queues: Readonly<Record<'submission' | 'arriving', Queue>>;
  /** For the word to the sender. */
  readonly queue: Queue;
  /** Program and arguments that release what stands on its standard input, such as `postsuper -H -`. */
  readonly release: readonly [string, ...string[]];
  /** How often to ask what may be released, and when to tell again where a mail lies; milliseconds. */
  readonly interval: number;
  readonly log: Logger;
}

export interface HeldArrival {
  readonly listener: 'submission' | 'arriving';
  readonly envelope: Envelope;
  readonly raw: Bytes;
  readonly contentDigest: Bytes;
  /** Whether the client still waits for an answer. */
  readonly waits: () => boolean;
}

export interface Hold {
  /**
   * Resolves when the queue has it and the inspection server knows where, or was not to be told and the queue lets it come
   * round again. Throws what the queue throws, and `release-failed`: then the client keeps it.
   */
  take(arrival: HeldArrival): Promise<void>;
  stop(): void;
}

const DEADLINE = 30_000;

export function startHold(parts: HoldParts): Hold {
  const { inspection, queues, queue, release, interval, log } = parts;
  const stopped = new AbortController();

  async function take({ listener, envelope, raw, contentDigest, waits }: HeldArrival): Promise<void> {
    const [reply = ''] = await queues[listener].take([{ ...envelope, mail: () => wholeMail(raw) }], waits);
    const queueId = /queued as ([0-9A-Za-z]{5,40})/.exec(reply)?.[1];
    if (queueId === undefined) {
      log.error('held-without-queue-id', { contentDigest: hex(contentDigest) });
      throw new SsmaxError('fault', 'release-failed', { program: release[0] });
    }
    // Before the client is answered: a mail that lies on hold and that nobody knows of is lost if this program ends now.
    const told = await tell(contentDigest, queueId);
    // Only the own members are told: to others, what an organisation holds back is none of their concern until it is decided.
    if (told?.first === true && listener === 'submission' && envelope.from !== '') void notify(envelope, raw, contentDigest, told.until);
  }

  /** Says where the mail lies; in vain, the queue lets it go: it comes round, and is held anew. */
  async function tell(contentDigest: Bytes, queueId: string): Promise<HeldAtAnswer | undefined> {
    for (let attempt = 1; attempt <= 2; attempt++) {
      try {
        return decodeJson(heldAtAnswerSchema, await inspection.request({ method: 'POST', path: '/v1/held', body: encodeJson({ contentDigest, queueId }), deadline: DEADLINE, maximumAnswer: 1024 }));
      } catch (error) {
        log.error('held-not-recorded', { contentDigest: hex(contentDigest), attempt, error });
        await delay(interval, undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
    await runRelease(release, [queueId]);
    return undefined;
  }

  async function notify({ from, recipients }: Envelope, raw: Bytes, contentDigest: Bytes, until: Date): Promise<void> {
    const mail = wholeMail(waitingReport({ to: from, recipients, original: raw, contentDigest, until, now: new Date() }));
    await queue.take([{ from: '', recipients: [from], mail: () => mail, notify: ['NEVER'] } satisfies Copy], () => true).catch((error: unknown) => {
      log.error('held-sender-not-told', { contentDigest: hex(contentDigest), error });
    });
  }

  async function releaseDecided(): Promise<void> {
    const path = '/v1/held/releases';
    const { queueIds } = decodeJson(releasesSchema, await inspection.request({ method: 'GET', path, deadline: DEADLINE, maximumAnswer: 65_536 }));
    if (queueIds.length === 0) return;
    await runRelease(release, queueIds);
    // Said twice is harmless: releasing what is not on hold does nothing.
    await inspection.request({ method: 'POST', path, body: encodeJson({ queueIds }), deadline: DEADLINE, maximumAnswer: 1024 });
    log.info('held-released', { count: queueIds.length });
  }

  const poll = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await releaseDecided().catch((error: unknown) => { log.warn('held-not-released', { error }); });
      await delay(interval, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
    }
  };
  void poll();
  return { take, stop: () => { stopped.abort(); } };
}

function runRelease([program, ...args]: readonly [string, ...string[]], queueIds: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: DEADLINE }, (error) => {
      if (error === null) resolve();
      else reject(new SsmaxError('fault', 'release-failed', { program }, { cause: error }));
    });
    child.stdin?.on('error', () => undefined); // told by the exit code
    child.stdin?.end(queueIds.map((id) => `${id}\n`).join(''));
  });
}
