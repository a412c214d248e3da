/** What `npm run test:cluster` promises about itself, where there is no cluster and when it is cut short. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const children: ChildProcess[] = [];
let folder = '';

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(ask: () => boolean, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    if (ask()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

test('a server of the control plane does not outlive the run, however that ends', { timeout: 40_000 }, async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetward-guard-'));
  const program = join(folder, 'run.ts');
  const module = join(ROOT, 'test/cluster/support/process.ts');
  await writeFile(
    program,
    `import { startChild } from ${JSON.stringify(module)};
     const child = startChild('server', ['sleep', '1000']);
     console.log(String(await child.pid));
     setInterval(() => {}, 1000);`,
  );
  const run = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(run);
  const pid = await new Promise<number>((resolve) =>
    run.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString()))),
  );
  expect(alive(pid)).toBe(true);
  run.kill('SIGKILL');
  expect(await until(() => !alive(pid), 10_000), `process ${pid} still runs`).toBe(true);
});

test('without the parts and without Go the stories are skipped, loudly and counted', { timeout: 80_000 }, async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetward-skip-'));
  // A PATH with the shell's tools and Node, and nothing that could build.
  await symlink(process.execPath, join(folder, 'node'));
  const env = { ...process.env, PATH: folder, XDG_CACHE_HOME: folder, NO_COLOR: '1' };
  delete (env as { KUBEBUILDER_ASSETS?: string }).KUBEBUILDER_ASSETS;
  const run = spawn(process.execPath, ['test/cluster/run.ts', 'bases', 'image'], { cwd: ROOT, env });
  children.push(run);
  let out = '';
  for (const stream of [run.stdout, run.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => run.on('close', resolve));
  expect(code, out).toBe(0);
  expect(out.match(/\*\*\* The cluster stories are SKIPPED: \S+/g)).toHaveLength(2);
  expect(out).toMatch(/Tests +[1-9]\d* skipped/);
});
