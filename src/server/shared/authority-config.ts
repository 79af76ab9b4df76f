/** How members' servers reach the Authority, as their configuration files have it. */
import { z } from 'zod';
import type { ConfigFields } from './config.ts';

export const authorityConfig = ({ path, address, spki }: Pick<ConfigFields, 'path' | 'address' | 'spki'>) => z.strictObject({
  address,
  /** Its key, or several while it changes. */
  spki: z.union([spki.transform((one) => [one]), z.array(spki).min(1).max(4)]),
  /** A web server or CDN that carries the published directory; asked before the Authority (docs/admin/authority.md). */
  mirror: z.strictObject({
    /** Where `index.cms`, `authority.crl` and `files/` are. */
    url: z.url({ protocol: /^https$/ }).transform((url) => url.replace(/\/+$/, '')),
    /** PEM of a certification authority for its TLS certificate, beside the public ones. */
    tlsCa: path.optional(),
  }).optional(),
});

export type AuthorityConfig = z.output<ReturnType<typeof authorityConfig>>;
