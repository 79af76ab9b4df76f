/** Runs every transcript beside this file, and the examples of docs/command-line.md, with the real program; and one mail with all it can hold from pipe to pipe. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat } from '../../src/core/bytes.ts';
import { relay } from '../../src/flow/relay.ts';
import { mailBytes, findCarrier, replaceCarrier } from '../../src/mail/carrier.ts';
import { readContent } from '../../src/mail/content.ts';
import { parseMime } from '../../src/mail/mime.ts';
import { native } from '../flow/world.ts';
import { masked, parseTranscript, runCommand } from './transcript.ts';
import { type CliWorld, createCliWorld, only } from './world.ts';

const folder = join(import.meta.dirname, 'transcripts');
let at: CliWorld;
beforeAll(async () => { at = await createCliWorld(); });
afterAll(async () => { await at.end(); });

const read = (name: string) => new Uint8Array(readFileSync(join(at.directory, name)));

const examples = [...readFileSync('docs/command-line.md', 'utf8').matchAll(/^```console\n(.*?)^```$/gms)].map(([, text = '']) => text).join('\n');
const transcripts = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);

describe.each([...transcripts, ['docs/command-line.md', examples] as const])('%s', (_, text) => {
  for (const { command, expected } of parseTranscript(text)) {
    it(command, async () => {
      const actual = await runCommand(command, at);
      expect(masked(actual, expected)).toBe(expected);
    });
  }
});

describe('a mail with HTML, inline image and attachments', () => {
  it('comes out of the other pipe as it went in', async () => {
    const image = native.random(2000);
    const file = concat(native.random(70_000), new Uint8Array(3));
    const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/.{76}/g, '$&\n');
    writeFileSync(join(at.directory, 'rich.eml'), `From: =?UTF-8?B?${Buffer.from('市役所').toString('base64')}?= <taro@hinode.example>
To: "Hanako" <hanako@tsukimi.example>
Subject: =?ISO-2022-JP?B?GyRCOCtAUT1xGyhC?=
Content-Type: multipart/mixed; boundary=outer

This is a multi-part message in MIME format.
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-2022-jp

\u001b$B$3$s$K$A$O\u001b(B
--inner
Content-Type: multipart/related; boundary=related

--related
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>=E3=81=93=E3=82=93=E3=81=AB=E3=81=A1=E3=81=AF <img src=3D"cid:logo@x"></p>
--related
Content-Type: image/png
Content-ID: <logo@x>
Content-Disposition: inline; filename=logo.png
Content-Transfer-Encoding: base64

${base64(image)}
--related--

--inner--

--outer
Content-Type: application/octet-stream
Content-Disposition: attachment; filename*=UTF-8''%E8%A6%8B%E7%A9%8D.bin
Content-Transfer-Encoding: base64

${base64(file)}
--outer--
`);
    const options = (name: string): string => `--key ${name}.key --certificate ${name}.pem --trust trust --passphrase-fd 3 3<pass`;
    expect(await runCommand(`ssmax seal ${options('taro')} <rich.eml >rich-leg1.eml`, at)).toBe('');
    const leg1 = read('rich-leg1.eml');
    const carrier = findCarrier(parseMime(leg1, 'outer'));
    if (carrier.kind === 'none') throw new Error('no carrier');
    const arrival = { recipients: ['hanako@tsukimi.example'], from: 'taro@hinode.example', visible: ['hanako@tsukimi.example'] };
    const leg2 = only(await relay(at.hinode.parts, 'submission', { ...arrival, cms: carrier.cms }));
    const leg3 = only(await relay(at.tsukimi.parts, 'arriving', { ...arrival, cms: leg2 }));
    writeFileSync(join(at.directory, 'rich-leg3.eml'), mailBytes(replaceCarrier(leg1, leg3)));
    expect(await runCommand(`ssmax open ${options('hanako')} <rich-leg3.eml >rich-inner.eml`, at)).toBe('');

    const inner = parseMime(read('rich-inner.eml'), 'sealed');
    expect(inner.headers.text('From')).toBe('市役所 <taro@hinode.example>');
    expect(inner.headers.text('Subject')).toBe('見積書');
    expect(inner.headers.all('HP-Outer')).toEqual([]);
    const content = readContent(inner);
    expect(content.text).toBe('こんにちは');
    expect(content.html).toBe('<p>こんにちは <img src="cid:logo@x"></p>');
    expect(content.images).toEqual([{ name: 'logo.png', type: 'image/png', contentId: 'logo@x', bytes: image }]);
    expect(content.attachments).toEqual([{ name: '見積.bin', type: 'application/octet-stream', bytes: file }]);
  });
});
