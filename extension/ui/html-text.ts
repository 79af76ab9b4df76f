import type { Content } from '../../src/mail/content.ts';

/**
 * What a reader saw of a mail, as text: of HTML and text the HTML is shown. Its writer's text alternative stands for it only
 * where it says the same.
 */
export function textOfContent({ text = '', html, beside }: Pick<Content, 'text' | 'html' | 'beside'>): string {
  if (html === undefined) return text;
  const seen = htmlToText(html) + (beside === undefined ? '' : `\n\n${beside}`);
  return letters(text) === letters(seen) ? text : seen;
}

function letters(text: string): string {
  return text.replace(/\s/g, '');
}

/** Elements of which nothing is shown, their text neither. */
export const UNSEEN = ['style', 'script', 'title', 'head', 'template', 'noscript', 'svg', 'math'];

/** The text of an HTML mail, a line for each block. */
export function htmlToText(html: string): string {
  const { body } = new DOMParser().parseFromString(html.replace(/<br\s*\/?>|<\/(?:p|div|tr|li|h\d)>/gi, '$&\n'), 'text/html');
  for (const unseen of body.querySelectorAll(UNSEEN.join())) unseen.remove();
  return body.textContent;
}
