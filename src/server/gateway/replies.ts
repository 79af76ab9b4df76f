/** SMTP replies for every code: enhanced status (RFC 3463) and one short English line. Clients show it raw. */
import { SsmaxError } from '../../core/error.ts';

interface Reply {
  readonly status: string;
  readonly text: string;
}

/** Codes with a text of their own; others get the general line. docs/errors.md has cause and remedy of each. */
const REPLIES: Readonly<Record<string, Reply>> = {
  'not-protected': { status: '5.7.1', text: 'This mail is not protected by SSMAX. Send it from a mail program with SSMAX.' },
  impersonation: { status: '5.7.1', text: 'This mail claims to come from an organisation that always signs, but it is not signed.' },
  'recipient-outside': { status: '5.7.1', text: 'A recipient is outside SSMAX; your organisation does not allow sending there.' },
  'recipients-outside': { status: '5.7.1', text: 'A recipient is outside SSMAX, where your organisation does not allow sending.' },
  'recipients-mixed': { status: '5.7.1', text: 'Some recipients are outside SSMAX, others are not. Send two mails.' },
  'outside-not-7bit': { status: '5.6.0', text: 'A mail to recipients outside SSMAX must be 7-bit. Send it again.' },
  'recipient-unknown': { status: '5.1.1', text: 'No such mailbox here.' },
  'recipient-not-ours': { status: '5.1.2', text: 'This organisation does not receive mail for that recipient.' },
  'recipient-not-enrolled': { status: '5.7.1', text: 'The recipient has not enrolled with SSMAX yet.' },
  'list-post-refused': { status: '5.7.2', text: 'You may not post to this mailing list.' },
  'too-many-copies': { status: '5.5.3', text: 'The mailing lists have too many members together. Post to one list at a time.' },
  'recipient-not-in-label': { status: '5.7.1', text: 'A recipient was added after sealing. Send the mail again.' },
  'certificate-revoked': { status: '5.7.1', text: 'The sender\'s certificate has been revoked. Ask your administrator.' },
  'certificate-suspended': { status: '5.7.1', text: 'The sender is suspended. Ask your administrator.' },
  'certificate-expired': { status: '5.7.1', text: 'The sender\'s certificate has expired. Enrol again.' },
  'sealed-too-long-ago': { status: '5.7.1', text: 'This mail was sealed more than five days ago. Send it again.' },
  'clock-wrong': { status: '5.7.1', text: 'The clock of the sending computer is wrong. Correct it and send again.' },
  'from-mismatch': { status: '5.7.1', text: 'The From address is not the certified address of the sender.' },
  'mode-not-allowed': { status: '5.7.1', text: 'Your organisation does not allow sending in this mode. Send it encrypted as a whole.' },
  'origin-mismatch': { status: '5.7.1', text: 'A forwarded part does not come from whom it is said to.' },
  'headers-differ': { status: '5.7.1', text: 'The recipients in the header differ from the sealed ones. Send the mail again.' },
  keyword: { status: '5.7.1', text: 'Refused by the sending organisation: the mail holds a word that may not leave it.' },
  malware: { status: '5.7.1', text: 'Refused by inspection: malware was found.' },
  'encrypted-archive': { status: '5.7.1', text: 'Refused by inspection: an archive with a password cannot be inspected.' },
  pattern: { status: '5.7.1', text: 'Refused by the organisation: the mail holds text that may not leave it.' },
  'my-number': { status: '5.7.1', text: 'Refused by the organisation: the mail holds Individual Numbers.' },
  'card-number': { status: '5.7.1', text: 'Refused by the organisation: the mail holds payment card numbers.' },
  'file-type': { status: '5.7.1', text: 'Refused by inspection: files of this type are not allowed.' },
  'name-mismatch': { status: '5.7.1', text: 'Refused by inspection: a file is not what its name says.' },
  macro: { status: '5.7.1', text: 'Refused by inspection: a file holds macros.' },
  'external-recipients': { status: '5.7.1', text: 'Refused by the organisation: too many recipients outside it.' },
  'sending-organisation': { status: '5.7.1', text: 'The receiving organisation does not take mail of this organisation.' },
  'unreadable-file': { status: '5.7.1', text: 'Refused by inspection: a file could not be read.' },
  'too-much-inside': { status: '5.7.1', text: 'Refused by inspection: a file holds too much to be read.' },
  'reading-failed': { status: '5.7.1', text: 'Refused by inspection: the mail could not be read.' },
  'hold-rejected': { status: '5.7.1', text: 'The mail was not approved.' },
  'hold-expired': { status: '5.7.1', text: 'Nobody approved the mail in time.' },
  'hold-no-approver': { status: '5.7.1', text: 'The mail needs approval, and there is nobody who could give it.' },
  'mime-ambiguous': { status: '5.6.0', text: 'Refused by inspection: the structure of the mail is not clear.' },
  'too-large': { status: '5.3.4', text: 'The mail is larger than the policy or the scanner allows.' },
  'inspection-hold': { status: '5.7.1', text: 'The mail needs approval, for which this mail server is not set up.' },
  'carrier-ambiguous': { status: '5.6.0', text: 'The structure of the protected mail is not clear.' },
  'feedback-report-invalid': { status: '5.6.0', text: 'The report is not in the form of RFC 5965 with the protected mail in it.' },
  'report-evidence': { status: '5.7.1', text: 'The reported mail was not delivered by this organisation.' },
  'evidence-erased': { status: '5.7.1', text: 'The reported mail is too old: its evidence was erased.' },
  'mail-too-large': { status: '5.3.4', text: 'The mail is too large.' },
};

/** What an SMTP server answers to the end of DATA, or to RCPT. */
export interface SmtpReply {
  readonly code: number;
  /** With enhanced status: `5.7.1 SSMAX-keyword text`. One line of ASCII. */
  readonly text: string;
}

/** The reply for an error: permanent for `refused` and `not-for-me`, temporary for all others. Details stay in the log. */
export function replyTo(error: unknown): SmtpReply {
  if (!(error instanceof SsmaxError)) return { code: 451, text: '4.3.0 SSMAX-fault The gateway had a fault. Try again later.' };
  const { kind, code } = error;
  if (kind === 'unavailable') return { code: 451, text: `4.7.1 SSMAX-${code} Something needed is out of reach. Try again later.` };
  if (kind === 'fault') return { code: 451, text: `4.3.0 SSMAX-${code} The gateway had a fault. Try again later.` };
  const { status, text } = REPLIES[code] ?? { status: '5.7.1', text: 'The protected mail did not pass verification.' };
  return { code: 550, text: `${status} SSMAX-${code} ${text}` };
}
