/** A throw-away add-on that shows whether the harness reaches everything a real one has. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const addonId = 'harness@ssmax.example';

const manifest = {
  manifest_version: 3,
  name: 'Harness',
  version: '1.0',
  browser_specific_settings: { gecko: { id: addonId } },
  permissions: ['compose', 'messagesRead', 'messagesModify', 'scripting', 'storage', 'downloads', 'tabs'],
  host_permissions: ['https://127.0.0.1/*'],
  background: { scripts: ['background.js'] },
  message_display_action: { default_title: 'Harness', default_label: 'Harness', default_popup: 'popup.html' },
};

const background = `
browser.compose.onBeforeSend.addListener(async (tab, details) => {
  if (details.subject.includes('cancelled')) return { cancel: true };
  return { details: { customHeaders: [{ name: 'X-Harness', value: 'seen' }] } };
});
browser.messageDisplay.onMessagesDisplayed.addListener((tab) => browser.messageDisplayAction.setLabel({ tabId: tab.id, label: '確認済み' }));
browser.runtime.onMessage.addListener(async () => {
  const url = URL.createObjectURL(new Blob(['添付の中身']));
  await browser.downloads.download({ url, filename: '保存.txt' });
});
(async () => {
  await browser.scripting.messageDisplay.registerScripts([{ id: 'banner', js: ['banner.js'], runAt: 'document_idle' }]);
  await browser.tabs.create({ url: 'page.html' });
})();
`;

// The banner's shadow tree is closed, as a real one's that must not be touched by the mail.
const banner = `
const host = document.createElement('div');
const banner = host.attachShadow({ mode: 'closed' });
banner.innerHTML = '<style>button { font: inherit }</style><p>帯の文</p><button id="save">保存</button>';
banner.getElementById('save').addEventListener('click', () => browser.runtime.sendMessage('save'));
document.body.prepend(host);
`;

const page = `<!doctype html><meta charset="utf-8"><title>登録</title>
<p id="managed"></p><div style="height: 1500px">登録</div>
<form id="form"><input id="code"><label><input id="agree" type="checkbox"> 同意</label><button>送る</button></form>
<p id="result"></p><script src="page.js"></script>`;

const pageScript = `
const show = (id, text) => { document.getElementById(id).textContent = text; };
document.getElementById('form').addEventListener('submit', (event) => {
  event.preventDefault();
  show('result', 'code ' + document.getElementById('code').value + ' ' + document.getElementById('agree').checked);
});
(async () => {
  const { url } = await browser.storage.managed.get();
  show('managed', await (await fetch(url)).text());
})().catch((error) => show('managed', String(error)));
`;

const popup = '<!doctype html><meta charset="utf-8"><body style="width: 300px">確認の詳細</body>';

/** Writes the add-on into a directory. */
export function writeHarnessAddon(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const files = { 'manifest.json': JSON.stringify(manifest), 'background.js': background, 'banner.js': banner, 'page.html': page, 'page.js': pageScript, 'popup.html': popup };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
}
