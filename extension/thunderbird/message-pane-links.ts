/** Links of an opened mail: web addresses that were only typed become some, and all say where they lead. */

const ADDRESS = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]*[^\s<>"'.,;:!?)\]\u3000-\u303f\uff00-\uffef]/g;

/** Of the host that a link leads to, behind words that do not say it; a mail brings no classes of its own. */
const LEADS = 'leads';
/** Of words that say it themselves: in the same box, which looks the same wherever it stands. */
const SAYS = 'says';
const MARKS = `.${LEADS}, .${SAYS}`;
/** Of the one that lies over the others. */
const ABOVE = 'above';
/** Pixels from the top of a long address that must be in sight: the host stands at its beginning. */
const LONGEST = 100;
/** Pixels that a browser may round. */
const ROUNDED = 1;

/**
 * In a sanitised mail, whose writer is known; `follow` is given what a link leads to that is clicked, or Enter pressed on. For Thunderbird
 * they are no links: it would open each on a click of any button, whatever else hears of that.
 */
export function setLinks(box: HTMLElement, follow: (target: string) => void): void {
  linkAddresses(box);
  const targets = new Map<Element, string>();
  for (const link of box.querySelectorAll('a[href]')) {
    const target = link.getAttribute('href') ?? '';
    link.removeAttribute('href');
    if (!URL.canParse(target)) continue;
    sayWhereItLeads(link, new URL(target));
    link.setAttribute('role', 'link');
    link.setAttribute('tabindex', '0');
    targets.set(link, target);
  }
  const clicked = ({ target }: Event): void => {
    const link = target instanceof Element ? target.closest('[role=link]') : null;
    const leads = link === null ? undefined : targets.get(link);
    if (link !== null && leads !== undefined && showsWhereItLeads(link, box)) follow(leads);
  };
  box.addEventListener('click', clicked);
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') clicked(event);
  });
}

/**
 * Whether the reader has in sight where it leads. Wide spaces could have pushed that out, or what says it of another link lie over it:
 * then it is brought there.
 */
function showsWhereItLeads(link: Element, box: Element): boolean {
  const mark = link.querySelector(MARKS);
  if (mark === null) return true; // a mail address
  if (!isInSight(mark, box)) mark.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  else if (isUncovered(mark, box)) return true;
  for (const other of box.querySelectorAll(`.${ABOVE}`)) other.classList.remove(ABOVE);
  mark.classList.add(ABOVE);
  return false;
}

function isInSight(mark: Element, box: Element): boolean {
  const frame = box.getBoundingClientRect();
  const lines = linesOf(mark);
  const first = lines.filter(({ top }) => top < (lines[0]?.top ?? 0) + LONGEST);
  return first.length > 0 && first.every((line) => line.left >= Math.max(frame.left, 0) - ROUNDED && line.right <= Math.min(frame.right, innerWidth) + ROUNDED
    && line.top >= -ROUNDED && line.bottom <= innerHeight + ROUNDED);
}

/** Of all that a mail can bring, only another mark can lie over a mark: see message-pane-style.ts and the styles of safe-html.ts. */
function isUncovered(mark: Element, box: Element): boolean {
  if (mark.classList.contains(ABOVE)) return true;
  const own = linesOf(mark);
  const others = [...box.querySelectorAll(MARKS)].filter((other) => other !== mark).flatMap(linesOf);
  return !others.some((other) => own.some((line) => overlap(line.left, line.right, other.left, other.right) && overlap(line.top, line.bottom, other.top, other.bottom)));
}

function linesOf(mark: Element): DOMRect[] {
  return [...mark.getClientRects()].filter(({ width }) => width > 0);
}

function overlap(from: number, to: number, otherFrom: number, otherTo: number): boolean {
  return Math.min(to, otherTo) - Math.max(from, otherFrom) > ROUNDED;
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
 * know. Words that are the address become plain text that looks the same anywhere: something unseen could stand in front of what is seen of
 * them, and turned around they would be another address.
 */
function sayWhereItLeads(link: Element, { protocol, host }: URL): void {
  if (protocol === 'mailto:') return;
  const words = (link.textContent ?? '').trim();
  const address = words.toLowerCase().replace(/^https?:\/\//, '');
  const said = [host, host.replace(/^www\./, '')].some((name) => address.startsWith(name) && /^(?:$|[/?#][^\s\p{C}]*$)/u.test(address.slice(name.length)));
  const mark = document.createElement('span');
  if (said && link.querySelector('img') === null) {
    mark.className = SAYS;
    mark.textContent = words;
    link.replaceChildren(mark);
  } else {
    mark.className = LEADS;
    mark.textContent = ` → ${host}`;
    link.append(mark);
  }
}
