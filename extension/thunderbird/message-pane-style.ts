/** How the verdict and an opened mail look in the message pane: of the shadow tree that message-pane.ts puts them in, beyond the mail's own styles. */
export const STYLE = `
  :host::before, :host::after, :host::backdrop { all: initial !important; content: none !important; display: none !important; }
  * { box-sizing: border-box; }
  .all { font: 15px/1.65 system-ui, sans-serif; color: light-dark(#1b1f24, #e6e8eb); text-align: start; }
  .banner { display: flex; gap: 12px; padding: 12px 16px; border-radius: 8px; border: 1px solid; margin: 0 0 20px; font-size: 14px; line-height: 1.6; }
  .mark { flex: none; width: 20px; height: 20px; margin-top: 1px; }
  .mark path { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
  .words { flex: 1; min-width: 0; overflow-wrap: anywhere; }
  .words p { margin: 0; }
  .words strong { font-weight: 650; }
  .heading { font-weight: 650; }
  .notes { margin: 6px 0 0; padding: 0; list-style: none; }
  .faint { margin-top: 4px !important; opacity: .78; font-size: 13px; }
  .verified { background: light-dark(#eef6f3, #1a2b25); border-color: light-dark(#b9dccf, #2f5d4e); }
  .verified .mark { color: light-dark(#0b6e4f, #6fd3ae); }
  .outside { background: light-dark(#f5f6f7, #25282d); border-color: light-dark(#dcdfe3, #3d4249); color: light-dark(#4a515a, #b8bec6); }
  .problem { background: light-dark(#fdf0ee, #35201d); border-color: light-dark(#e3a197, #a4483a); border-width: 2px; }
  .problem .mark { color: light-dark(#b3261e, #ff9b8c); }
  .cannot-check { background: light-dark(#fdf7e7, #2f2a18); border-color: light-dark(#e2cd90, #77662c); }
  .cannot-check .mark { color: light-dark(#8a6100, #e6c255); }
  .banner button { align-self: center; }
  .checking { opacity: .85; }
  .quiet { padding: 5px 12px; font-size: 12.5px; border-radius: 0; border-width: 0 0 1px; margin: 0; }
  .quiet .mark { width: 16px; height: 16px; margin-top: 2px; }
  .body { contain: content; position: relative; isolation: isolate; overflow: auto; padding: 0 2px 4px; }
  .text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: inherit; }
  .paper { background: #fff; color: #111; color-scheme: light; border-radius: 6px; padding: 12px 14px; }
  .body > :first-child { margin-top: 0; }
  .body img { max-width: 100%; height: auto; }
  .body blockquote { margin: 8px 0 8px 2px; padding-left: 12px; border-left: 2px solid light-dark(#b9c2cc, #58616b); }
  .body [role=link] { color: light-dark(#0b57a4, #8ab8f0); text-decoration: underline; cursor: pointer; }
  .leads, .says { all: initial; color-scheme: inherit; position: relative; z-index: 1; direction: ltr; unicode-bidi: isolate; overflow-wrap: anywhere; cursor: inherit; background: light-dark(#fff3c4, #4a3b00); padding: 0 4px; border-radius: 3px; }
  .leads { display: inline-block; margin: 0 4px; max-width: min(100%, 320px); font: 13px/1.5 system-ui, sans-serif; color: light-dark(#1b1f24, #e6e8eb); user-select: none; }
  .says { font: 15px/1.65 system-ui, sans-serif; color: light-dark(#0b57a4, #8ab8f0); text-decoration: underline; box-decoration-break: clone; }
  .above { z-index: 2; }
  .forwarded, .invitation { margin-top: 20px; padding: 12px 16px; border: 1px solid light-dark(#dcdfe3, #3d4249); border-radius: 8px; }
  .forwarded p { margin: 0 0 8px; }
  .invitation h2 { font-size: 13px; font-weight: 650; margin: 0 0 4px; opacity: .8; }
  .invitation p { margin: 0 0 8px; }
  .invitation .title { font-size: 17px; font-weight: 650; overflow-wrap: anywhere; }
  .invitation dd { white-space: pre-line; }
  .forwarded dl, .invitation dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 0 0 12px; font-size: 13px; }
  .forwarded dt, .invitation dt { opacity: .75; }
  .forwarded dd, .invitation dd { margin: 0; overflow-wrap: anywhere; }
  .pictures, .remark { display: flex; gap: 12px; align-items: center; padding: 8px 12px; margin: 0 0 16px; border: 1px solid light-dark(#dcdfe3, #3d4249); border-radius: 8px; font-size: 13px; }
  .pictures p, .remark p { flex: 1; min-width: 0; margin: 0; overflow-wrap: anywhere; }
  .files { margin-top: 28px; padding-top: 14px; border-top: 1px solid light-dark(#dcdfe3, #3d4249); font-size: 14px; }
  .files h2 { font-size: 13px; font-weight: 650; margin: 0 0 8px; opacity: .8; }
  .files ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px; }
  .files li { display: flex; flex-wrap: wrap; align-items: center; gap: 10px; padding: 8px 12px; border: 1px solid light-dark(#dcdfe3, #3d4249); border-radius: 8px; max-width: 680px; }
  .name { flex: 1; min-width: 0; overflow-wrap: anywhere; }
  .size { opacity: .7; white-space: nowrap; }
  button { font: inherit; color: inherit; background: light-dark(#f1f3f5, #32363c); border: 1px solid light-dark(#c9ced4, #4a5058); border-radius: 6px; padding: 3px 12px; cursor: pointer; }
  button:hover { background: light-dark(#e6e9ec, #3b4047); }
  button:focus-visible, a:focus-visible { outline: 2px solid light-dark(#0b57a4, #8ab8f0); outline-offset: 2px; }
  .failure { display: block; margin-top: 6px; }
  .heard:not(.failure) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  .headers { display: none; margin: 0 0 16px; }
  .headers p { margin: 0; }
  .headers .printed { margin: 0 0 12px; padding: 6px 12px; border: 2px solid; font-weight: 650; }
  @media print { .headers { display: block; } .quiet, .pictures, button { display: none; } }
`;

/** Beyond the reach of a mail's style sheets: an author's `!important` loses against the element's own. `all` leaves direction and unicode-bidi alone. */
export const HOST_STYLE = 'all: initial !important; direction: ltr !important; unicode-bidi: isolate !important; display: block !important; color-scheme: light dark !important;';

/** What a mail's root element could do to the top layer too: shrink, hide or recolour it. A transition would win against all of these. */
export const STEADY: readonly (readonly [string, string])[] = [
  ['transition', 'none'], ['display', 'block'], ['zoom', '1'], ['content-visibility', 'visible'], ['contain', 'none'],
  ...['filter', 'backdrop-filter', 'mask', 'clip-path', 'transform', 'translate', 'scale', 'rotate'].map((name) => [name, 'none'] as const),
  ['opacity', '1'], ['mix-blend-mode', 'normal'],
];
