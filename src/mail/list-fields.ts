/** The fields by which mail programs know a mailing list (RFC 2919, RFC 2369). They stand outside of what is signed and change nothing of it. */
import { domainOf, formatMailbox } from './address.ts';

/** Field names that a post must not bring along: only the list speaks for itself. */
export const LIST_FIELDS = ['List-Id', 'List-Post', 'List-Unsubscribe', 'List-Unsubscribe-Post', 'List-Subscribe', 'List-Owner', 'List-Help', 'List-Archive'] as const;

/** Name and value of each. Who is on a list is the organisation's to say: leaving it is a word to its owner. */
export function listFields(address: string, { name, owner }: { readonly name: string; readonly owner?: string | undefined }): (readonly [name: string, value: string])[] {
  const id = `${address.slice(0, address.lastIndexOf('@'))}.${domainOf(address)}`;
  const mailto = (to: string, subject?: string): string => `<mailto:${encodeURI(to).replaceAll('&', '%26').replaceAll('?', '%3F')}${subject === undefined ? '' : `?subject=${encodeURIComponent(subject)}`}>`;
  return [
    ['List-Id', formatMailbox({ address, displayName: name }).replace(/<?[^ <>]+>?$/, `<${id}>`)],
    ['List-Post', mailto(address)],
    ...(owner === undefined ? [] : [['List-Owner', mailto(owner)], ['List-Unsubscribe', mailto(owner, `unsubscribe ${address}`)]] as const),
  ];
}
