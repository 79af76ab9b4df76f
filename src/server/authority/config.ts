/** The Authority's configuration file, authority.yaml (docs/running.md). */
import { z } from 'zod';
import { type ConfigFields, loadConfig } from '../shared/config.ts';

const authorityConfig = ({ path, address, database }: ConfigFields) => z.strictObject({
  state: path,
  /** May be left out where the environment has DATABASE_URL. */
  database: database.optional(),
  root: path,
  delegateKey: path,
  delegateCertificate: path,
  /** The criteria of the review (docs/admin/authority.md); without it, the built-in ones. */
  criteria: path.optional(),
  listen: address,
  /** Where monitoring asks (`/healthz`, `/readyz`, `/metrics`), in the clear: a loopback address. */
  health: address.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type AuthorityConfig = z.output<ReturnType<typeof authorityConfig>>;

/** Throws what `loadConfig` throws. */
export function loadAuthorityConfig(file: string): AuthorityConfig {
  return loadConfig(file, authorityConfig);
}
