/** Puts a component into a page of this add-on. */
import { render, type VNode } from 'preact';
import { browserApi } from './api.ts';
import { words } from './words.ts';

export function mount(title: string, content: VNode): void {
  document.documentElement.lang = words.language;
  document.title = title;
  render(content, document.body);
}

export function openEnrolment(): void {
  void browserApi.tabs.create({ url: browserApi.runtime.getURL('enrolment.html') });
}

/** Closes the window or tab that this page is in. */
export function closePage(): void {
  void browserApi.tabs.getCurrent().then(({ id }) => (id === undefined ? undefined : browserApi.tabs.remove(id)));
}
