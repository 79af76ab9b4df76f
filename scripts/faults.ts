/**
 * `npm run test:faults`: takes each check of test/faults.ts away in turn and runs the test that must turn red. The last
 * line is "N faults, N caught"; the exit code is 0 only if all were. The product is not changed on disk and has no
 * switches: the fault is put in while vite loads the file. Arguments pick faults by a part of their names.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createVitest, type TestCase, type TestModule, type Vitest } from 'vitest/node';
import { faults } from '../test/faults.ts';
import type { Fault } from '../test/faults/fault.ts';

const root = resolve(import.meta.dirname, '..');
/** One for each processor of a small machine. */
const LANES = 2;

type Outcome = 'caught' | 'missed' | 'not a program';

class Lane {
  fault: Fault | undefined;
  private constructor(private readonly vitest: () => Vitest) {}

  static async start(): Promise<Lane> {
    const lane: Lane = new Lane(() => vitest);
    const options = {
      root, config: false as const, watch: false, reporters: [{}], pool: 'threads' as const, maxWorkers: 1, minWorkers: 1, fileParallelism: false,
      include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000,
    };
    const vitest = await createVitest('test', options, {
      plugins: [{
        name: 'fault',
        enforce: 'pre',
        transform: (code, id) => {
          const { fault } = lane;
          return fault !== undefined && id === join(root, fault.file) ? code.replace(fault.find, () => fault.replace) : undefined;
        },
      }],
    });
    await vitest.init();
    await vitest.globTestSpecifications();
    return lane;
  }

  /** The states of all tests of a file, without a fault; empty where it does not load. */
  async states(file: string): Promise<ReadonlyMap<string, string>> {
    this.fault = undefined;
    this.vitest().resetGlobalTestNamePattern();
    return new Map(testsOf(await this.#run(file)).map((test) => [test.fullName, test.result().state]));
  }

  /** Runs the fault's test with the fault in place. */
  async plant(fault: Fault): Promise<Outcome> {
    const vitest = this.vitest();
    this.fault = fault;
    vitest.invalidateFile(join(root, fault.file));
    vitest.setGlobalTestNamePattern(new RegExp(fault.test.name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')));
    const modules = await this.#run(fault.test.file);
    vitest.invalidateFile(join(root, fault.file));
    // A file that does not load any more shows nothing about the check.
    if (testsOf(modules).length === 0) return 'not a program';
    return modules.some((module) => module.state() === 'failed') ? 'caught' : 'missed';
  }

  async #run(file: string): Promise<readonly TestModule[]> {
    const vitest = this.vitest();
    const { testModules } = await vitest.runTestSpecifications(vitest.getModuleSpecifications(join(root, file)), false);
    return testModules.filter(({ moduleId }) => moduleId === join(root, file)); // it remembers those of earlier runs, too
  }

  close(): Promise<void> {
    return this.vitest().close();
  }
}

function testsOf(modules: readonly TestModule[]): TestCase[] {
  return modules.flatMap((module) => [...module.children.allTests()]);
}

/** What is wrong with the entry itself: a check that was rewritten, or that stands there twice. */
function mistake({ file, find }: Fault): string | undefined {
  const count = readFileSync(join(root, file), 'utf8').split(find).length - 1;
  return count === 1 ? undefined : `its text is in ${file} ${count} times`;
}

async function main(wanted: readonly string[]): Promise<void> {
  const chosen = faults.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  // By test file: what was transformed for one fault is still warm for the next.
  const queue = [...chosen].sort((a, b) => a.test.file.localeCompare(b.test.file));
  const green = new Map<string, Promise<ReadonlyMap<string, string>>>();
  let caught = 0;
  const work = async (): Promise<void> => {
    const lane = await Lane.start();
    for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
      const wrong = mistake(fault) ?? await test(lane, fault, green);
      if (wrong === undefined) caught++;
      console.log(wrong === undefined ? `caught  ${fault.name}` : `MISSED  ${fault.name}: ${wrong}`);
    }
    await lane.close();
  };
  await Promise.all(Array.from({ length: LANES }, work));
  console.log(`${chosen.length} faults, ${caught} caught`);
  process.exitCode = caught === chosen.length ? 0 : 1;
}

async function test(lane: Lane, fault: Fault, green: Map<string, Promise<ReadonlyMap<string, string>>>): Promise<string | undefined> {
  const { file, name } = fault.test;
  // The tests must be green without the fault, else their red says nothing.
  const before = green.get(file) ?? lane.states(file);
  green.set(file, before);
  const named = [...(await before)].filter(([full]) => full.includes(name));
  if (named.length === 0) return `no test in ${file} is named "${name}"`;
  const red = named.find(([, state]) => state !== 'passed');
  if (red !== undefined) return `without the fault, "${red[0]}" in ${file} is ${red[1]}`;
  const outcome = await lane.plant(fault);
  return outcome === 'caught' ? undefined : `"${name}" in ${file}: ${outcome}`;
}

const [, , ...wanted] = process.argv;
await main(wanted);
