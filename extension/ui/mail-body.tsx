/** The text of a mail on a page of ours: sanitised before it comes here (safe-html.ts), in a box that it cannot leave. */
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ShownBody } from '../host.ts';
import { PAGE_STYLE } from './safe-html.ts';
import type { Words } from './words.ts';

export function MailBody({ body, words }: { readonly body: ShownBody; readonly words: Words }): VNode {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if ('html' in body && box.current !== null) fill(box.current, body.html);
  }, [body]);
  if ('html' in body) return <div class={`mail-body${body.coloured ? ' paper' : ''}`} ref={box} />;
  return <pre class="mail-body">{body.text.trim() === '' ? words.text('banner_empty') : body.text}</pre>;
}

/** The pages' policy refuses `style` attributes, whoever wrote them: what the sanitiser left of them is set by itself. */
function fill(box: HTMLElement, html: string): void {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  box.replaceChildren(...body.childNodes);
  for (const element of box.querySelectorAll<HTMLElement>(`[${PAGE_STYLE}]`)) element.style.cssText = element.getAttribute(PAGE_STYLE) ?? '';
}
