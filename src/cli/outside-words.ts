/** What is known of a mail from outside SSMAX, on one line each. */
import type { BelievedReport } from '../flow/outside-report.ts';
import type { Smime } from '../wire/outside-report.ts';

export function reportText({ names, by, spf, dkim, dmarc, smime }: BelievedReport): string {
  const one = (name: string, checked: { result: string; domain?: string | undefined } | undefined): string[] =>
    checked === undefined ? [] : [`${name} ${checked.result}${checked.domain === undefined ? '' : ` (${checked.domain})`}`];
  const parts = [...one('DMARC', dmarc), ...dkim.flatMap((signature) => one('DKIM', signature)), ...one('SPF', spf), ...smime === undefined ? [] : [`S/MIME ${smimeText(smime)}`]];
  return `reported by ${names.en} (by ${by}): ${parts.length === 0 ? 'nothing' : parts.join(', ')}`;
}

export function smimeText({ result, signer, fromMatches, revocation }: Smime): string {
  if (signer === undefined) return result;
  const address = fromMatches ? 'From is the signer’s' : 'From is not the signer’s';
  return `${result}; signer ${signer.name} (${signer.addresses.join(', ')}), issued by ${signer.issuer}; ${address}; revocation: ${revocation}`;
}
