/** An enrolment code that came with the managed settings of this one computer: then the member types nothing. */
import { z } from 'zod';
import type { MemberPorts } from './ports.ts';

const schema = z.object({ enrolmentCode: z.string().min(1) });

export async function managedCode({ managed }: Pick<MemberPorts, 'managed'>): Promise<string | undefined> {
  const result = schema.safeParse(await managed());
  return result.success ? result.data.enrolmentCode : undefined;
}
