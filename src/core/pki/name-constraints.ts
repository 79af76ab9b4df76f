/**
 * Name constraints (RFC 5280 §4.2.1.10) in the form that the profile writes: permitted subtrees for mail (whole hosts),
 * host names, the subject's directory name and URIs, excluded subtrees for all IP addresses. A permitted subtree of a kind
 * closes that kind but for itself; URIs are closed by permitting one that nobody can own.
 */
import { type Bytes, equal } from '../bytes.ts';
import { type DerCursor, contextTag, readSequence } from '../der.ts';
import { refused } from '../error.ts';
import { isDomain, isHostName, splitAddress } from './addresses.ts';
import { readAscii } from './extensions.ts';
import { malformed } from './failures.ts';
import { isWithin } from './names.ts';

export interface NameConstraints {
  /** Mail domains: the host of an address must equal one, byte for byte. */
  readonly mailDomains: readonly string[];
  /** Host names: a name must equal one or lie below it. */
  readonly hostNames: readonly string[];
  /** DER Name with which every subject must begin. */
  readonly directory: Bytes;
}

const RFC822_NAME = contextTag(1, false);
const DNS_NAME = contextTag(2, false);
const DIRECTORY_NAME = contextTag(4);
const URI = contextTag(6, false);
const IP_ADDRESS = contextTag(7, false);
const PERMITTED = contextTag(0);
const EXCLUDED = contextTag(1);
const MAX_SUBTREES = 256;

/** Permitted where a kind must be closed altogether: RFC 2606 reserves this name, so nothing real lies below it. */
export const NOBODY = 'none.invalid';
export const ALL_IPV4 = new Uint8Array(8);
export const ALL_IPV6 = new Uint8Array(32);

/** Reads the extension; any form that the profile does not write is refused as malformed, not interpreted. */
export function readNameConstraints(cursor: DerCursor): NameConstraints {
  const mailDomains: string[] = [];
  const hostNames: string[] = [];
  const directories: Bytes[] = [];
  let closesUris = false;
  const excluded: Bytes[] = [];
  readSequence(cursor, (inner) => {
    readSubtrees(inner, PERMITTED, (base) => {
      const { tag, content } = base;
      if (tag === RFC822_NAME) mailDomains.push(domain(content, isDomain));
      else if (tag === DNS_NAME) hostNames.push(domain(content, isHostName));
      else if (tag === DIRECTORY_NAME) directories.push(content);
      else if (tag === URI && readAscii(content) === NOBODY) closesUris = true;
      else throw malformed('permitted subtree');
    });
    readSubtrees(inner, EXCLUDED, ({ tag, content }) => {
      if (tag !== IP_ADDRESS) throw malformed('excluded subtree');
      excluded.push(content);
    });
  });
  const [directory, ...more] = directories;
  const closesIp = excluded.length === 2 && [ALL_IPV4, ALL_IPV6].every((all) => excluded.some((one) => equal(one, all)));
  if (mailDomains.length === 0 || hostNames.length === 0 || directory === undefined || more.length > 0 || !closesUris || !closesIp) {
    throw malformed('name constraints leave a kind of name open');
  }
  return { mailDomains, hostNames: hostNames.filter((name) => name !== NOBODY), directory };
}

function readSubtrees(cursor: DerCursor, tag: number, each: (base: { tag: number; content: Bytes }) => void): void {
  // No minimum or maximum: RFC 5280 allows neither.
  readSequence(cursor, (list) => list.list((subtree) => readSequence(subtree, (one) => each(one.element())), MAX_SUBTREES), tag);
}

function domain(content: Bytes, fits: (text: string) => boolean): string {
  const text = readAscii(content);
  if (!fits(text)) throw malformed('name constraint');
  return text;
}

/** The names of a certificate that constraints speak of. */
interface ConstrainedNames {
  readonly subjectDer: Bytes;
  readonly emails: readonly string[];
  readonly dnsNames: readonly string[];
}

/** Throws `certificate-name-constraint` with the offending name unless every name lies within the constraints. */
export function checkNameConstraints(names: ConstrainedNames, constraints: NameConstraints): void {
  for (const email of names.emails) {
    const host = splitAddress(email)?.domain;
    if (host === undefined || !constraints.mailDomains.includes(host)) throw violation(email);
  }
  for (const name of names.dnsNames) {
    if (!constraints.hostNames.some((base) => name === base || name.endsWith(`.${base}`))) throw violation(name);
  }
  if (!isWithin(names.subjectDer, constraints.directory)) throw violation('subject');
}

function violation(name: string): Error {
  return refused('certificate-name-constraint', { name });
}

/** Checks what an organisation may be limited to, before it is certified; throws `certificate-name-constraint`. */
export function checkLimits(mailDomains: readonly string[], hostNames: readonly string[]): void {
  if (mailDomains.length === 0 || mailDomains.length + hostNames.length > MAX_SUBTREES - 3) throw violation('number of domains');
  for (const one of mailDomains) if (!isDomain(one)) throw violation(one);
  for (const one of hostNames) if (!isHostName(one) || one === NOBODY) throw violation(one);
}
