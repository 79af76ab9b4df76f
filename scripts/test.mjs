/**
 * `npm test`: sets up, builds, checks and tests everything. Each build or check counts as one test. The last line is
 * "N passed, N failed, N skipped"; the exit code is 0 only when nothing failed. Arguments pick stages by name
 * (`npm test -- unit scenario`); stages: checks, unit, scenario, security, e2e.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installDebianPackages, installPackages, requireNode } from './setup.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
/** What those that failed said: shown once more at the end, for whoever sees only the end of a long output. */
const reasons = [];
/** Characters of each. */
const LONGEST_REASON = 10_000;
const skips = [];
/** Tests of the stores, by database. */
const databases = { SQLite: 0, PostgreSQL: 0 };

/** Runs a program and gives its output; with `loud` that is shown as it comes, too. */
function run(command, args, { loud = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      from.on('data', (chunk) => {
        output.push(chunk);
        if (loud) to.write(chunk);
      });
    }
    child.on('error', (error) => resolve({ status: 1, output: String(error) }));
    child.on('close', (status) => resolve({ status: status ?? 1, output: Buffer.concat(output).toString('utf8') }));
  });
}

function pass(name, note = '') {
  total.passed++;
  console.log(`ok    ${name}${note}`);
}

function fail(name, output = '') {
  total.failed++;
  failures.push(name);
  reasons.push(`FAIL  ${name}\n${output.trimEnd().slice(-LONGEST_REASON)}`);
  console.log(`FAIL  ${name}\n${output.trimEnd()}`);
}

function skip(name, reason) {
  total.skipped++;
  skips.push(`${name}: ${reason}`);
  console.log(`skip  ${name}: ${reason}`);
}

/** One check: a program that exits 0. `needs` names a file without which the check cannot run. */
async function check({ name, command, needs }) {
  if (needs !== undefined && !existsSync(needs)) return skip(name, `${needs} is not there`);
  const started = Date.now();
  const [program, ...args] = command;
  const { status, output } = await run(join('node_modules/.bin', program), args);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (status === 0) pass(name, ` (${seconds} s)`);
  else fail(name, output);
}

const builds = [
  { name: 'build: server', command: ['vite', 'build', '--mode', 'server', '--logLevel', 'warn'], needs: 'src/cli/main.ts' },
  { name: 'build: thunderbird', command: ['vite', 'build', '--mode', 'thunderbird', '--logLevel', 'warn'], needs: 'extension/thunderbird/background.ts' },
  { name: 'build: status page', command: ['vite', 'build', '--mode', 'status', '--logLevel', 'warn'] },
];

const checks = [
  { name: 'types: pure', command: ['tsc', '-p', 'tsconfig.pure.json'] },
  { name: 'types: node', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'types: extension', command: ['tsc', '-p', 'tsconfig.extension.json'], needs: 'extension/thunderbird/background.ts' },
  { name: 'types: tests of the extension', command: ['tsc', '-p', 'tsconfig.extension-test.json'] },
  { name: 'lint', command: ['eslint', '--max-warnings', '0', '.'] },
  { name: 'dependency directions', command: ['depcruise', '--config', '.dependency-cruiser.cjs', 'src', 'extension', 'test', 'scripts'] },
  { name: 'unused code and dependencies', command: ['knip', '--no-progress'] },
  { name: 'unused code and dependencies, tests aside', command: ['knip', '--no-progress', '--production', '--config', 'knip.production.jsonc', '--tags=-internal'] },
  { name: 'list of dependencies', command: ['tsx', 'scripts/licenses.ts', '--check'] },
];

/** Runs the checks, so many at a time: most of them use one processor each. */
async function runChecks(atOnce) {
  const queue = [...checks];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await check(next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function testFiles(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true }).filter((name) => name.endsWith('.test.ts'));
}

const ownStage = ['scenario', 'security', 'e2e'];

/** Test files that come after what only computes, so that both lanes of their stage end at about the same time. */
const secondLane = {
  scenario: ['backup', 'canary', 'copies', 'isp', 'modes', 'outside', 'pins', 'refusals', 'registry', 'taken-over'],
  e2e: ['plugin-pages', 'status-page', 'harness'],
};

