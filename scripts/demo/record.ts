/** What a run of the story leaves behind: raw messages, screenshots, trust material, result.json. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shrinkPng } from '../world/display.ts';
import type { Person } from './person.ts';

export interface StepResult {
  readonly id: number;
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export class Record {
  readonly steps: StepResult[] = [];

  constructor(readonly directory: string, private readonly say: (line: string) => void) {
    for (const name of ['hops', 'screenshots', 'trust']) mkdirSync(join(directory, name), { recursive: true });
  }

  /** Runs a step; a failure is kept, said and thrown on. */
  async step(id: number, name: string, run: () => Promise<string>): Promise<void> {
    try {
      const detail = await run();
      this.steps.push({ id, name, ok: true, detail });
      this.say(`step ${id} ok      ${name}: ${detail}`);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.steps.push({ id, name, ok: false, detail });
      this.say(`step ${id} FAILED  ${name}: ${detail}`);
      throw error;
    } finally {
      this.write();
    }
  }

  hop(name: string, raw: Uint8Array): void {
    writeFileSync(join(this.directory, 'hops', `${name}.eml`), raw);
  }

  /** A screenshot, small enough to be committed. */
  async look(person: Person, name: string): Promise<void> {
    const { locale, dark } = person.look;
    const file = join(this.directory, 'screenshots', `${name}-${locale.slice(0, 2)}-${dark ? 'dark' : 'light'}.png`);
    const full = file.replace(/\.png$/, '.full.png');
    await person.desktop.display.screenshot(full);
    await shrinkPng(full, file);
    rmSync(full);
  }

  trust(name: string, bytes: Uint8Array | string): void {
    writeFileSync(join(this.directory, 'trust', name), bytes);
  }

  write(): void {
    const ok = this.steps.length > 0 && this.steps.every((step) => step.ok);
    writeFileSync(join(this.directory, 'result.json'), `${JSON.stringify({ ok, steps: this.steps }, null, 2)}\n`);
  }
}
