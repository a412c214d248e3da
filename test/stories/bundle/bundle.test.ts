/** What people install is the bundle: it has to work from a folder with nothing else of the repository. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
let folder: string;
let sandbox: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetward-bundle-'));
  await run(process.execPath, ['scripts/build.ts', join(folder, 'app')]);
  await cp('manifests/examples/factory', join(folder, 'factory'), { recursive: true });
});

afterAll(async () => {
  sandbox?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const bundle = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
  run(process.execPath, [join(folder, 'app', 'fleetward.mjs'), ...args], { cwd: folder, env });

test('the bundle runs a sandbox and converges the factory into it, from an unpacked folder', async () => {
  sandbox = spawn(process.execPath, ['app/fleetward.mjs', 'sandbox', '--output', 'json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const first = await createInterface({ input: sandbox.stdout! })[Symbol.asyncIterator]().next();
  const at = JSON.parse(String(first.value)) as Record<string, string>;
  const env = { ...process.env, AWS_ACCESS_KEY_ID: at.accessKeyId, AWS_SECRET_ACCESS_KEY: at.secretAccessKey };
  const args = [
    'run',
    '--standalone',
    '--source',
    'factory',
    '--endpoint',
    at.endpoint!,
    '--state',
    'state',
    '--once',
    '--timeout',
    '80s',
  ];
  const { stdout } = await bundle(args, env);
  expect(stdout).toContain('objects are Ready');
});

test('the policy library is a module of its own', async () => {
  const code =
    "const p = await import('./app/policy.mjs'); console.log(typeof p.compare, typeof p.lint, typeof p.reachGraph);";
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: folder });
  expect(stdout.trim()).toBe('function function function');
});
