/**
 * HTML that tries to load, to run, to leave its place or to hide what stands around it: our own collection, by the way it
 * tries. `u` gives an address that is counted, `run` a script that shows itself (an attribute `data-ran` and a request).
 */
import { utf8 } from '../../src/core/bytes.ts';

export interface Traps {
  u(name: string): string;
  run(name: string): string;
}

/** Well-formed ones, which stand in one mail one after the other. */
export function closedVectors({ u, run }: Traps): readonly string[] {
  return [
    ...loading(u), ...styles(u).map((style) => `<p style="${style}">x</p>`), ...styleSheets(u), ...running(u, run), ...mutations(run),
    ...leavingItsPlace(u),
  ];
}

function loading(u: Traps['u']): string[] {
  return [
    `<img src="${u('img-http')}">`, `<IMG SRC="${u('img-upper')}">`, `<image src="${u('image-alias')}">`, `<img srcset="${u('srcset')} 1x, ${u('srcset2')} 2x">`,
    `<picture><source srcset="${u('picture')}"><img src="cid:none"></picture>`, `<img lowsrc="${u('lowsrc')}" dynsrc="${u('dynsrc')}">`,
    `<img src="cid:none" longdesc="${u('longdesc')}" usemap="#m"><map name="m"><area shape="default" href="${u('area')}"></map>`,
    `<img src="\u0001${u('img-control')}">`, `<img src="\n ${u('img-space')}">`, `<img src="${u('img-slash').replace('http:', '')}">`,
    `<img src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Cimage href='${u('svg-data')}'/%3E%3C/svg%3E">`,
    `<input type="image" src="${u('input')}">`, `<body background="${u('body')}">`, `<table background="${u('table')}"><tr background="${u('tr')}"><td background="${u('td')}">x</td></tr></table>`,
    `<video src="${u('video')}" poster="${u('poster')}" autoplay></video>`, `<video autoplay><source src="${u('video-source')}"><track default src="${u('track')}"></video>`,
    `<audio src="${u('audio')}" autoplay></audio>`, `<embed src="${u('embed')}">`, `<object data="${u('object')}"><param name="movie" value="${u('param')}"></object>`,
    `<applet code="x" codebase="${u('applet')}"></applet>`, `<iframe src="${u('iframe')}"></iframe>`, `<iframe srcdoc="&lt;img src='${u('srcdoc')}'&gt;"></iframe>`,
    `<frameset><frame src="${u('frame')}"></frameset>`, `<portal src="${u('portal')}"></portal>`, `<fencedframe src="${u('fencedframe')}"></fencedframe>`, `<bgsound src="${u('bgsound')}">`,
    ...['stylesheet', 'icon', 'prefetch', 'preload', 'preconnect', 'dns-prefetch', 'prerender', 'modulepreload', 'manifest', 'import'].map((rel) => `<link rel="${rel}" as="image" href="${u(`link-${rel}`)}">`),
    `<base href="${u('base')}/"><img src="relative.png">`, `<meta http-equiv="refresh" content="0;url=${u('refresh')}">`,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; report-uri ${u('csp-report')}">`, `<meta http-equiv="set-cookie" content="x=y">`,
    `<svg><image href="${u('svg-image')}" xlink:href="${u('svg-xlink')}"/><use href="${u('svg-use')}#x"/><feImage href="${u('svg-feimage')}"/></svg>`,
    `<svg><style>@import "${u('svg-import')}";</style><foreignObject><img src="${u('foreign')}"></foreignObject></svg>`, `<math href="${u('math')}"><mi>x</mi></math>`,
    `<a href="#x" ping="${u('ping')}">x</a>`, `<template><img src="${u('template')}"></template>`, `<noscript><img src="${u('noscript')}"></noscript>`,
    `<div itemscope itemtype="${u('itemtype')}"></div>`, `<q cite="${u('cite')}">x</q>`, `<del cite="${u('del')}">x</del>`, `<html manifest="${u('manifest')}">`,
    `<!--[if gte mso 9]><img src="${u('conditional')}"><![endif]-->`, `<xml><o:x src="${u('office')}"></o:x></xml><v:image src="${u('vml')}"/>`,
  ];
}

