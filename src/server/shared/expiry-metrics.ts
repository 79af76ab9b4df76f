/** When what a server rests on ends: what an administrator sets an alarm on. */
import type { Certificate } from '../../core/pki/certificate.ts';
import type { Trust } from '../../flow/trust.ts';
import { Gauge, type Metric } from './metrics.ts';

/** `certificates` by what they are for: `server`, `organisation`, `root`. */
export function expiryMetrics(certificates: Readonly<Record<string, Certificate>>, trust?: () => Promise<Trust>): Metric[] {
  const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);
  const metrics = [new Gauge('ssmax_certificate_not_after_seconds', 'When a certificate ends, seconds since 1970.', () =>
    Object.entries(certificates).map(([certificate, { notAfter }]) => [{ certificate }, seconds(notAfter)] as const))];
  if (trust === undefined) return metrics;
  return [...metrics, new Gauge('ssmax_trust_until_seconds', 'Until when directory and revocation lists are good, seconds since 1970.', async () => {
    const { directory, authorityCrl, organisationCrls: [own] } = await trust();
    const parts = { directory: directory.nextUpdate, 'authority-crl': authorityCrl.nextUpdate, ...(own !== undefined && { 'organisation-crl': own.nextUpdate }) };
    return Object.entries(parts).map(([part, until]) => [{ part }, seconds(until)] as const);
  })];
}
