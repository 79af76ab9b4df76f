/** Whom members ask, as the organisation put it: stands wherever they are told to ask. */
import { createContext, type VNode } from 'preact';
import { useContext } from 'preact/hooks';
import type { Words } from './words.ts';

/** Undefined where the organisation names nobody. */
export const Contact = createContext<string | undefined>(undefined);

export function ContactLine({ words }: { readonly words: Words }): VNode | null {
  const contact = useContext(Contact);
  return contact === undefined ? null : <p class="contact">{words.text('contact_line', { contact })}</p>;
}
