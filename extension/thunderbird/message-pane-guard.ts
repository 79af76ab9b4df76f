/** What a mail that keeps its own document may do in the message pane: nothing opens over what is ours, and links and forms lead nowhere unless it is trusted. */

declare global {
  interface Element {
    /** Gecko's, for scripts of add-ons: closed trees too. */
    readonly openOrClosedShadowRoot: ShadowRoot | null;
  }
}

/** The elements that hold what is ours. */
export const ours = new WeakSet<EventTarget>();

/** Popovers and dialogs of a mail open by a click, without any script, and would stand over what is ours: none does. */
document.addEventListener('beforetoggle', (event) => {
  if (event.target !== null && !ours.has(event.target)) event.preventDefault();
}, true);

/** Gecko's own button under a film fills the whole pane with it, and what is ours would lie below: it leaves again at once. */
document.addEventListener('fullscreenchange', () => {
  if (document.fullscreenElement !== null) void document.exitFullscreen();
}, true);

/** Whether links and forms of a mail that keeps its document lead anywhere. */
let leading = false;

/** Whether this is, or holds, or was lent to (by a slot), a shadow tree of the mail's own. */
function inTree(target: Element): boolean {
  for (let one: Element | null = target; one !== null; one = one.parentElement) {
    if (one.openOrClosedShadowRoot !== null) return true;
  }
  return false;
}

/** A shadow tree of the mail's own keeps its links and `beforetoggle` to itself, but not what a hand does to it: that does nothing there. */
for (const name of ['click', 'auxclick', 'submit', 'keydown']) {
  document.addEventListener(name, (event) => {
    const { target } = event;
    if (!(target instanceof Element) || ours.has(target)) return;
    if (event instanceof KeyboardEvent && event.key !== 'Enter') return;
    if (!leading || inTree(target)) event.preventDefault();
  }, true);
}

/** What was taken out of the mail's document so that nothing in it leads anywhere. */
const dead: { readonly element: Element; readonly attribute: Attr }[] = [];

/** Links and forms of a mail that keeps its document lead somewhere, or nowhere. */
export function followable(on: boolean): void {
  leading = on;
  for (const { element, attribute } of dead.splice(0)) element.setAttributeNode(attribute);
  if (on) return;
  for (const element of document.querySelectorAll('a, form, [href]:not(link), [formaction]')) {
    for (const name of ['href', 'xlink:href', 'action', 'formaction']) {
      const attribute = element.getAttributeNode(name);
      if (attribute !== null) dead.push({ element, attribute: element.removeAttributeNode(attribute) });
    }
  }
}
