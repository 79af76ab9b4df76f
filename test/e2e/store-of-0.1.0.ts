/**
 * Runs in a page of the add-on: puts the store into the form that version 0.1.0 left it in, with the key that is in it now.
 * That form: database `ssmax`, version 9 (the number of its tables), the tables below, one identity a row, by the
 * hexadecimal SHA-256 of its public key, with these five fields.
 */
export async function intoStoreOf010(): Promise<void> {
  const tables = ['trust', 'settings', 'identities', 'pending', 'sealed', 'deliveries', 'organisations', 'correspondents', 'preferences'];
  const result = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('IndexedDB'));
  });
  const now = await result(indexedDB.open('ssmax'));
  const store = now.transaction('identities').objectStore('identities');
  const [keys, rows] = await Promise.all([result(store.getAllKeys()), result(store.getAll() as IDBRequest<Record<string, unknown>[]>)]);
  now.close();
  await result(indexedDB.deleteDatabase('ssmax'));
  const opening = indexedDB.open('ssmax', tables.length);
  opening.onupgradeneeded = () => tables.forEach((table) => opening.result.createObjectStore(table));
  const old = await result(opening);
  const writing = old.transaction('identities', 'readwrite').objectStore('identities');
  for (const [i, { address, pair, certificate, organisation, enrolledAt }] of rows.entries()) {
    await result(writing.put({ address, pair, certificate, organisation, enrolledAt }, keys[i]));
  }
  old.close();
}
