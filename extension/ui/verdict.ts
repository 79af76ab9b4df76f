/** What is shown of a judged mail: one sentence, notes beside it, and the details on demand. Pure: data in, data out. */
import { SsmaxError } from '../../src/core/error.ts';
import { confirmedDomain, objectionOf } from '../../src/flow/outside-report.ts';
import type { AttestedBy, CertificateFacts, Judgement, Person, State } from '../../src/flow/open.ts';
import type { Inspection } from '../../src/wire/leg.ts';
import { shownMailbox, shownText } from '../../src/mail/shown-text.ts';
import type { ProtectedHeaders } from '../../src/mail/protected-headers.ts';
import type { Reading } from '../member/read.ts';
import type { DetailGroup } from './detail-group.ts';
import { outsideGroup } from './outside.ts';
import { entryOfTable, reasonOf, reasonOfError } from './reasons.ts';
import type { MessageKey, Piece, Values, Words } from './words.ts';

export interface VerdictView {
  readonly state: State;
  readonly code: string;
  /** Nothing worth saying loudly: mail from outside, or no organisation set up here. */
  readonly quiet: boolean;
  /** For the button in the message header. */
  readonly label: string;
  /** The state in a word or two. */
  readonly heading: string;
  readonly sentence: readonly Piece[];
  readonly notes: readonly string[];
  /** What was inspected, one line. */
  readonly inspections: string;
  /** Links and attachments may be used. */
  readonly trusted: boolean;
  readonly details: readonly DetailGroup[];
  /** Whom it is from and to, by what its sender sealed; empty where it was not opened. */
  readonly headers: DetailGroup['rows'];
  /** A page that helps, where there is one. */
  readonly remedy?: 'enrol' | 'unlock';
  /** What is missing may come by itself: worth another look later. */
  readonly passing: boolean;
}

export function viewOf(words: Words, reading: Reading): VerdictView {
  const { judgement, marked } = reading;
  // Without an organisation there is nothing to check mail without a seal by, and nothing wrong with that.
  const idle = reading.idle && !marked;
  const { code } = judgement;
  const state = idle && judgement.state === 'cannot-check' ? 'outside' : judgement.state;
  // A key does not come by itself.
  const passing = state === 'cannot-check' && !closed(code);
  return {
    state,
    code,
    quiet: state === 'outside' && code !== 'delivery-report' && objection(judgement) === undefined || state === 'cannot-check' && !marked,
    label: labelOf(words, { ...judgement, state }),
    heading: words.text(closed(code) ? 'state_cannot_open' : code === 'delivery-report' ? 'state_report' : HEADINGS[state]),
    sentence: sentenceOf(words, reading, state),
    notes: [...notesOf(words, reading), ...(state === 'cannot-check' && !marked ? [words.text('note_links_off')] : []), ...(isUnsignedReport(judgement) ? [words.text('note_report_links_off')] : []), ...(passing ? [words.text('note_again')] : [])],
    inspections: words.list(judgement.organisations.flatMap(({ inspections }) => inspections).map((one) => words.text(inspectionKey(one)))),
    trusted: state === 'verified' || state === 'outside' && !isUnsignedReport(judgement),
    details: detailsOf(words, judgement),
    headers: headersOf(words, judgement),
    passing,
    ...(code === 'key-missing' && !('recovery' in (judgement.params ?? {})) && { remedy: 'enrol' as const }),
    ...(code === 'key-locked' && { remedy: 'unlock' as const }),
  };
}

/** In the name of a mail server of those whose mail is always signed: all that anybody may write in their name. */
function isUnsignedReport({ code, detail }: Judgement): boolean {
  return code === 'delivery-report' && detail === 'unsigned';
}

/** For a mail that this program could not judge because of a fault of its own, or of the computer's, which is named. */
export function faultView(words: Words, error: unknown): VerdictView {
  const { why, fix, code } = reasonOfError(words, error);
  return {
    state: 'cannot-check', code, quiet: false, label: words.text('label_cannot_check'), heading: words.text('state_cannot_check'),
    sentence: words.pieces('verdict_fault'), notes: [...(error instanceof SsmaxError ? [why, fix] : []), words.text('note_links_off')], inspections: '', trusted: false, details: [], headers: [], passing: false,
  };
}

/** There is no usable key for it. */
function closed(code: string): boolean {
  return code === 'key-missing' || code === 'key-locked';
}

function objection({ report }: Judgement): ReturnType<typeof objectionOf> {
  return report && objectionOf(report);
}

const HEADINGS: Readonly<Record<State, MessageKey>> = {
  'verified': 'state_verified', 'outside': 'state_outside', 'problem': 'state_problem', 'cannot-check': 'state_cannot_check',
};

function labelOf(words: Words, { state, code, sender }: Judgement): string {
  if (code === 'own-copy') return words.text('label_own_copy');
  if (code === 'own-draft') return words.text('label_own_draft');
  if (state === 'verified' && sender !== undefined) return words.text('label_verified', { organisation: sender.organisation.names[words.language] });
  if (state === 'problem') return words.text('label_problem');
  if (state === 'cannot-check') return words.text(closed(code) ? 'label_cannot_open' : 'label_cannot_check');
  if (code === 'delivery-report') return words.text('state_report');
  return words.text('label_outside');
}

