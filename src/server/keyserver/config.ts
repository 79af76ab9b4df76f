/** The key server's configuration file, keyserver.yaml (docs/running.md). */
import { z } from 'zod';
import { MODES } from '../../wire/leg.ts';
import { domainPatternSchema } from '../../wire/sending-policy.ts';
import { authorityConfig } from '../shared/authority-config.ts';
import { type ConfigFields, loadConfig } from '../shared/config.ts';

const keyServerConfig = ({ path, address, spki, domain, database }: ConfigFields) => z.strictObject({
  /** Copies of directory and CRL, and the socket for the command line. */
  state: path,
  /** May be left out where the environment has DATABASE_URL. */
  database: database.optional(),
  /** The organisation's key and certificate. */
  key: path,
  certificate: path,
  /** The key that is to come into use when the directory names a certificate for it. */
  next: z.strictObject({ key: path }).optional(),
  /** Keys that were in use before: mail sealed to them still opens, and old mail can be recovered. */
  former: z.array(z.strictObject({ key: path, certificate: path })).max(15).default([]),
  /** Members who lost their key may have their old mail recovered; never at an ISP. Gateways need `recovery: true` as well. */
  recovery: z.strictObject({
    /** Directory for notices to members, to be mailed or printed. */
    notices: path,
    /** The longest recovery; hours. */
    hours: z.int().min(1).max(24 * 31).default(168),
    /** The most mails in one recovery. */
    mails: z.int().min(1).max(1_000_000).default(5000),
  }).optional(),
  /** This server's own TLS key; its certificate is made by the organisation itself. */
  tlsKey: path,
  hostName: domain,
  /** The Authority's root certificate. */
  root: path,
  domains: z.array(domain).min(1),
  /** What members may send (docs/admin/modes.md). */
  modes: z.array(z.enum(MODES)).min(1).default(['protect-all']),
  /** Mail to recipients outside SSMAX (docs/admin/outside-mail.md); refused unless given. */
  outside: z.strictObject({
    /** The key that signs it as S/MIME. */
    key: path,
    /** To which domains it goes, signed only. */
    signedOnly: z.array(domainPatternSchema).min(1).max(1000),
  }).optional(),
  listen: address,
  authority: authorityConfig({ path, address, spki }),
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
