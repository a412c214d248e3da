/** `npm run check`: format, lint, types, layers, dead code. Two at a time, every failure shown in full. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const bin = (name: string): string => `node_modules/.bin/${name}`;

const steps: readonly Step[] = [
  // The native compiler checks types; typescript@6 stays for the tools that need its API.
  { name: 'types', command: [process.execPath, 'node_modules/typescript7/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'format and lint', command: [bin('biome'), 'ci', '--diagnostic-level=warn', '--error-on-warnings'] },
  { name: 'promises', command: [bin('eslint'), '--max-warnings', '0', 'operator', 'test', 'bench', 'scripts'] },
  { name: 'layers', command: [bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'operator'] },
  { name: 'dead code', command: [bin('knip')] },
];

function run(step: Step): Promise<{ readonly code: number; readonly output: string; readonly seconds: number }> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(step.command[0]!, step.command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const finish = (code: number, extra = '') =>
      resolve({
        code,
        output: Buffer.concat(chunks).toString('utf8') + extra,
        seconds: (performance.now() - started) / 1000,
      });
    child.on('error', (error) => finish(127, `${error.message}\n`));
    child.on('close', (code) => finish(code ?? 1));
  });
}

const only = process.argv.slice(2);
const known = steps.map((step) => step.name);
const wrong = only.find((name) => !known.includes(name));
if (wrong !== undefined) {
  console.error(`check: unknown step ${JSON.stringify(wrong)}; the steps are ${known.join(', ')}`);
  process.exit(2);
}

const queue = steps.filter((step) => only.length === 0 || only.includes(step.name));
let failed = 0;
async function worker(): Promise<void> {
  for (let step = queue.shift(); step; step = queue.shift()) {
    const result = await run(step);
    console.log(`${result.code === 0 ? 'ok    ' : 'FAILED'} ${step.name} (${result.seconds.toFixed(1)} s)`);
    if (result.code !== 0) {
      failed += 1;
      console.log(result.output.trimEnd());
    }
  }
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
process.exit(failed === 0 ? 0 : 1);
