import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { cluster, missing, until } from './support/cluster.ts';

const HERE = import.meta.dirname;

const reason = missing ?? (existsSync('/proc/self/environ') ? undefined : 'processes are looked for in /proc');
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

/** A run of the stories inside a run of the stories, and a cluster for a person: told to end, nothing of them stays. */
describe.skipIf(reason)(`what npm run test:cluster and dev:cluster started${skipped}`, () => {
  let child: ChildProcess | undefined;
  afterEach(() => {
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  });

  /** In a process group and a temporary folder of its own. */
  async function start(script: string, ...args: readonly string[]) {
    const folder = await mkdtemp(join(cluster().folder, 'signals-'));
    const { FLEETWARD_TEST_CLUSTER: _, FLEETWARD_TEST_KUBECONFIG: __, VITEST: ___, ...env } = process.env;
    const started = spawn(process.execPath, [join(HERE, script), ...args], {
      cwd: join(HERE, '../..'),
      env: { ...env, TMPDIR: folder },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    let said = '';
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    const ended = new Promise<number | null>((resolve) => started.on('close', (code) => resolve(code)));
    const pid = started.pid ?? 0;
    const says = (words: string) => until(() => said.includes(words) || undefined, `"${words}"`);
    return { folder, pid, ended, says, said: () => said };
  }

  /** Command lines of processes that know the folder: all of them name it, or were started in it. */
  async function processesOf(folder: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      const line = await read('cmdline');
      // A process that has ended and was not fetched by its parent has neither.
      if (line.includes(folder) || (await read('environ')).includes(folder)) found.push(line.replaceAll('\0', ' '));
    }
    return found;
  }
  const named = (processes: readonly string[], name: string) => processes.filter((line) => line.includes(name)).length;

  async function nothingStays(folder: string): Promise<void> {
    await until(async () => (await processesOf(folder)).length === 0 || undefined, 'the end of every process').catch(
      async (error: unknown) => {
        throw new Error(`${String(error)}:\n${(await processesOf(folder)).join('\n')}`);
      },
    );
    const left = (await readdir(folder)).filter((name) => !name.startsWith('node-compile-cache'));
    expect(left, 'temporary folders').toEqual([]);
  }

  test('Ctrl-C in the middle of the stories ends their operators, the servers and the folders', async () => {
    const { folder, pid, ended, said } = await start('run.ts', 'test/cluster/leader.test.ts');
    const running = await until(
      async () => {
        const now = await processesOf(folder);
        return named(now, ' run --config=') >= 2 ? now : undefined;
      },
      'operators of a story',
      200_000,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}:\n${said()}`);
    });
    for (const name of ['/etcd ', '/kube-apiserver ', '/kube-controller-manager ']) {
      expect(named(running, name), name).toBeGreaterThan(0);
    }
    // To everybody in the group, as a terminal does.
    process.kill(-pid, 'SIGINT');
    expect(await ended).not.toBe(0);
    await nothingStays(folder);
  });

  test('SIGTERM to the run alone, while it still starts its servers, leaves none of them', async () => {
    const { folder, pid, ended, says } = await start('run.ts', 'test/cluster/bases.test.ts');
    await says('starting etcd');
    await until(async () => named(await processesOf(folder), '/kube-apiserver ') > 0 || undefined, 'an API server');
    process.kill(pid, 'SIGTERM');
    expect(await ended).toBe(130);
    await nothingStays(folder);
  });

  test('a run that is killed takes its servers along', async () => {
    const { folder, pid, ended } = await start('dev.ts');
    await until(async () => named(await processesOf(folder), '/kube-controller-manager ') > 0 || undefined, 'servers');
    process.kill(pid, 'SIGKILL');
    await ended;
    await until(async () => (await processesOf(folder)).length === 0 || undefined, 'the end of the servers');
  });

  test('dev:cluster prints a KUBECONFIG that works, and Ctrl-C ends all of it', async () => {
    const { folder, pid, ended, says, said } = await start('dev.ts');
    await says('# Ctrl-C stops it');
    // On another pipe than the line before.
    const kubeconfig = await until(() => /^export KUBECONFIG=(.+)\n/m.exec(said())?.[1], 'the line for the shell');
    const config = JSON.parse(await readFile(kubeconfig, 'utf8')) as { clusters: [{ cluster: { server: string } }] };
    expect(config.clusters[0].cluster.server).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    process.kill(-pid, 'SIGINT');
    expect(await ended).toBe(0);
    await nothingStays(folder);
  });
});
