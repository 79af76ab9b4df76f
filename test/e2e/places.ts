/** Where tests look, again and again. */
import type { Place } from '../../scripts/world/chrome-side.ts';
import { pages } from '../../scripts/world/desktop.ts';

export const editor: Place = { page: pages.compose, selector: '#messageEditor' };
export const inCompose = (selector: string): Place => ({ page: pages.compose, selector });
/** On pages of the add-on. */
export const onPage = (selector: string): Place => ({ page: pages.addon, selector });
/** In the mail that is shown, in whatever documents the add-on put it. */
export const inPane = (selector: string): Place => ({ page: pages.message, frame: '#messagepane', selector });
