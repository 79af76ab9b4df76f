import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): Record<string, unknown> => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
const manifest = read('manifest.json');

describe('the manifest', () => {
  it('asks for these permissions and no others', () => {
    // accountsRead: whose mail is sealed. compose: sealing. downloads, downloads.open: attachments saved and opened by a
    // click. messagesImport, messagesDelete: a sealed draft in place of the one before. messagesRead, messagesModify, scripting: judging a mail and showing its content. storage: managed settings.
    expect(manifest.permissions).toEqual(['accountsRead', 'compose', 'downloads', 'downloads.open', 'messagesDelete', 'messagesImport', 'messagesModify', 'messagesRead', 'scripting', 'storage']);
    for (const more of ['host_permissions', 'optional_host_permissions', 'content_scripts', 'experiment_apis', 'web_accessible_resources']) expect(manifest).not.toHaveProperty(more);
    expect(manifest.optional_permissions).toEqual(['addressBooks', 'messagesTags', 'messagesUpdate']);
  });

  it('has every permission explained in docs/permissions.md, and no other', () => {
    const explained = [...readFileSync('docs/permissions.md', 'utf8').matchAll(/^\| `([a-zA-Z.]+)`/gm)].map(([, name]) => name);
    expect(explained.sort()).toEqual([...(manifest.permissions as string[]), ...(manifest.optional_permissions as string[])].sort());
  });

  it('lets pages run their own scripts only and speak to HTTPS only', () => {
    expect(manifest.content_security_policy).toEqual({
      extension_pages: "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data: https:; connect-src https:; base-uri 'none'; form-action 'none'",
    });
  });

  it('takes one key, which works without a button and types nothing (decision 73)', () => {
    expect(manifest.commands).toEqual({ 'about-mail': { suggested_key: { default: 'Ctrl+Shift+H' }, description: '__MSG_command_about_mail__' } });
  });

  it('has the version of the package', () => {
    expect(manifest.version).toBe(read('package.json').version);
  });

  it('is Manifest V3 with an event page, in two languages', () => {
    expect(manifest.manifest_version).toBe(3);
    expect(manifest.background).toEqual({ scripts: ['background.js'], type: 'module' });
    expect(manifest.default_locale).toBe('en');
  });
});
