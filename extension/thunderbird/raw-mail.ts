/** A message as the mail server has it. */
import type { Bytes } from '../../src/core/bytes.ts';
import { thunderbirdApi } from './api.ts';

/** The whole RFC 5322 mail; Thunderbird fetches it first where it has to. */
export async function rawOf(messageId: number): Promise<Bytes> {
  const file = await thunderbirdApi.messages.getRaw(messageId, { data_format: 'File' });
  return new Uint8Array(await file.arrayBuffer());
}
