/** What a screen reader is given by a real Thunderbird. */
import type { Thunderbird } from '../../scripts/world/thunderbird.ts';
import { until } from '../../scripts/world/wait.ts';
import { MAIL, runIn } from './frame-script.ts';

/** A part of the mail in front as Thunderbird's accessibility tree has it. */
export interface Spoken {
  /** By its name in that tree. */
  readonly role: string;
  readonly name: string;
  /** Of all that is inside it, in the order in which it is read. */
  readonly inside: string;
}

/** The first element of what the add-on shows in the mail in front. */
export async function spoken(thunderbird: Thunderbird, selector: string): Promise<Spoken> {
  let before = '';
  const look = (): Promise<string> => runIn(thunderbird, MAIL, `
    const service = Cc['@mozilla.org/accessibilityService;1'].getService(Ci.nsIAccessibilityService);
    const all = (root) => [...root.querySelectorAll('*')].flatMap((one) => [one, ...(one.openOrClosedShadowRoot ? all(one.openOrClosedShadowRoot) : [])]);
    const element = all(content.document).find((one) => one.matches(${JSON.stringify(selector)}));
    const found = element && service.getAccessibleFor(element);
    const read = (one) => (one.childCount === 0 ? [one.name ?? ''] : Array.from({ length: one.childCount }, (_, index) => one.getChildAt(index)).flatMap(read));
    answer(found ? JSON.stringify({ role: service.getStringRole(found.role), name: found.name ?? '', inside: read(found).join(' ').trim() }) : '');`);
  // Names and text come to the tree a moment after their element: what is twice the same has come.
  const answer = await until(async () => {
    const now = await look();
    const same = now !== '' && now === before;
    before = now;
    return same ? now : undefined;
  }, { what: `${selector} in the accessibility tree`, everyMs: 200 });
  return JSON.parse(answer) as Spoken;
}
