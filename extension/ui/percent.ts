/** Percent-decodes a part of a URL (RFC 3986 §2.1); what is no such encoding of UTF-8 stays as it is. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
