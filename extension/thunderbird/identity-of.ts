import { thunderbirdApi } from './api.ts';

/** The identity of an account that has this address (normalised); undefined where none has. */
export async function identityOf(address: string): Promise<string | undefined> {
  const accounts = await thunderbirdApi.accounts.list(false);
  return accounts.flatMap(({ identities }) => identities).find(({ email }) => email?.toLowerCase() === address)?.id;
}
