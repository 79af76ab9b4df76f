/**
 * A client for Marionette, the remote control inside Mozilla programs: frames are `<length>:<JSON>` over TCP, a command
 * is `[0, id, name, params]`, its answer `[1, id, error, result]`. Used to look and to prepare; acting is done with
 * keyboard and mouse (desktop.ts).
 */
import { connect, type Socket } from 'node:net';
import { SsmaxError } from '../../src/core/error.ts';
import { chromeSide, type ChromeSide } from './chrome-side.ts';

interface Waiting {
  readonly name: string;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** What a function sent by `run` may take and give. */
export type Json = null | undefined | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export class Marionette {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #received: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #lastId = 0;
  #greeted: (() => void) | undefined;

  /** Connects to a port on which Marionette listens, and opens a session with access to the program itself. */
  static async connect(port: number): Promise<Marionette> {
    const socket = connect(port, '127.0.0.1');
    const client = new Marionette(socket);
    await new Promise<void>((resolve, reject) => {
      client.#greeted = resolve;
      socket.once('error', reject);
      socket.once('close', () => reject(new SsmaxError('unavailable', 'marionette-closed')));
    });
    // In every session Marionette listens for dialogs, aborts scripts and closes them. Dialogs are the user's, so the
    // session that counts starts after it was made deaf.
    await client.command('WebDriver:NewSession');
    await client.command('Marionette:SetContext', { value: 'chrome' });
    await client.run((chrome) => chrome.leaveDialogsAlone());
    await client.command('WebDriver:DeleteSession');
    await client.command('WebDriver:NewSession');
    await client.command('WebDriver:SetTimeouts', { script: 120_000 });
    await client.command('Marionette:SetContext', { value: 'chrome' });
    return client;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => undefined); // a `close` follows
    socket.on('close', () => {
      for (const { name, reject } of this.#waiting.values()) reject(new SsmaxError('unavailable', 'marionette-closed', { name }));
      this.#waiting.clear();
    });
  }

  /** One Marionette command. Throws `marionette-error` with what Marionette says. */
  command(name: string, params: Readonly<Record<string, Json>> = {}): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(new SsmaxError('unavailable', 'marionette-closed', { name }));
    const id = ++this.#lastId;
    const body = Buffer.from(JSON.stringify([0, id, name, params]));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { name, resolve, reject });
      this.#socket.write(Buffer.concat([Buffer.from(`${body.length}:`), body]));
    });
  }

  /**
   * Runs a function inside the program, with all its privileges. The function travels as text: it must not use
   * anything of its surroundings but its parameters, the first of which is the set of functions in chrome-side.ts.
   */
  async run<Args extends readonly Json[], Result>(script: (chrome: ChromeSide, ...args: Args) => Result, ...args: Args): Promise<Awaited<Result>> {
    // `__name` is what esbuild, which runs our TypeScript, puts around functions to keep their names.
    const body = `
      const __name = (named) => named;
      const args = [...arguments];
      const done = args.pop();
      const chrome = (${chromeSide.toString()})();
      Promise.resolve()
        .then(() => (${script.toString()})(chrome, ...args))
        .then((value) => done({ value }), (error) => done({ error: String(error) + '\\n' + String(error?.stack ?? '') }));`;
    const answer = (await this.command('WebDriver:ExecuteAsyncScript', { script: body, args, newSandbox: true, sandbox: 'system' })) as {
      readonly value: { readonly value?: Awaited<Result>; readonly error?: string };
    };
    if (answer.value.error !== undefined) throw new SsmaxError('fault', 'script-failed-in-thunderbird', { error: answer.value.error });
    return answer.value.value as Awaited<Result>;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const colon = this.#received.indexOf(0x3a);
      if (colon < 0) return;
      const end = colon + 1 + Number(this.#received.toString('latin1', 0, colon));
      if (this.#received.length < end) return;
      const frame: unknown = JSON.parse(this.#received.toString('utf8', colon + 1, end));
      this.#received = this.#received.subarray(end);
      if (Array.isArray(frame)) this.#answer(frame as [number, number, { error: string; message: string } | null, unknown]);
      else this.#greeted?.();
    }
  }

  #answer([, id, error, result]: [number, number, { error: string; message: string } | null, unknown]): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === null) waiting?.resolve(result);
    else waiting?.reject(new SsmaxError('fault', 'marionette-error', { name: waiting.name, error: `${error.error}: ${error.message}` }));
  }
}
