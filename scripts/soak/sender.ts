/** One member who sends mail after mail, as a mail client does: whatever is refused for now goes out again, the same bytes. */
import type { Correspondent, Sealed } from '../../test/scenario/correspondent.ts';
import { type Bytes, hex, utf8 } from '../../src/core/bytes.ts';
import { SsmaxError } from '../../src/core/error.ts';
import { domainOf } from '../../src/mail/address.ts';
import type { LocalWorld } from '../world/local-world.ts';
import { submit } from '../world/smtp.ts';
import { pause } from '../world/wait.ts';
import type { Entry, Ledger } from './ledger.ts';
import { type Canary, DELIVERED, fingerprint, type Kind, nextMail, type Plan } from './mails.ts';
import type { Random } from './random.ts';
import type { Kept } from './reader.ts';

/** The refusal that each kind has to meet in the SMTP dialogue. */
const REFUSALS: Readonly<Partial<Record<Kind, RegExp>>> = {
  keyword: /^550 5\.7\.1 SSMAX-keyword /,
  malware: /^550 5\.7\.1 SSMAX-malware /,
  impersonation: /^550 5\.7\.1 SSMAX-impersonation /,
  altered: /^550 5\.\d\.\d SSMAX-/,
  'other-from': /^550 5\.7\.1 SSMAX-from-mismatch /,
  'other-recipient': /^550 5\.7\.1 SSMAX-recipient-not-in-label /,
  unprotected: /^550 5\.7\.1 SSMAX-not-protected /,
};

/** Milliseconds between two attempts. */
const RETRY = 500;
/** Milliseconds for one answer: as long as a mail server waits for its filter. */
const PATIENCE = 300_000;

export interface SenderParts {
  readonly local: LocalWorld;
  readonly who: Correspondent;
  /** Everybody else. */
  readonly others: readonly string[];
  readonly list: { readonly address: string; readonly members: readonly string[] };
  /** Mails that came and can be forwarded. */
  readonly kept: readonly Kept[];
  readonly random: Random;
  readonly canary: Canary;
  readonly ledger: Ledger;
  /** How many attempts were turned away for now. */
  readonly onRetry: () => void;
}

interface Outgoing {
  readonly id: string;
  /** Of what its readers have to see. */
  readonly fingerprint: string;
  readonly raw: Bytes;
  readonly recipients: readonly string[];
}

/** Sends until `over`; what is under way then is still sent. */
export async function sendUntil(over: () => boolean, parts: SenderParts): Promise<void> {
  while (!over()) {
    const plan = nextMail(parts.random, { others: parts.others, list: parts.list.address, canary: parts.canary });
    await send(parts, plan);
    await pause(parts.random.between(0, 300));
  }
}

async function send(parts: SenderParts, plan: Plan): Promise<void> {
  const { who, ledger, list, kept } = parts;
  if (plan.kind === 'forward' && kept.length === 0) return;
  const mail = await write(parts, plan);
  const due = dueFor(parts, plan);
  for (const recipient of plan.kind === 'list' ? list.members : mail.recipients) {
    ledger.add({ id: mail.id, what: plan.kind, sender: who.address, recipient, due, fingerprint: mail.fingerprint });
  }
  const answer = await submitUntilDecided(parts, plan, mail);
  if (answer.startsWith('250')) {
    if (due === 'refused') ledger.problems.push(`${plan.kind} from ${who.address} was taken: ${answer}`);
    return;
  }
  if (due !== 'refused' || REFUSALS[plan.kind]?.test(answer) !== true) ledger.problems.push(`${plan.kind} from ${who.address} was refused: ${answer}`);
  for (const recipient of mail.recipients) ledger.refused(mail.id, recipient, answer);
}

/** Malware for others only is found where they are: the own organisation looks into it just for its own members. */
function dueFor({ who }: SenderParts, { kind, to, cc, bcc }: Plan): Entry['due'] {
  if (DELIVERED.has(kind)) return 'delivered';
  const inside = [...to, ...cc, ...bcc].some((address) => domainOf(address) === domainOf(who.address));
  return kind === 'malware' && !inside ? 'reported' : 'refused';
}

