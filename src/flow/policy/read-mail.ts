/** Reads a whole mail for its policy: header fields, texts, and every file by the reader that it is given. */
import { inspectableText } from '../../mail/inspectable.ts';
import type { Entity } from '../../mail/mime.ts';
import type { FileReader, Piece, Reading } from './reading.ts';

/** `readFile` is called for what is not plain text of the mail itself. Without it, files stay closed. */
export async function readMail(root: Entity, size: number, readFile?: FileReader): Promise<Reading> {
  const pieces: Piece[] = [];
  let part = 0;
  let current = '';
  for (const { number, name, text, type, entity } of inspectableText(root)) {
    // Those of an attached mail count for the part that it is.
    if (number !== '0' && !(current !== '' && number.startsWith(`${current}.`))) {
      part++;
      current = number;
    }
    const own = { part, name, text, kind: undefined, encrypted: false, macros: false, problem: undefined } as const;
    if (entity === undefined || readFile === undefined || (name === undefined && entity.disposition?.value !== 'attachment' && isBodyText(type))) {
      pieces.push(own);
      continue;
    }
    // What the mail says about itself stays readable whatever the reader makes of the file.
    if (text !== '') pieces.push({ ...own, name: undefined });
    pieces.push(...await readFile({ bytes: bytesOf(entity), name, type, part }));
  }
  return { pieces, size };
}

function isBodyText(type: string): boolean {
  return type === 'text/plain' || type === 'text/html' || type === 'message/rfc822';
}

/** An attached mail at the outer level may hold a body that does not decode: then its bytes as they stand. */
function bytesOf(entity: Entity): Uint8Array {
  try {
    return entity.body();
  } catch {
    return entity.rawBody;
  }
}
