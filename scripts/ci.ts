/**
 * What continuous integration runs: the commands of the README, one after the other, on a clean checkout.
 * Counts every test of every suite; a command that is no test suite counts as one. The last line is the sum; above it stands
 * what failed and why, because of a long log often only the end is kept.
 *
 * Stories on a real cluster share a machine with whatever else runs on it. A few files of them that fail are run once more,
 * on a cluster of their own; a test that passes then counts as passed and is named as unstable, so that somebody looks.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Reads passed, failed and skipped from what the command wrote to this file (Vitest's JSON report). */
  readonly report?: string;
  /** Reads them from its last line: `N passed, N failed, N skipped`. */
  readonly tally?: boolean;
  /** Files that failed are run once more, unless there are more than chance explains. */
  readonly again?: boolean;
}

const folder = await mkdtemp(join(tmpdir(), 'fleetward-ci-'));
const vitest = (name: string, script: string): Step => {
  const report = join(folder, `${name}.json`);
  return {
    name,
    report,
    command: [
      'npm',
      'run',
      '--silent',
      script,
      '--',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
  };
};

const steps: readonly Step[] = [
  { name: 'check', command: ['npm', 'run', '--silent', 'check'] },
  { name: 'verify', command: ['npm', 'run', '--silent', 'verify'] },
  vitest('test', 'test'),
  { name: 'demo', command: ['npm', 'run', '--silent', 'demo'] },
  { ...vitest('cluster', 'test:cluster'), again: true },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  {
    name: 'cases',
    tally: true,
    command: [
      'node',
      'test/policy/cases.ts',
      'test/policy/cases/policy-pairs.json',
      'test/policy/cases/policy-lint-cases.json',
    ],
  },
  // Programs of others that judge the sandbox; they install themselves outside of the checkout.
  { name: 'judges', tally: true, command: ['node', 'test/judges/run.ts'] },
  { name: 'mqtt', tally: true, command: ['node', 'test/judges/mqtt/run.ts'] },
];

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures?: readonly Failure[];
}

interface Failure {
  readonly file: string;
  /** The test's name and how its error begins. */
  readonly text: string;
}

/** The part that is read here of Vitest's JSON report. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

interface Ended {
  readonly code: number;
  /** The end of what it wrote. */
  readonly tail: string;
}

function run(command: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    let tail = '';
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (chunk: Buffer) => {
      process.stdout.write(chunk);
      tail = (tail + chunk.toString('utf8')).slice(-2000);
    });
    child.on('error', (error) => {
      console.log(error.message);
      resolve({ code: 127, tail });
    });
    child.on('close', (code) => resolve({ code: code ?? 1, tail }));
  });
}

/** Colours and other control sequences, which a line of figures may carry. */
const CONTROL = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

function tallied({ code, tail }: Ended): Counts | undefined {
  const line = tail.replaceAll(CONTROL, '').trimEnd().split('\n').at(-1) ?? '';
  const found = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/.exec(line);
  if (!found) return undefined;
  const failed = Number(found[2]);
  return { passed: Number(found[1]), failed: failed === 0 && code !== 0 ? 1 : failed, skipped: Number(found[3] ?? 0) };
}

/** As much of an error as tells one failure from another. */
const beginning = (text: string) =>
  text.replaceAll(CONTROL, '').trim().split('\n').slice(0, 6).join('\n    ').slice(0, 600);

function failures(report: Report): readonly Failure[] {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => ({ file, text: `${test.fullName}\n    ${beginning(test.failureMessages?.[0] ?? '')}` }));
    return tests.length === 0 && status === 'failed' ? [{ file, text: beginning(message) }] : tests;
  });
}

async function count(step: Step, ended: Ended): Promise<Counts> {
  const { code } = ended;
  const alone = { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  if (step.tally) return tallied(ended) ?? alone;
  if (!step.report) return alone;
  let text: string;
  try {
    text = await readFile(step.report, 'utf8');
  } catch {
    return alone;
  }
  const report = JSON.parse(text) as Report;
  // A suite that failed to load has no failed test of its own: the exit code speaks for it.
  const failed = report.numFailedTests === 0 && code !== 0 ? 1 : report.numFailedTests;
  return {
    passed: report.numPassedTests,
    failed,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: failures(report),
  };
}

/** More files than this do not fail by chance. */
const MOST_FILES_AGAIN = 3;

/** The files that failed, once more; undefined where that is not done or the second run fails as well. */
async function again(step: Step, first: Counts): Promise<Counts | undefined> {
  const files = [...new Set(first.failures?.map(({ file }) => file))];
  if (step.again !== true || files.length === 0 || files.length > MOST_FILES_AGAIN) return undefined;
  console.log(`\n=== ${step.name} again: ${files.join(' ')}`);
  const ended = await run([...step.command, ...files]);
  const second = await count(step, ended);
  if (ended.code !== 0 || second.failed > 0) return undefined;
  return { ...first, passed: first.passed + first.failed, failed: 0 };
}

let total: Counts = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
const remarks: string[] = [];
for (const step of steps) {
  const started = performance.now();
  console.log(`\n=== ${step.name}: ${step.command.slice(0, 4).join(' ')}`);
  const ended = await run(step.command);
  const first = await count(step, ended);
  const better = await again(step, first);
  const counts = better ?? first;
  total = {
    passed: total.passed + counts.passed,
    failed: total.failed + counts.failed,
    skipped: total.skipped + counts.skipped,
  };
  const kind = better === undefined ? 'FAILED' : 'UNSTABLE, passed when it was run again:';
  remarks.push(...(first.failures ?? []).map(({ file, text }) => `\n${kind} ${file}: ${text}`));
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  lines.push(`${ended.code === 0 || better ? 'ok    ' : 'FAILED'} ${step.name.padEnd(8)} ${seconds} s`);
}
await rm(folder, { recursive: true, force: true });

for (const remark of remarks) console.log(remark);
console.log(`\n${lines.join('\n')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
