/** The key server's configuration file, keyserver.yaml (docs/running.md). */
import { z } from 'zod';
import { MODES } from '../../wire/leg.ts';
import { type ConfigFields, loadConfig } from '../shared/config.ts';

const keyServerConfig = ({ path, address, spki, domain, database }: ConfigFields) => z.strictObject({
  /** Copies of directory and CRL, and the socket for the command line. */
  state: path,
  /** May be left out where the environment has DATABASE_URL. */
  database: database.optional(),
  /** The organisation's key and certificate. */
  key: path,
  certificate: path,
  /** This server's own TLS key; its certificate is made by the organisation itself. */
  tlsKey: path,
  hostName: domain,
  /** The Authority's root certificate. */
  root: path,
  domains: z.array(domain).min(1),
  /** What members may send (docs/admin/modes.md). */
  modes: z.array(z.enum(MODES)).min(1).default(['protect-all']),
  listen: address,
  authority: z.strictObject({ address, spki }),
  /** TLS keys of the gateways that may call. */
  gateways: z.array(spki).min(1),
  /** HTTPS for plugins: a certificate that mail clients trust by themselves or by policy. */
  plugin: z.strictObject({ listen: address, certificate: path, key: path }),
  /** How long evidence for tracing is kept; days. */
  retention: z.int().min(1).max(36_500).default(1096),
  /** Where monitoring asks (`/healthz`, `/readyz`, `/metrics`), in the clear: a loopback address. */
  health: address.optional(),
  /** How often directory and CRL are fetched; seconds. */
  refresh: z.int().min(1).max(86_400).default(60),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type KeyServerConfig = z.output<ReturnType<typeof keyServerConfig>>;

/** Throws what `loadConfig` throws. */
export function loadKeyServerConfig(file: string): KeyServerConfig {
  return loadConfig(file, keyServerConfig);
}