/** What vitest says of failed tests, with what differs, and of errors that belong to none; the end of its output if it says nothing. */
function errorsIn(output) {
  const from = output.search(/^.*(Failed (Suites|Tests) \d|Unhandled Errors?|Unhandled Rejection|Uncaught Exception)/m);
  return from === -1 ? output.slice(-LONGEST_REASON) : output.slice(from, from + LONGEST_REASON);
}

/** Runs one set of vitest files and adds up its JSON report; without `loud` it prints when it is done. */
async function suite(name, args, { loud = true } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'ssmax-test-'));
  const report = join(directory, 'report.json');
  if (loud) console.log(`\n== ${name}`);
  const { status, output } = await run('node_modules/.bin/vitest', ['run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], { loud });
  if (!loud) console.log(`\n== ${name}\n${output}`);
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { testResults: [] };
  rmSync(directory, { recursive: true, force: true });
  let failed = 0;
  for (const file of result.testResults) {
    const path = file.name.slice(process.cwd().length + 1);
    for (const test of file.assertionResults) {
      if (test.status === 'passed') {
        total.passed++;
        for (const database of Object.keys(databases)) if (test.ancestorTitles.some((title) => title.endsWith(` on ${database}`))) databases[database]++;
      } else if (test.status === 'failed') {
        failed++;
        failures.push(`${path}: ${test.fullName}`);
      } else {
        total.skipped++;
        skips.push(`${path}: ${test.fullName}`);
      }
    }
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')) {
      failed++;
      failures.push(`${path}: ${file.message.split('\n')[0]}`);
    }
  }
  if (status !== 0 && failed === 0) {
    failed++;
    failures.push(`${name}: vitest ended with ${status}, though no test failed: its errors stand above`);
  }
  if (status !== 0) reasons.push(errorsIn(output));
  total.failed += failed;
  if (name === 'unit') console.log(`stores: ${databases.SQLite} passed on SQLite, ${databases.PostgreSQL} passed on PostgreSQL`);
}

async function stages(wanted) {
  const chosen = (name) => wanted.length === 0 || wanted.includes(name);
  // Scenario, security and e2e tests run what was built, so the builds come first whatever was chosen.
  for (const build of builds) await check(build);
  // vitest would leave one of two processors alone.
  if (chosen('unit')) await suite('unit', [...ownStage.map((stage) => `--exclude=test/${stage}/**`), '--maxWorkers=2', '--minWorkers=2']);
  const alone = ['--no-file-parallelism', '--maxWorkers=1', '--minWorkers=1'];
  const stage = async (name, options, files = [`test/${name}/`]) => {
    if (!chosen(name)) return;
    if (testFiles(join('test', name)).length === 0) skip(name, 'no test files');
    else await suite(name, [...files, ...alone], options);
  };
  // Programs with windows and mail on its way wait most of the time; beside them goes what only computes, and then some of their own files.
  const inTwoLanes = async (name, computing) => {
    const second = secondLane[name].map((file) => `test/${name}/${file}.test.ts`);
    const beside = async () => {
      await computing();
      await stage(name, { loud: false }, second);
    };
    await Promise.all([stage(name, {}, [`test/${name}/`, ...second.map((path) => `--exclude=${path}`)]), beside()]);
  };
  await inTwoLanes('scenario', async () => {
    await stage('security', { loud: !chosen('scenario') });
    if (chosen('security')) await check({ name: 'faults: every check, taken away, turns its test red', command: ['tsx', 'scripts/faults.ts'] });
  });
  await inTwoLanes('e2e', async () => {
    if (chosen('checks')) await runChecks(chosen('e2e') ? 1 : 2);
  });
}

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));
try {
  requireNode();
  installPackages();
  installDebianPackages();
  await stages(process.argv.slice(2));
} catch (error) {
  fail('test run', error instanceof Error ? (error.stack ?? error.message) : String(error));
}
console.log('');
for (const reason of reasons) console.log(reason);
for (const name of skips) console.log(`skipped: ${name}`);
for (const name of failures) console.log(`failed: ${name}`);
process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