/** Codes of `problem` with a sentence of their own. */
const PROBLEMS: Readonly<Record<string, MessageKey>> = {
  'not-addressed': 'verdict_not_addressed', 'wrong-leg': 'verdict_wrong_leg', 'certificate-revoked': 'verdict_certificate_revoked',
  'certificate-suspended': 'verdict_certificate_suspended', 'certificate-expired': 'verdict_certificate_expired', 'impersonation': 'verdict_impersonation_unnamed',
};

/** Why a mail for a former key was not made readable again. */
const RECOVERY: Readonly<Record<string, MessageKey>> = {
  'recovery-not-open': 'verdict_recovery_not_open', 'recovery-quota': 'verdict_recovery_quota',
  'network-unreachable': 'verdict_recovery_later', 'server-refused': 'verdict_recovery_later', 'rate-limited': 'verdict_recovery_later',
};

function sentenceOf(words: Words, { judgement, report }: Reading, state: State): readonly Piece[] {
  const { code, params = {}, sender } = judgement;
  const organisation = params[words.language];
  if (report?.waiting === true) {
    const [known, unknown] = report.code === 'inspection-hold' ? (['verdict_report_held', 'verdict_report_held_unknown'] as const) : (['verdict_report_delayed', 'verdict_report_delayed_unknown'] as const);
    return report.about === undefined ? words.pieces(unknown) : words.pieces(known, { subject: report.about.subject });
  }
  if (report !== undefined) {
    return report.about === undefined ? words.pieces('verdict_report_failed_unknown') : words.pieces('verdict_report_failed', { subject: report.about.subject });
  }
  if (code === 'own-copy') return words.pieces('verdict_own_copy');
  if (code === 'own-draft') return words.pieces('verdict_own_draft');
  if (state === 'verified' && sender !== undefined) {
    const values = valuesOf(words, sender);
    const [first, ...others] = judgement.forwarded ?? [];
    if (first !== undefined) {
      const key = others.length > 0 ? 'verdict_forwarded_several' : first.kind === 'mail' ? 'verdict_forwarded' : 'verdict_forwarded_attachment';
      const writers = [...new Set([first, ...others].map(({ writer }) => writer.displayName))];
      const organisations = [...new Set([sender, ...[first, ...others].map(({ writer }) => writer)].map(({ organisation: one }) => one.names[words.language]))];
      return words.pieces(key, { ...values, writer: words.list(writers), organisation: words.list(organisations) });
    }
    return words.pieces(sender.pseudonym ? 'verdict_pseudonym' : 'verdict_verified', values);
  }
  if (code === 'impersonation' && organisation !== undefined) return words.pieces('verdict_impersonation', { organisation });
  if (state === 'problem') return words.pieces(entryOfTable(PROBLEMS, code) ?? 'verdict_altered');
  if (code === 'key-missing') return words.pieces(entryOfTable(RECOVERY, params['recovery'] ?? '') ?? ('recovery' in params ? 'verdict_recovery_refused' : 'verdict_key_missing'));
  if (code === 'key-locked') return words.pieces('verdict_key_locked');
  if (code === 'clock-wrong') return 'minutes' in params ? words.pieces('verdict_clock', params) : words.pieces('verdict_clock_unknown');
  if (state === 'cannot-check') return words.pieces('verdict_cannot_check');
  if (code === 'delivery-report') return words.pieces('verdict_report');
  if (judgement.report === undefined) return words.pieces('verdict_outside');
  const values = { organisation: judgement.report.names[words.language] };
  const against = objection(judgement);
  if (against?.kind === 'signature') return words.pieces('verdict_outside_signature', values);
  if (against !== undefined) return words.pieces('verdict_outside_failed', { ...values, domain: against.domain });
  const domain = confirmedDomain(judgement.report);
  return domain === undefined ? words.pieces('verdict_outside') : words.pieces('verdict_outside_domain', { ...values, domain });
}

/** A person, as sentences name one. */
export function valuesOf(words: Words, { displayName, address, organisation }: Person): Values {
  return { name: displayName, address, organisation: organisation.names[words.language] };
}

