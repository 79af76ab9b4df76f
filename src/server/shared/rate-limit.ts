/** A token bucket for each caller, in memory: it slows guessing and floods down, exact counting is the stores' business. */
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { refused } from '../../core/error.ts';

interface RateLimitOptions {
  /** How many calls may come at once. */
  readonly burst: number;
  /** How many come back per minute. */
  readonly perMinute: number;
  readonly now?: () => number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Callers remembered; the oldest is forgotten first, which gives it a full bucket at worst. */
const capacity = 10_000;

export class RateLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #options: Required<RateLimitOptions>;

  constructor(options: RateLimitOptions) {
    this.#options = { now: () => performance.now(), ...options };
  }

  /** Takes one token of `caller`; false when there is none. */
  take(caller: string): boolean {
    const { burst, perMinute, now } = this.#options;
    const at = now();
    const bucket = this.#buckets.get(caller) ?? { tokens: burst, at };
    const tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 60_000) * perMinute);
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
    if (this.#buckets.size > capacity) this.#forgetOldest();
    return tokens >= 1;
  }

  #forgetOldest(): void {
    for (const caller of this.#buckets.keys()) {
      this.#buckets.delete(caller);
      return;
    }
  }
}

/** Refuses with `rate-limited` (429) what one remote address sends too fast. */
export function rateLimit(limiter: RateLimiter): MiddlewareHandler {
  const requireRate = limiterOf(limiter);
  return async (context, next) => {
    requireRate(context);
    await next();
  };
}

/** The same for a handler that counts some of its requests only. */
export function limiterOf(limiter: RateLimiter): (context: Context) => void {
  return (context) => {
    const { remoteAddress = '' } = (context.env as HttpBindings).incoming.socket;
    if (!limiter.take(remoteAddress)) throw refused('rate-limited');
  };
}
