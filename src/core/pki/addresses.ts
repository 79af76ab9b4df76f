/** Mail addresses and host names as certificates hold them: ASCII, lower case, domains as A-labels, exactly one form. */
import { refused } from '../error.ts';

const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^(?!..--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const A_LABEL = /^xn--[a-z0-9-]*[a-z0-9]$/;

/** Whether `text` is a domain of two labels or more, as RFC 5280 §4.2.1.6 wants it (no wildcard, no final dot). */
export function isDomain(text: string): boolean {
  const labels = text.split('.');
  if (text.length > 253 || labels.length < 2) return false;
  if (!labels.every((label) => label.length <= 63 && (LABEL.test(label) || A_LABEL.test(label)))) return false;
  return !/^[0-9]+$/.test(labels.at(-1) ?? ''); // else it could be read as an IP address
}

/** Whether `text` is a host name: as a domain, or the one name `localhost`. */
export function isHostName(text: string): boolean {
  return text === 'localhost' || isDomain(text);
}

/** The parts of a normalised address (dot-atom local part, RFC 5321 §4.1.2), or undefined if it is none. */
export function splitAddress(text: string): { local: string; domain: string } | undefined {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const domain = text.slice(at + 1);
  if (text.length > 254 || local.length > 64 || !LOCAL_PART.test(local) || !isDomain(domain)) return undefined;
  return { local, domain };
}

/** Throws `certificate-address` unless `text` is a normalised address. */
export function checkAddress(text: string): void {
  if (splitAddress(text) === undefined) throw refused('certificate-address', { address: text.slice(0, 320) });
}

/** Throws `certificate-host-name` unless `text` is a normalised host name. */
export function checkHostName(text: string): void {
  if (!isHostName(text)) throw refused('certificate-host-name', { name: text.slice(0, 320) });
}