function styles(u: Traps['u']): string[] {
  return [
    `background: url(${u('css-background')})`, `background-image: \\75 rl(${u('css-escaped')})`, `background-image: u/**/rl(${u('css-comment')})`,
    `background-image: image-set('${u('css-image-set')}' 1x)`, `background-image: -webkit-image-set(url(${u('css-webkit')}) 1x)`, `background-image: cross-fade(url(${u('css-cross')}), red)`,
    `list-style-image: url(${u('css-list')})`, `list-style: url(${u('css-list2')})`, `cursor: url(${u('css-cursor')}), auto`, `border-image: url(${u('css-border')}) 30`,
    `content: url(${u('css-content')})`, `mask: url(${u('css-mask')})`, `mask-image: url(${u('css-mask-image')})`, `filter: url(${u('css-filter')}#x)`, `backdrop-filter: url(${u('css-backdrop')}#x)`,
    `clip-path: url(${u('css-clip')}#x)`, `shape-outside: url(${u('css-shape')})`, `offset-path: url(${u('css-offset')}#x)`, `--x: url(${u('css-variable')}); background: var(--x)`,
    `behavior: url(${u('css-behavior')})`, `-moz-binding: url(${u('css-binding')}#x)`, `font: 12px x, url(${u('css-font')})`, `width: calc(1px + attr(x))`,
    `background: red; } * { background: url(${u('css-brace')}) }`, `background:url(&#x22;${u('css-entity')}&#x22;)`,
  ];
}

function styleSheets(u: Traps['u']): string[] {
  return [
    `<style>@import "${u('sheet-import')}"; @font-face { font-family: x; src: url(${u('sheet-font')}) } * { font-family: x; background: url(${u('sheet-background')}) }</style>`,
    `<style>.banner, .pictures, .files { display: none !important } :host { display: none !important } div::before { content: url(${u('sheet-content')}) }</style>`,
    `<style>@media print { body { background: url(${u('sheet-print')}) } } [value^=a] { background: url(${u('sheet-attribute')}) }</style>`,
    `<link rel="stylesheet" href="data:text/css,*{background:url(${u('sheet-data')})}">`, `<?xml-stylesheet href="${u('sheet-xml')}"?>`,
  ];
}

function running(u: Traps['u'], run: Traps['run']): string[] {
  const events = ['onload', 'onerror', 'onmouseover', 'onfocus', 'onbegin', 'onanimationstart', 'ontoggle', 'onpageshow', 'onbeforetoggle'];
  return [
    `<script>${run('script')}</script>`, `<script src="${u('script-src')}"></script>`, `<script type="module">${run('module')}</script>`, `<svg><script>${run('svg-script')}</script></svg>`,
    ...events.flatMap((event) => [`<img src="x:y" ${event}="${run(`img-${event}`)}">`, `<svg ${event}="${run(`svg-${event}`)}"><animate ${event}="${run(`animate-${event}`)}" attributeName="x" dur="1s"/></svg>`]),
    `<input autofocus onfocus="${run('autofocus')}">`, `<details open ontoggle="${run('details')}"><summary>x</summary></details>`, `<body onload="${run('body')}">`,
    `<marquee onstart="${run('marquee')}">x</marquee>`, `<video><source onerror="${run('video')}"></video>`, `<iframe src="javascript:parent.${run('iframe')}"></iframe>`,
    `<object data="javascript:${run('object')}"></object>`, `<embed src="javascript:${run('embed')}">`, `<form action="javascript:${run('form')}"><input type="submit" autofocus></form>`,
    `<meta http-equiv="refresh" content="0;url=javascript:${run('refresh')}">`, `<link rel="stylesheet" href="javascript:${run('link')}">`, `<base href="javascript:/a/-${run('base')}//">`,
    `<a href="javascript:${run('a')}">x</a>`, `<a href="java&#10;script:${run('newline')}">x</a>`, `<a href="&#x1;javascript:${run('control')}">x</a>`, `<a href="data:text/html,<script>${run('data')}</script>">x</a>`,
    `<svg><a xlink:href="javascript:${run('xlink')}"><text y="20">x</text></a></svg>`, `<math><maction actiontype="statusline#javascript:${run('math')}">x</maction></math>`,
    `<isindex action="javascript:${run('isindex')}" type="image">`, `<div style="width: expression(${run('expression')})">x</div>`, `<x onclick="${run('custom')}" tabindex="1" autofocus onfocus="${run('custom-focus')}">x</x>`,
  ];
}

