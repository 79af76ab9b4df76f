/** status.yaml (docs/admin/status.md). It names no key and no secret: the status server reads what monitoring reads. */
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { type ConfigFields, type HostPort, loadConfig } from '../shared/config.ts';

const statusConfig = ({ path, address, database }: ConfigFields) => {
  const loopback = address.refine(isLoopback, 'must be a loopback address such as 127.0.0.1:8480: sign-on and TLS are a reverse proxy\'s work');
  return z.strictObject({
    /** Where the page is, in the clear. */
    listen: loopback,
    /** The organisation's names, for the page's head. */
    organisation: z.strictObject({ ja: z.string().min(1).max(100), en: z.string().min(1).max(100) }),
    /** Counts over time. */
    database,
    /** What is looked at: each server's `health` address. */
    servers: z.array(z.strictObject({
      name: z.string().min(1).max(64), role: z.enum(['gateway', 'keyserver', 'inspection', 'authority']), health: loopback,
    })).min(1).max(100).refine((servers) => new Set(servers.map(({ name }) => name)).size === servers.length, 'each server needs a name of its own'),
    /** The configuration directory of the Postfix whose queue is counted; without, no queue is shown. */
    postfix: path.optional(),
    /** Seconds between two looks. */
    every: z.int().min(1).max(3600).default(60),
    /** Names under which a reverse proxy shows the page, as its users write them, with the port where there is one. */
    hosts: z.array(z.string().regex(/^[a-z0-9.-]+(?::\d{1,5})?$/, 'must be a host name in lower case, perhaps with a port')).max(20).default([]),
    /** The header field by which the reverse proxy says who signed on: without it nothing is shown. */
    signOn: z.strictObject({ header: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) }).optional(),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  });
};

function isLoopback({ host }: HostPort): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

export type StatusConfig = z.output<ReturnType<typeof statusConfig>>;

/** Throws what `loadConfig` throws. */
export function loadStatusConfig(file: string): StatusConfig {
  return loadConfig(file, statusConfig);
}
