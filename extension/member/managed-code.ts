/** An enrolment code that came with the managed settings of this one computer: then the member types nothing. */
import { readManaged } from '../../src/wire/managed-settings.ts';
import type { MemberPorts } from './ports.ts';

/** Throws `configuration-invalid`. */
export async function managedCode({ managed }: Pick<MemberPorts, 'managed'>): Promise<string | undefined> {
  return readManaged(await managed()).enrolmentCode;
}
