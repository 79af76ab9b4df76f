/** What a member does with the mail that a tab shows, from the popup on its button, or the window that the shortcut opened: with the mail it told of, and no other. */
import type { Bytes } from '../../src/core/bytes.ts';
import { refused, SsmaxError } from '../../src/core/error.ts';
import type { Complaint } from '../../src/wire/report.ts';
import type { CopyKind, Reported } from '../host.ts';
import { requirePermission } from '../member/copies.ts';
import { prepareForward } from '../member/forward.ts';
import { reportMalicious } from '../member/report.ts';
import type { SealParts } from '../member/seal.ts';
import { fileName } from '../ui/file-name.ts';
import { type Reason, reasonOf, reasonOfError } from '../ui/reasons.ts';
import { thunderbirdApi } from './api.ts';
import { whyNot } from './why-not.ts';
import { saveFile } from './downloads.ts';
import { identityOf } from './identity-of.ts';
import { keepAlive } from './keep-alive.ts';
import { logFault } from './log.ts';
import { copyOf } from './mail-copy.ts';
import { rawOf } from './raw-mail.ts';
import type { ReadingDesk, Shown } from './reading.ts';
import { words } from './words.ts';

export class MailActions {
  readonly #member: SealParts;
  readonly #desk: ReadingDesk;

  constructor(member: SealParts, desk: ReadingDesk) {
    this.#member = member;
    this.#desk = desk;
  }

  /** Reports this mail, which the tab still shows. Never throws: what went wrong is said. */
  async report(tabId: number, messageId: number, complaint: Complaint): Promise<Reported> {
    const release = keepAlive();
    try {
      const { raw, deliveredTo } = await this.#delivered(tabId, messageId);
      return { done: await reportMalicious(this.#member, raw, deliveredTo, complaint) };
    } catch (error) {
      if (!(error instanceof SsmaxError)) logFault(error);
      return { reason: reasonOfError(words, error) };
    } finally {
      release();
    }
  }

  /** Opens a compose window that passes the mail on, or the chosen of its sealed parts; gives why not. */
  forward(tabId: number, messageId: number, parts: readonly number[] | undefined): Promise<Reason | undefined> {
    return whyNot(async () => {
      const { raw, deliveredTo, shown } = await this.#delivered(tabId, messageId);
      const file = await prepareForward(this.#member, raw, parts);
      const { subject } = shown.message; // what anyone on the way could read anyway
      const name = fileName(words, words.text('forward_file', { subject }), 0);
      const identityId = await identityOf(deliveredTo);
      await thunderbirdApi.compose.beginNew({
        subject: `Fwd: ${subject}`, attachments: [{ file: new File([file], name, { type: 'application/octet-stream' }) }], ...(identityId !== undefined && { identityId }),
      });
      return undefined;
    });
  }

  /** Saves a copy outside the seal; gives why not. */
  copy(tabId: number, messageId: number, kind: CopyKind): Promise<Reason | undefined> {
    return whyNot(async () => {
      await requirePermission(this.#member.ports, 'copies');
      const copy = copyOf((await this.#shown(tabId, messageId)).reading, kind);
      if (copy === undefined) return reasonOf(words, 'other');
      await saveFile(copy.name, copy.bytes);
      return undefined;
    });
  }

  /** The mail that the member saw when he asked. Throws `another-mail` where its tab shows another one by now, or none. */
  async #shown(tabId: number, messageId: number): Promise<Shown> {
    const shown = await this.#desk.shown(tabId);
    if (shown?.message.id !== messageId) throw refused('another-mail');
    return shown;
  }

  async #delivered(tabId: number, messageId: number): Promise<{ raw: Bytes; deliveredTo: string; shown: Shown }> {
    const shown = await this.#shown(tabId, messageId);
    const deliveredTo = shown.reading?.judgement.deliveredTo;
    if (deliveredTo === undefined) throw new SsmaxError('refused', 'report-evidence', { what: 'leg' });
    return { raw: await rawOf(shown.message.id), deliveredTo, shown };
  }
}