function notesOf(words: Words, reading: Reading): string[] {
  const { judgement, notes, report } = reading;
  const out: string[] = [];
  if (report !== undefined) {
    const addresses = words.list(report.recipients);
    const { why, fix } = reasonOf(words, report.code ?? 'other', { addresses, list: addresses });
    if (report.waiting) out.push(words.text(report.until === undefined ? 'note_no_need' : 'note_until', { date: report.until === undefined ? '' : words.moment(report.until) }));
    // Nobody signs reports: of a mail that was not sent from here, anybody could name a cause and have its reader do something about it.
    else if (report.code !== undefined && report.about !== undefined) out.push(why, fix);
    if (report.recipients.length > 0) out.push(words.text('report_recipients', { addresses }));
    out.push(words.text('note_report'));
  }
  const headers = judgement.message?.headers;
  if (headers?.outerSubject !== undefined) out.push(words.text('note_hidden_subject', { subject: headers.subject }));
  if (notes.firstFromOrganisation) out.push(words.text('note_first'));
  if (judgement.message?.recovered === true) out.push(words.text('note_recovered'));
  if (notes.duplicateOf !== undefined) out.push(words.text('note_duplicate', { date: words.moment(notes.duplicateOf) }));
  const sealed = headers?.date ?? judgement.signedAt;
  if (reading.otherDate !== undefined && sealed !== undefined) out.push(words.text('note_date', { sealed: words.moment(sealed), shown: words.moment(reading.otherDate) }));
  if (judgement.state === 'verified' && judgement.mode !== undefined && judgement.mode !== 'protect-all') out.push(words.text('note_readable'));
  if (judgement.hidden === true) out.push(words.text('note_hidden'));
  if (judgement.addressedAs !== undefined && judgement.addressedAs !== judgement.deliveredTo) out.push(words.text('note_alias', { address: judgement.addressedAs }));
  for (const { field, inner, outer } of judgement.message?.conflicts ?? []) {
    const shown = (value: string): string => (value === '' ? words.text('value_empty') : value);
    out.push(words.text('note_conflict', { field: words.text(FIELDS[field]), inner: shown(inner), outer: shown(outer) }));
  }
  return out;
}

const FIELDS = { 'from': 'field_from', 'to': 'field_to', 'cc': 'field_cc', 'reply-to': 'field_reply_to', 'subject': 'field_subject' } as const;

const RESULTS = { 'passed': 'passed', 'tagged': 'tagged', 'not-inspected': 'not_inspected' } as const;

function inspectionKey({ direction, result }: Inspection): MessageKey {
  return `inspected_${direction}_${RESULTS[result]}`;
}

function detailsOf(words: Words, judgement: Judgement): DetailGroup[] {
  const { sender, organisations, signedAt, deliveredTo, contentDigest, detail, code } = judgement;
  const groups: DetailGroup[] = [];
  const group = (title: MessageKey, rows: readonly (readonly [MessageKey, string | undefined])[]): void => {
    const filled = rows.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[words.text(name), shownText(value)] as const]));
    if (filled.length > 0) groups.push({ title: words.text(title), rows: filled });
  };
  if (sender !== undefined) {
    group('details_sender', [
      [sender.pseudonym ? 'details_pseudonym' : 'details_name', sender.displayName], ['enrol_address', sender.address],
      ['details_organisation', sender.organisation.names[words.language]],
    ]);
  }
  for (const one of organisations) {
    group(legTitle(one, organisations.length), [
      ['details_organisation_name', one.names[words.language]],
      ['details_identifier', one.id],
      ['details_signed_at', words.moment(one.signedAt)],
      ['details_inspection', words.list(one.inspections.map((inspection) => words.text(inspectionKey(inspection))))],
      ['details_policy', words.list([...new Set(one.inspections.map(({ policy }) => policy))])],
      ...certificateRows(words, one.certificate),
    ]);
  }
  group('details_own_certificate', certificateRows(words, judgement.certificate));
  if (judgement.report !== undefined) groups.push(outsideGroup(words, judgement.report));
  const headers = headersOf(words, judgement);
  if (headers.length > 0) groups.push({ title: words.text('details_verified_headers'), rows: headers });
  group('details_check', [
    ['details_delivered_to', deliveredTo], ['details_signed_at', signedAt === undefined ? undefined : words.moment(signedAt)],
    ['details_code', judgement.state === 'verified' || judgement.state === 'outside' ? undefined : detail ?? code],
    ['details_digest', contentDigest],
  ]);
  return groups;
}

function headersOf(words: Words, { message }: Judgement): DetailGroup['rows'] {
  return message === undefined ? [] : fieldRows(words, message.headers);
}

function certificateRows(words: Words, facts: CertificateFacts | undefined): readonly (readonly [MessageKey, string])[] {
  if (facts === undefined) return [];
  return [
    ['details_certificate', facts.subject],
    ['details_validity', words.text('details_from_to', { from: words.day(facts.notBefore), until: words.day(facts.notAfter) })],
    ['details_fingerprint', facts.sha256.toUpperCase().replace(/(.{4})(?=.)/g, '$1 ')],
  ];
}

/** What its sender sealed beside the text: from, to, subject, date. */
export function fieldRows(words: Words, { from, to, cc, replyTo, subject, date }: ProtectedHeaders): DetailGroup['rows'] {
  const people = (list: typeof to): string => words.list(list.map(shownMailbox));
  const rows: readonly (readonly [MessageKey, string])[] = [
    ['field_from', people([from])], ['field_to', people(to)], ['field_cc', people(cc)], ['field_reply_to', people(replyTo)],
    ['field_subject', subject], ['field_date', date === undefined ? '' : words.moment(date)],
  ];
  return rows.filter(([, value]) => value !== '').map(([name, value]) => [words.text(name), shownText(value)]);
}

function legTitle({ leg }: AttestedBy, count: number): MessageKey {
  if (count === 1) return 'details_leg_both';
  return leg === 2 ? 'details_leg_sending' : 'details_leg_receiving';
}
