/**
 * `npm run bench [name …]`: runs bench/<name>.bench.ts (all when none is named), each in a process of its own so that
 * memory figures are not mixed, and prints one JSON document on stdout.
 */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import type { BenchResult } from './types.ts';

const folder = import.meta.dirname;
const available = (await readdir(folder))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
  .sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !available.includes(name));
if (unknown.length > 0) {
  console.error(`bench: no benchmark ${unknown.join(', ')}; there are ${available.join(', ')}`);
  process.exit(2);
}

function runOne(name: string): Promise<readonly BenchResult[]> {
  const code = `const { run } = await import(${JSON.stringify(`./${name}.bench.ts`)}); process.send(await run());`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', code], {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let results: readonly BenchResult[] | undefined;
    child.on('message', (message) => {
      results = message as readonly BenchResult[];
      child.disconnect();
    });
    child.on('error', reject);
    // Not `close`: it never comes once the channel was disconnected from this side.
    child.on('exit', (exit) =>
      results ? resolve(results) : reject(new Error(`benchmark ${name} ended with ${exit} and no result`)),
    );
  });
}

const benchmarks: Record<string, readonly BenchResult[]> = {};
for (const name of wanted.length > 0 ? wanted : available) {
  process.stderr.write(`bench ${name}\n`);
  benchmarks[name] = await runOne(name);
}
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version };
console.log(JSON.stringify({ machine, benchmarks }, undefined, 2));
