/** Numbers of revocation lists (RFC 5280 §5.2.3). */

/**
 * The number after `last`, and never below the clock's seconds: after a restore from an old backup, lists must not bear numbers
 * that were given before, as whoever has seen a higher one takes no lower one.
 */
export function nextNumber(last: number | undefined, now: Date): number {
  return Math.max((last ?? 0) + 1, Math.floor(now.getTime() / 1000));
}
