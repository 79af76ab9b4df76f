/** Puts a component into a page of this add-on. */
import { render, type VNode } from 'preact';
import { contactOf } from '../../src/wire/managed-settings.ts';
import { Contact } from '../ui/contact.tsx';
import { browserApi } from './api.ts';
import { managed } from './managed.ts';
import { words } from './words.ts';

export function mount(title: string, content: VNode): void {
  document.documentElement.lang = words.language;
  document.title = title;
  const show = (contact: string | undefined): void => render(<Contact.Provider value={contact}>{content}</Contact.Provider>, document.body);
  show(undefined);
  void managed().then((settings) => show(contactOf(settings)), () => undefined); // what cannot be had is said by what needs it
}

/** Closes the window or tab that this page is in. */
export function closePage(): void {
  void browserApi.tabs.getCurrent().then(({ id }) => (id === undefined ? undefined : browserApi.tabs.remove(id)));
}
