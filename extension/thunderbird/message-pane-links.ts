/** Links of an opened mail: web addresses that were only typed become some, and all say where they lead. */

const ADDRESS = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]*[^\s<>"'.,;:!?)\]\u3000-\u303f\uff00-\uffef]/g;

/** On a link whose words do not say it: the host that it leads to, which the style sheet writes behind them. */
const LEADS = 'data-leads';

/** In a sanitised mail, whose writer is known. */
export function setLinks(box: Element): void {
  linkAddresses(box);
  for (const link of box.querySelectorAll('a[href]')) sayWhereItLeads(link);
}

/** Web addresses that were only typed become links, as in any other mail. */
function linkAddresses(box: Element): void {
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode() !== null) {
    const text = walker.currentNode as Text;
    if (text.data.includes('://') && text.parentElement?.closest('a') === null) texts.push(text);
  }
  for (const text of texts) {
    const parts: (Node | string)[] = [];
    let end = 0;
    for (const match of text.data.matchAll(ADDRESS)) {
      const link = document.createElement('a');
      link.textContent = match[0];
      link.href = match[0];
      parts.push(text.data.slice(end, match.index), link);
      end = match.index + match[0].length;
    }
    text.replaceWith(...parts, text.data.slice(end));
  }
}

/**
 * A click in what is shown of a sealed mail does not pass Thunderbird's warning about links that mislead, so that nobody has to click to
 * know. Words that are the address become plain text: something unseen could stand in front of what is seen of them.
 */
function sayWhereItLeads(link: Element): void {
  const target = link.getAttribute('href') ?? '';
  if (!URL.canParse(target)) {
    link.removeAttribute('href');
    return;
  }
  const { protocol, host } = new URL(target);
  if (protocol === 'mailto:') return;
  const words = (link.textContent ?? '').trim();
  const address = words.toLowerCase().replace(/^https?:\/\//, '');
  const said = [host, host.replace(/^www\./, '')].some((name) => address.startsWith(name) && /^(?:$|[/?#]\S*$)/.test(address.slice(name.length)));
  if (said && link.querySelector('img') === null) link.replaceChildren(words);
  else link.setAttribute(LEADS, host);
}
