/** What an organisation reports on a mail from outside SSMAX, in rows for the details. */
import { shownText } from '../../src/mail/shown-text.ts';
import type { BelievedReport } from '../../src/flow/outside-report.ts';
import type { Smime } from '../../src/wire/outside-report.ts';
import type { DetailGroup } from './detail-group.ts';
import type { Words } from './words.ts';

type Checked = NonNullable<BelievedReport['spf']>;

export function outsideGroup(words: Words, { names, by, spf, dkim, dmarc, smime }: BelievedReport): DetailGroup {
  const rows: (readonly [string, string])[] = [[words.text('outside_by'), words.text(by === 'gateway' ? 'outside_by_gateway' : by === 'upstream' ? 'outside_by_upstream' : 'outside_by_nobody')]];
  if (dmarc !== undefined) rows.push([words.text('outside_dmarc'), shown(words, dmarc)]);
  if (dkim.length > 0) rows.push(['DKIM', words.list(dkim.map((one) => shown(words, one)))]);
  if (spf !== undefined) rows.push(['SPF', shown(words, spf)]);
  if (smime !== undefined) rows.push(['S/MIME', smimeText(words, smime)]);
  return { title: words.text('outside_title', { organisation: names[words.language] }), rows };
}

function shown(words: Words, { result, domain }: Checked): string {
  const text = words.text(result === 'pass' ? 'outside_pass' : result === 'none' ? 'outside_none' : result.endsWith('error') ? 'outside_error' : 'outside_fail');
  return domain === undefined ? text : words.pair(shownText(domain), text);
}

const SIGNATURES = { 'valid': 'smime_valid', 'untrusted': 'smime_untrusted', 'invalid': 'smime_invalid', 'not-checked': 'smime_not_checked' } as const;

function smimeText(words: Words, { result, signer, fromMatches, revocation }: Smime): string {
  const parts = [words.text(SIGNATURES[result])];
  if (signer !== undefined) parts.push(words.text('smime_signer', { name: signer.name, addresses: words.list(signer.addresses), issuer: signer.issuer }));
  if (signer !== undefined && !fromMatches) parts.push(words.text('smime_other_address'));
  if (revocation === 'revoked') parts.push(words.text('smime_revoked'));
  return words.sentences(parts);
}
