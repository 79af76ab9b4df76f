/** Calls to a running server over its administration socket. */
import { join } from 'node:path';
import { Option } from 'commander';
import type { Bytes } from '../core/bytes.ts';
import { ADMIN_SOCKET, createAdminClient } from '../server/shared/admin-socket.ts';

export function adminOption(): Option {
  return new Option('--state <directory>', 'the running server\'s state directory').makeOptionMandatory();
}

/** One call; throws what the server refused with, or `server-not-running`. */
export async function adminCall(state: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Bytes> {
  const client = createAdminClient(join(state, ADMIN_SOCKET));
  try {
    return await (method === 'GET' ? client.get(path) : client.post(path, body));
  } finally {
    client.close();
  }
}
