/** The inspection server's configuration file (docs/inspection.md). */
import { z } from 'zod';
import type { Bytes } from '../../core/bytes.ts';
import { type HostPort, loadConfig } from '../shared/config.ts';

export interface InspectionConfig {
  readonly listen: HostPort;
  /** Where monitoring asks (`/healthz`, `/readyz`, `/metrics`), in the clear: a loopback address. */
  readonly health?: HostPort | undefined;
  /** Private key, PKCS#8 encrypted, PEM. */
  readonly key: string;
  /** The own certificate, PEM. */
  readonly certificate: string;
  /** The own organisation's certificate, PEM. */
  readonly organisation: string;
  /** SPKI hashes of the gateways that may submit; empty until they are known. */
  readonly gateways: readonly Bytes[];
  readonly policy: string;
  readonly clamd?: { readonly socket: string; readonly timeout: number } | undefined;
  /** Mails inspected at once. */
  readonly concurrency: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Throws what `loadConfig` throws. */
export function loadInspectionConfig(file: string): InspectionConfig {
  return loadConfig(file, ({ address, path, spki }) =>
    z.strictObject({
      listen: address,
      health: address.optional(),
      key: path,
      certificate: path,
      organisation: path,
      gateways: z.array(spki).max(32),
      policy: path,
      clamd: z.strictObject({
        socket: path,
        /** Seconds for one scan. Longer than the gateway waits is of no use. */
        timeout: z.number().int().min(1).max(240).default(60),
      }).optional(),
      concurrency: z.number().int().min(1).max(64).default(2),
      logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    }));
}
