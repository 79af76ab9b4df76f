/** What the running Authority publishes, written into a folder. */
import { join } from 'node:path';
import { parseSignedData } from '../core/cms/signed-data.ts';
import { Directory } from '../flow/directory-files.ts';
import { ADMIN_SOCKET, createAdminClient } from '../server/shared/admin-socket.ts';
import { CRL_FILE, decodeIndex, INDEX_FILE } from '../wire/directory-index.ts';
import { replace, writeDirectory } from './directory-copy.ts';

/** The directory's files and the revocation list; gives how many files there are, and how many of them are new. */
export async function copyPublished(state: string, out: string): Promise<{ files: number; written: number }> {
  const client = createAdminClient(join(state, ADMIN_SOCKET));
  try {
    const file = (name: string): ReturnType<typeof client.get> => client.get(`/directory/${name}`);
    const index = await file(INDEX_FILE);
    const { files, written } = await writeDirectory(out, { index, file }, new Directory(decodeIndex(parseSignedData(index).eContent), file));
    replace(join(out, CRL_FILE), await file(CRL_FILE));
    return { files: files + 1, written: written + 1 };
  } finally {
    client.close();
  }
}
