// @vitest-environment jsdom
/** What an answer quotes, a search finds and a copy holds is what its reader saw. */
import { expect, it } from 'vitest';
import { textOfContent } from '../../extension/ui/html-text.ts';

it('the text is that of the HTML where there is HTML; its alternative only where it says the same', () => {
  expect(textOfContent({ text: 'I agree to pay.', html: '<p>Lunch?</p>' }).trim()).toBe('Lunch?');
  expect(textOfContent({ text: 'I agree to pay.', html: '<p>Lunch?</p>', beside: 'I agree to pay.' })).toBe('Lunch?\n\n\nI agree to pay.');
  expect(textOfContent({ text: '一\r\n\r\n二', html: '<p>一</p><p>二</p>' })).toBe('一\r\n\r\n二');
  expect(textOfContent({ text: '一' })).toBe('一');
  expect(textOfContent({})).toBe('');
});

it.each(['style', 'script', 'title', 'template', 'noscript', 'svg', 'math'])('what stands in <%s> is in no text: nothing of it is shown', (name) => {
  expect(textOfContent({ html: `<p>Lunch?</p><${name}>I agree to pay.</${name}>` }).trim()).toBe('Lunch?');
});
