/** What was sent, and what became of it: one line for each recipient of each mail. */

export interface Entry {
  /** Content digest in hexadecimal; of an unsealed mail a name of its own. */
  readonly id: string;
  readonly what: string;
  readonly sender: string;
  readonly recipient: string;
  /** How it has to end: delivered, refused in the SMTP dialogue, or refused at the other organisation, by delivery report. */
  readonly due: 'delivered' | 'refused' | 'reported';
  /** Of what the reader has to see. */
  readonly fingerprint: string;
  delivered: number;
  noted: number;
  refusal?: string;
}

export interface Totals {
  readonly sent: number;
  readonly delivered: number;
  readonly refused: number;
  readonly lost: number;
  readonly doubled: number;
  readonly noted: number;
  readonly leaks: number;
}

export class Ledger {
  readonly #entries = new Map<string, Entry>();
  /** What is wrong, in words. */
  readonly problems: string[] = [];
  /** Plaintext where it must not be, refused mail that was delivered, processes that grow. */
  readonly leaks: string[] = [];

  add(entry: Omit<Entry, 'delivered' | 'noted' | 'refusal'>): void {
    this.#entries.set(key(entry.id, entry.recipient), { ...entry, delivered: 0, noted: 0 });
  }

  find(id: string, recipient: string): Entry | undefined {
    return this.#entries.get(key(id, recipient));
  }

  /** A delivered copy, with what its reader saw; `noted` if he was told that it is a second one. */
  delivered(id: string, recipient: string, fingerprint: string, noted: boolean): void {
    const entry = this.find(id, recipient);
    if (entry === undefined) {
      this.problems.push(`a mail that nobody sent, ${id}, came to ${recipient}`);
      return;
    }
    if (entry.due !== 'delivered') this.leaks.push(`${describe(entry)} was delivered, though it had to be refused`);
    if (entry.fingerprint !== fingerprint) this.problems.push(`${describe(entry)} came with other content`);
    entry.delivered++;
    if (noted) entry.noted++;
  }

  /** The answer of SMTP to the mail, or the code of a delivery report. */
  refused(id: string, recipient: string, refusal: string): void {
    const entry = this.find(id, recipient);
    if (entry === undefined) this.problems.push(`${recipient}: a refusal of a mail that nobody sent, ${id}`);
    else entry.refusal = refusal;
  }

  /** What has neither been delivered nor refused yet. */
  outstanding(): Entry[] {
    return [...this.#entries.values()].filter((entry) => !isSettled(entry));
  }

  totals(): Totals {
    const entries = [...this.#entries.values()];
    const sum = (of: (entry: Entry) => number): number => entries.reduce((total, entry) => total + of(entry), 0);
    return {
      sent: entries.length,
      delivered: sum((entry) => (entry.due === 'delivered' && entry.delivered > 0 ? 1 : 0)),
      refused: sum((entry) => (entry.due !== 'delivered' && isSettled(entry) ? 1 : 0)),
      lost: this.outstanding().length,
      doubled: sum(({ delivered }) => Math.max(0, delivered - 1)),
      noted: sum(({ noted }) => noted),
      leaks: this.leaks.length,
    };
  }
}

/** A mail that had to be delivered and was refused instead is not settled: somebody's mail is lost. */
function isSettled({ due, delivered, refusal }: Entry): boolean {
  return due === 'delivered' ? delivered > 0 : refusal !== undefined;
}

export function describe({ id, what, sender, recipient, refusal }: Entry): string {
  return `${what} ${id.slice(0, 12)} from ${sender} to ${recipient}${refusal === undefined ? '' : ` (refused: ${refusal})`}`;
}

function key(id: string, recipient: string): string {
  return `${id} ${recipient}`;
}
