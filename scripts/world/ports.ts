/**
 * Free TCP ports on loopback for servers that are configured before they start. Binding port 0 and letting go is a
 * race: the kernel may hand the same port to somebody's outgoing connection. So ports are taken outside the range for
 * outgoing connections, and held by a Unix socket in the abstract name space, which like ports belongs to the network
 * name space, keeps parallel runs apart and vanishes with its owner.
 */
import { readFileSync } from 'node:fs';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { randomInt } from 'node:crypto';
import { SsmaxError } from '../../src/core/error.ts';
import { isErrno } from './owned.ts';

const lowest = 10_240;

export class Ports {
  readonly #held: Server[] = [];

  /** A port on which nothing listens and which no other run will be given until `release`. */
  async take(): Promise<number> {
    const limit = firstEphemeral();
    for (let tries = 0; tries < 1_000; tries++) {
      const port = randomInt(lowest, limit);
      const holder = await listen({ path: `\0ssmax-port-${port}` });
      if (holder === undefined) continue;
      const probe = await listen({ port, host: '127.0.0.1' });
      if (probe === undefined) {
        holder.close();
        continue;
      }
      await new Promise((resolve) => probe.close(resolve));
      holder.unref();
      this.#held.push(holder);
      return port;
    }
    throw new SsmaxError('unavailable', 'no-free-port');
  }

  /** Lets all ports go. */
  release(): void {
    for (const holder of this.#held.splice(0)) holder.close();
  }
}

/** The first port the kernel uses for outgoing connections; everything up to 65,535 if that leaves too few below. */
function firstEphemeral(): number {
  const first = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'), 10);
  return first >= lowest + 2_000 ? first : 65_536;
}

function listen(options: ListenOptions): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (isErrno(error, 'EADDRINUSE', 'EACCES') ? resolve(undefined) : reject(error)));
    server.listen(options, () => resolve(server));
  });
}
