import { htmlToText } from '../ui/html-text.ts';
import { thunderbirdApi } from './api.ts';

/** The address of this identity; undefined where there is no such identity, or it has none. */
export async function addressOf(identityId: string | undefined): Promise<string | undefined> {
  const accounts = await thunderbirdApi.accounts.list(false);
  const email = accounts.flatMap(({ identities }) => identities).find(({ id }) => id === identityId)?.email;
  return email?.includes('@') === true ? email : undefined;
}

/** The identity of an account that has this address (normalised); undefined where none has. */
export async function identityOf(address: string): Promise<string | undefined> {
  const accounts = await thunderbirdApi.accounts.list(false);
  return accounts.flatMap(({ identities }) => identities).find(({ email }) => email?.toLowerCase() === address)?.id;
}

/** The text of the signature that this identity puts below its mails; empty where it has none, or one in a file. */
export async function signatureOf(identityId: string | undefined): Promise<string> {
  const accounts = await thunderbirdApi.accounts.list(false);
  const { signature = '', signatureIsPlainText = true } = accounts.flatMap(({ identities }) => identities).find(({ id }) => id === identityId) ?? {};
  return signatureIsPlainText ? signature : htmlToText(signature);
}
