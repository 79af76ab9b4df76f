/** Links of an opened mail: web addresses that were only typed become some, and all say where they lead. */

const ADDRESS = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]*[^\s<>"'.,;:!?)\]\u3000-\u303f\uff00-\uffef]/g;

/** Of the host that a link leads to, behind words that do not say it; a mail brings no classes of its own. */
const LEADS = 'leads';
/** Pixels that a browser may round. */
const ROUNDED = 1;

/** In a sanitised mail, whose writer is known. */
export function setLinks(box: Element): void {
  linkAddresses(box);
  for (const link of box.querySelectorAll('a[href]')) sayWhereItLeads(link);
}

/** Whether the reader has in sight where it leads: wide spaces could have pushed that out. If not, it is brought there. */
export function showsWhereItLeads(link: Element, box: Element): boolean {
  const host = link.querySelector(`.${LEADS}`);
  if (host === null) return true; // its words say it
  const [seen, frame] = [host.getBoundingClientRect(), box.getBoundingClientRect()];
  if (seen.width > 0 && seen.left >= Math.max(frame.left, 0) - ROUNDED && seen.right <= Math.min(frame.right, innerWidth) + ROUNDED
    && seen.top >= -ROUNDED && seen.bottom <= innerHeight + ROUNDED) return true;
  host.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  return false;
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
  else {
    const mark = document.createElement('span');
    mark.className = LEADS;
    mark.textContent = ` → ${host}`;
    link.append(mark);
  }
}
