/** Runs every transcript beside this file, and every example of docs/command-line.md, with the real program. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { masked, parseTranscript, runCommand } from './transcript.ts';
import { type CliWorld, createCliWorld } from './world.ts';

const folder = join(import.meta.dirname, 'transcripts');
let at: CliWorld;
beforeAll(async () => { at = await createCliWorld(); });
afterAll(() => { at.remove(); });

function play(text: string): void {
  for (const { command, expected } of parseTranscript(text)) {
    it(command, async () => {
      const actual = await runCommand(command, at);
      expect(masked(actual, expected)).toBe(expected);
    });
  }
}

describe.each(readdirSync(folder))('%s', (name) => play(readFileSync(join(folder, name), 'utf8')));