async function write({ who, others, random, kept }: SenderParts, plan: Plan): Promise<Outgoing> {
  const { kind, to, cc, bcc, subject, text, html, attachments } = plan;
  const recipients = [...to, ...cc, ...bcc];
  const own = fingerprint(subject, plan);
  if (kind === 'impersonation' || kind === 'unprotected') {
    const raw = utf8(`From: ${who.address}\r\nTo: ${to[0] ?? recipients[0] ?? ''}\r\nSubject: hello\r\n\r\nhello ${random.between(0, 2 ** 31)}\r\n`);
    return { id: `${kind} ${random.between(0, 2 ** 31)}`, fingerprint: own, raw, recipients: recipients.slice(0, 1) };
  }
  const mailboxes = (addresses: readonly string[]): { address: string; displayName: string }[] => addresses.map((address) => ({ address, displayName: '' }));
  const mail = { to: mailboxes(to), ...(cc.length > 0 && { cc: mailboxes(cc) }), subject, text, ...(html !== undefined && { html }), attachments };
  if (kind === 'forward') {
    const { raw: original, trust, fingerprint: inside } = random.pick(kept);
    const { raw, contentDigest } = await who.forward(original, trust, mail, bcc);
    return { id: hex(contentDigest), fingerprint: `${own} ${inside}`, raw, recipients };
  }
  const sealed: Sealed = kind === 'sign-only' || kind === 'attachments-only' ? await who.sealAs(kind, mail, bcc) : await who.seal({ ...mail, outerSubject: '...' }, bcc);
  const id = hex(sealed.contentDigest);
  const outgoing = { id, fingerprint: own, recipients };
  if (kind === 'altered') return { ...outgoing, raw: altered(sealed.raw) };
  if (kind === 'other-from') return { ...outgoing, raw: replaced(sealed.raw, /^From: .*$/m, `From: ${random.pick(others)}`) };
  if (kind === 'other-recipient') {
    const stranger = others.find((address) => !recipients.includes(address));
    return { ...outgoing, raw: sealed.raw, recipients: [...recipients, ...(stranger === undefined ? [] : [stranger])] };
  }
  return { ...outgoing, raw: sealed.raw };
}

/** One letter of the sealed part becomes another. */
function altered(raw: Bytes): Bytes {
  const out = new Uint8Array(raw);
  const from = Math.floor(out.length * 0.7);
  const at = out.findIndex((byte, index) => index >= from && byte >= 0x41 && byte <= 0x59);
  out[at] = (out[at] ?? 0) + 1;
  return out;
}

function replaced(raw: Bytes, pattern: RegExp, by: string): Bytes {
  return new Uint8Array(Buffer.from(Buffer.from(raw).toString('latin1').replace(pattern, () => by), 'latin1'));
}

/** The first answer that is no "later": a broken connection is one. */
async function submitUntilDecided(parts: SenderParts, { kind }: Plan, { raw, recipients }: Outgoing): Promise<string> {
  const { local, who, onRetry } = parts;
  const [first = ''] = recipients;
  // Forgeries in a member's name come from outside, by the other listener.
  const port = kind === 'impersonation'
    ? local.organisations.find(({ plan }) => plan.domain === domainOf(first))?.ports.postfix.arriving
    : who.organisation.ports.postfix.submission;
  if (port === undefined) throw new Error(`no organisation for ${first}`);
  for (;;) {
    try {
      const { final } = await submit({
        port, raw, withinMs: PATIENCE,
        ...(kind === 'impersonation' ? {} : { account: local.account(who.address) }),
        envelope: { from: kind === 'impersonation' ? 'x@outside.example' : who.address, to: recipients },
      });
      if (final.code < 400 || final.code >= 500) return final.text;
    } catch (error) {
      if (!(error instanceof SsmaxError) || error.kind !== 'unavailable') throw error;
    }
    onRetry();
    await pause(RETRY);
  }
}
