/** Small parts that the pages share. */
import type { ComponentChildren, VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { State } from '../../src/flow/open.ts';
import { ContactLine } from './contact.tsx';
import type { Reason } from './reasons.ts';
import type { Piece, Words } from './words.ts';

export function Pieces({ pieces }: { readonly pieces: readonly Piece[] }): VNode {
  return <>{pieces.map(({ text, strong }) => (strong ? <strong>{text}</strong> : text))}</>;
}

/** The product's own mark: a letter whose two links join. */
export function Mark({ size = 32 }: { readonly size?: number }): VNode {
  return (
    <svg class="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path d="M3 10.5a3 3 0 0 1 3-3h14.5a3 3 0 0 1 3 3V21a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3z" />
      <path d="M4 10l9.2 7.4L22.6 10" />
      <circle cx="24.5" cy="21.5" r="4.6" />
    </svg>
  );
}

/** `title`: its heading is the page's. `focused`: it takes the keyboard, where the step before left it nowhere. */
export function Notice({ state, heading, title = false, focused = false, children }: {
  readonly state: State; readonly heading: string; readonly title?: boolean; readonly focused?: boolean; readonly children?: ComponentChildren;
}): VNode {
  return (
    <section class={`notice ${state}`} role={state === 'problem' ? 'alert' : 'status'}>
      {title ? <h1>{heading}</h1> : <h2 tabIndex={focused ? -1 : undefined} ref={focused ? focus : null}>{heading}</h2>}
      {children}
    </section>
  );
}

export function ReasonText({ reason, words }: { readonly reason: Reason; readonly words: Words }): VNode {
  return (
    <>
      {reason.why !== '' && <p>{reason.why}</p>}
      <p>{reason.fix}</p>
      <p class="code">{words.text('not_sent_code', { code: `SSMAX-${reason.code}` })}</p>
      <ContactLine words={words} />
    </>
  );
}

/** Escape leaves a window, wherever in it the keyboard is: what had it may have gone, or nothing had it yet. */
export function useEscape(leave: () => void): void {
  useEffect(() => {
    const escape = ({ key, isComposing }: KeyboardEvent): void => { if (key === 'Escape' && !isComposing) leave(); };
    document.addEventListener('keydown', escape);
    return () => document.removeEventListener('keydown', escape);
  }, []);
}

/** For `ref`: takes the keyboard once it is there. Thunderbird heeds `autofocus` in what came with the page only. */
export function focus(element: HTMLElement | null): void {
  element?.focus();
}
