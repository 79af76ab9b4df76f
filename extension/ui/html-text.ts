/** The text of an HTML mail, a line for each block. */
export function htmlToText(html: string): string {
  return new DOMParser().parseFromString(html.replace(/<br\s*\/?>|<\/(?:p|div|tr|li|h\d)>/gi, '$&\n'), 'text/html').body.textContent;
}