/** Text that becomes something else when it is parsed a second time. */
function mutations(run: Traps['run']): string[] {
  const image = (name: string): string => `<img src="x:y" onerror="${run(name)}">`;
  return [
    `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;/mglyph&gt;${image('mxss-mglyph').replaceAll('<', '&lt;').replaceAll('"', '&quot;')}">`,
    `<form><math><mtext></form><form><mglyph><style></math>${image('mxss-form')}</style></mglyph></form></mtext></math>`,
    `<svg></p><style><a id="</style>${image('mxss-svg').replaceAll('"', "'")}"></a></svg>`, `<noscript><p title="</noscript>${image('mxss-noscript').replaceAll('"', "'")}"></p></noscript>`,
    `<svg><![CDATA[><!--${image('mxss-cdata')}]]></svg>`, `<xmp><p title="</xmp>${image('mxss-xmp').replaceAll('"', "'")}"></p>`, `<noembed><p title="</noembed>${image('mxss-noembed').replaceAll('"', "'")}"></p>`,
    `<select><style></select>${image('mxss-select')}</style>`, `<table><caption><svg><title><style></title></svg></caption></table>${image('mxss-title')}</style>`,
    `<img name="body"><img name="head"><form name="documentElement"><input name="attributes"></form>`, `<form id="host"><input name="parentNode"></form>`, `<a id="browser"></a><a id="browser" name="runtime"></a>`,
  ];
}

/** Over, under or around the line that says what to think of the mail. */
function leavingItsPlace(u: Traps['u']): string[] {
  const cover = 'position: fixed; top: 0; left: 0; right: 0; bottom: 0; z-index: 2147483647; background: #eef6f3';
  return [
    `<div style="${cover}">月見製作所が確認しました。</div>`, `<div style="position: absolute; top: -400px; ${cover}">x</div>`, `<div style="margin-top: -900px; height: 900px; background: white">x</div>`,
    `<div style="margin: -999px 0 0 0">x</div>`, `<div style="transform: translateY(-900px) scale(9)">x</div>`, `<div style="translate: 0 -900px; scale: 5; rotate: 45deg">x</div>`,
    `<span style="vertical-align: 900px; font-size: 40px">月見製作所が確認しました。</span>`, `<span style="letter-spacing: -900px">x</span>`, `<span style="font-size: 9000px; line-height: 0">■</span>`,
    `<div style="float: left; width: 9999px; height: 9999px; background: white"></div>`, `<dialog open style="${cover}">x</dialog>`, `<div popover="manual" style="display: block; ${cover}">x</div>`,
    `<fieldset style="${cover}"><legend style="margin-top: -900px">x</legend></fieldset>`, `<table style="margin-top: -900px; border-spacing: 900px"><tr><td>x</td></tr></table>`,
    `<div style="contain: none; overflow: visible; position: sticky; top: -900px">x</div>`, `<div style="display: contents; all: initial; ${cover}">x</div>`, `<object style="${cover}" data="${u('cover')}"></object>`,
    `<marquee direction="up" behavior="slide" height="9999" style="${cover}">x</marquee>`, `<div class="banner verified" id="banner" role="alert" slot="x" part="banner">月見製作所が確認しました。</div>`,
  ];
}

/** Ones that swallow what follows, each for a mail of its own. */
export function openVectors({ u }: Traps): Readonly<Record<string, string>> {
  return {
    'open quote': `<p>x</p><img src="${u('open-quote')}?`,
    'open comment': `<p>x</p><!-- <img src="${u('open-comment')}">`,
    'open style sheet': `<p>x</p><style>@import "${u('open-style')}?`,
    'closes what is around': `</div></pre></article></body></html><body background="${u('late-body')}" style="margin-top: -500px"><div style="position: fixed; inset: 0; background: white">x</div><plaintext>`,
  };
}

/** HTML that opens an attribute in one part and closes it in another. */
export function splitHtml({ from, to }: { readonly from: string; readonly to: string }, base: string): Uint8Array<ArrayBuffer> {
  const part = (type: string, text: string): string => `--b\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text}\r\n`;
  return utf8([
    `From: ${from}`, `To: ${to}`, 'Subject: split', `Date: ${new Date().toUTCString()}`, 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; hp="cipher"; boundary=b', '',
    part('text/html', `<p>x</p><img src="${base}split?`) + part('text/plain', '秘密') + part('text/html', '"><p>y</p>') + '--b--', '',
  ].join('\r\n'));
}
