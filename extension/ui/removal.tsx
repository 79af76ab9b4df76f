/** What goes with the add-on when it is removed, and removing it. */
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { IdentityView, RemovalHost } from '../host.ts';
import type { Words } from './words.ts';

export function Removal({ host, words, identities }: { readonly host: RemovalHost; readonly words: Words; readonly identities: readonly IdentityView[] }): VNode {
  const [forbidden, setForbidden] = useState(false);
  const lost = identities.filter(({ backedUpAt }) => backedUpAt === undefined).map(({ address }) => address);
  return (
    <section class="group">
      <h2>{words.text('remove_title')}</h2>
      <p>{words.text('remove_text')}</p>
      {identities.length > lost.length && <p>{words.text('remove_backup')}</p>}
      {lost.length > 0 && <p><strong>{words.text('remove_lost', { addresses: words.list(lost) })}</strong></p>}
      <div class="buttons"><button id="remove" type="button" onClick={() => void host.remove().then((removed) => setForbidden(!removed))}>{words.text('remove_button')}</button></div>
      <p role="alert">{forbidden ? words.text('remove_forbidden') : ''}</p>
    </section>
  );
}
