import { messagesOf } from './words.ts';

/** Thunderbird as far as a test stubs it: anything else that is called throws, and all calls are recorded. */
interface FakeThunderbird {
  /** `compose.addAttachment` and its arguments, in order. */
  readonly calls: { readonly name: string; readonly args: readonly unknown[] }[];
  /** What the polyfill exports. */
  readonly api: unknown;
  stub(name: string, act: (...args: never[]) => unknown): void;
  /** What a name is stubbed by now. */
  stubbed(name: string): (...args: never[]) => unknown;
  /** Forgets calls and stubs. */
  reset(): void;
}

function fakeThunderbird(): FakeThunderbird {
  const calls: { name: string; args: readonly unknown[] }[] = [];
  const stubs = new Map<string, (...args: never[]) => unknown>();
  const at = (path: string): unknown =>
    new Proxy(() => undefined, {
      get: (_, key) => (typeof key === 'string' && key !== 'then' ? at(path === '' ? key : `${path}.${key}`) : undefined),
      apply: (_, __, args: never[]) => {
        calls.push({ name: path, args });
        const act = stubs.get(path);
        if (act === undefined) throw new Error(`${path} was called, but the test did not expect it`);
        return act(...args);
      },
    });
  const reset = (): void => {
    calls.length = 0;
    stubs.clear();
    stubs.set('i18n.getUILanguage', () => 'ja');
    stubs.set('i18n.getMessage', (key: string) => messagesOf('ja')[key]?.message ?? '');
  };
  reset();
  return { calls, api: at(''), stub: (name, act) => void stubs.set(name, act), stubbed: (name) => stubs.get(name) ?? (() => undefined), reset };
}

/** What `webextension-polyfill` is mocked by: modules take hold of it when they are loaded. */
export const thunderbird = fakeThunderbird();

export interface FakeWindow {
  details: Record<string, unknown>;
  files: File[];
}

/** A compose window of tab 7, behind the stubs that sending uses. */
export function fakeComposeWindow(window: FakeWindow): void {
  let next = 1;
  const ids = new Map<number, File>(window.files.map((file) => [next++, file]));
  let session: Record<string, unknown> = {};
  thunderbird.stub('storage.session.get', () => Promise.resolve(session));
  thunderbird.stub('storage.session.set', (values: object) => Promise.resolve(void (session = { ...session, ...values })));
  thunderbird.stub('storage.session.remove', (name: string) => Promise.resolve(void (session = Object.fromEntries(Object.entries(session).filter(([key]) => key !== name)))));
  thunderbird.stub('runtime.getPlatformInfo', () => Promise.resolve({}));
  thunderbird.stub('runtime.getURL', (path: string) => `moz-extension://x/${path}`);
  thunderbird.stub('windows.create', () => Promise.resolve({}));
  thunderbird.stub('accounts.list', () => Promise.resolve([{ identities: [{ id: 'id1', email: 'taro@hinode.example' }, { id: 'id2', email: 'Taro@private.example' }] }]));
  thunderbird.stub('compose.listAttachments', () => Promise.resolve([...ids].map(([id, { name }]) => ({ id, name }))));
  thunderbird.stub('compose.getAttachmentFile', (id: number) => Promise.resolve(ids.get(id)));
  thunderbird.stub('compose.getComposeDetails', () => Promise.resolve(window.details));
  const sync = (): void => {
    window.files = [...ids.values()];
  };
  thunderbird.stub('compose.removeAttachment', (_: number, id: number) => {
    ids.delete(id);
    sync();
    return Promise.resolve();
  });
  thunderbird.stub('compose.addAttachment', (_: number, { file }: { file: File }) => {
    ids.set(next++, file);
    sync();
    return Promise.resolve({ id: next - 1 });
  });
  thunderbird.stub('compose.setComposeDetails', (_: number, details: Record<string, unknown>) => {
    window.details = { ...window.details, ...details };
    return Promise.resolve();
  });
}
