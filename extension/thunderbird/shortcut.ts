/** The keys that tell about the mail in front, as the member may have changed them; undefined where there are none. */
import { browserApi } from './api.ts';

export async function shortcutNow(): Promise<string | undefined> {
  const shortcut = (await browserApi.commands.getAll()).find(({ name }) => name === 'about-mail')?.shortcut;
  return shortcut === '' ? undefined : shortcut;
}
