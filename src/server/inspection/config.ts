/** The inspection server's configuration file (docs/admin/inspection.md). */
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
  /** Administration socket and copies of the trust material. Needed to hold mail, and to judge by the sending organisation. */
  readonly state?: string | undefined;
  /** Held mail and the audit chain. Needed to hold mail. */
  readonly database?: string | undefined;
  /** Where directory and revocation lists come from. */
  readonly trust?: { readonly root: string; readonly server: string; readonly tlsCa?: string | undefined; readonly refresh: number } | undefined;
  /** How long and how large the process may be that reads one mail: seconds, megabytes. */
  readonly reading: { readonly seconds: number; readonly megabytes: number };
  /** Mails inspected at once. */
  readonly concurrency: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Throws what `loadConfig` throws. */
export function loadInspectionConfig(file: string): InspectionConfig {
  return loadConfig(file, ({ address, database, path, spki }) =>
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
      state: path.optional(),
      database: database.optional(),
      trust: z.strictObject({
        root: path,
        /** The own key server as members reach it. */
        server: z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/+$/, '')),
        tlsCa: path.optional(),
        refresh: z.int().min(1).max(86_400).default(60),
      }).optional(),
      reading: z.strictObject({ seconds: z.int().min(1).max(100).default(40), megabytes: z.int().min(256).max(16_384).default(1024) }).prefault({}),
      concurrency: z.number().int().min(1).max(64).default(2),
      logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    }));
}
