/** The gateway's configuration file, gateway.yaml (docs/running.md). */
import { z } from 'zod';
import { authorityConfig } from '../shared/authority-config.ts';
import { type ConfigFields, loadConfig } from '../shared/config.ts';

const gatewayConfig = ({ path, address, spki }: ConfigFields) => z.strictObject({
  /** Where copies of directory and CRLs are kept. */
  state: path,
  key: path,
  certificate: path,
  /** The own organisation's certificate. */
  organisation: path,
  /** The Authority's root certificate. */
  root: path,
  listen: z.strictObject({ submission: address, arriving: address }),
  /** The MTA's listener for checked mail, on loopback. */
  queue: address,
  /** How many connections that listener may get at once: fewer than it serves (Postfix: maxproc in master.cf). */
  queueConnections: z.int().min(1).max(1000).default(40),
  /** For policies that hold mail: the MTA's two listeners that put it on hold, and the program that releases it (docs/admin/inspection.md). */
  hold: z.strictObject({
    submission: address,
    arriving: address,
    release: z.tuple([z.string().min(1)], z.string()),
    /** How often to ask what may be released; seconds. */
    interval: z.int().min(1).max(3600).default(15),
  }).optional(),
  authority: authorityConfig({ path, address, spki }),
  keyServer: copies(z.strictObject({ address, spki })),
  inspection: copies(z.strictObject({ address, spki })),
  /** Old mail of members who lost their key may be recovered: as in keyserver.yaml, so that the key server cannot decide it alone. */
  recovery: z.boolean().default(false),
  maximumSize: z.int().min(65_536).max(256 * 1024 * 1024).default(64 * 1024 * 1024),
  maximumRecipients: z.int().min(1).max(500).default(100),
  /** Connections that each listener serves at once; more are told 421. */
  maximumConnections: z.int().min(1).max(10_000).default(200),
  /** Memory for the mails in work, bytes (docs/decisions/0033-mails-in-memory.md). */
  memory: z.int().min(64 * 1024 * 1024).max(1024 ** 4).default(1024 ** 3),
  /** Mail from outside SSMAX (docs/admin/outside-mail.md). */
  outside: z.strictObject({
    /** Who finds out about SPF, DKIM and DMARC: this gateway, or mail servers before it that are trusted to. */
    authentication: z.union([
      z.strictObject({ by: z.literal('gateway'), /** DNS servers; those of the machine unless given. */ dns: z.array(address).min(1).max(4).optional() }),
      z.strictObject({ by: z.literal('upstream'), /** authserv-id of the field to trust. */ name: z.string().regex(/^[A-Za-z0-9._-]{1,253}$/), addresses: z.array(z.union([z.ipv4(), z.ipv6()])).min(1).max(64) }),
      z.strictObject({ by: z.literal('nobody') }),
    ]).default({ by: 'gateway' }),
    /** Authorities behind plain S/MIME signatures, with their CRLs: one file in PEM. Without it nobody is trusted. */
    smimeTrust: path.optional(),
  }).default({ authentication: { by: 'gateway' } }),
  /** Where monitoring asks (`/healthz`, `/readyz`, `/metrics`), in the clear: a loopback address. */
  health: address.optional(),
  /** stages.yaml: how far the introduction has come; without it, members submit protected mail only. */
  stages: path.optional(),
  /** How often directory and CRLs are fetched; seconds. */
  refresh: z.int().min(1).max(86_400).default(60),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** One server, or a list of its copies; becomes a list. */
function copies<Peer extends z.ZodType>(peer: Peer) {
  return z.preprocess((given) => (Array.isArray(given) ? given as unknown[] : [given]), z.array(peer).min(1).max(16));
}

export type GatewayConfig = z.output<ReturnType<typeof gatewayConfig>>;

/** Throws what `loadConfig` throws. */
export function loadGatewayConfig(file: string): GatewayConfig {
  return loadConfig(file, gatewayConfig);
}
