import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runCli } from '../../operator/cli/program.ts';

const MAIN = fileURLToPath(new URL('../../operator/cli/main.ts', import.meta.url));

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly process: ChildProcess;
  readonly result: Promise<CliResult>;
  /** Resolves when what it wrote so far matches. */
  wrote(pattern: RegExp): Promise<void>;
}

/** The real program in a process of its own, with nothing in its environment that a test did not put there. */
export function startCli(argv: readonly string[], options: { cwd: string; env?: Record<string, string> }): RunningCli {
  const env = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: options.cwd,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...options.env,
  };
  const child = spawn(process.execPath, [MAIN, ...argv], { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      out[name] += chunk.toString();
      for (const listener of listeners) listener();
    });
  }
  const result = new Promise<CliResult>((resolve) => child.once('close', (status) => resolve({ status, ...out })));
  return {
    process: child,
    result,
    wrote: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(out.stdout + out.stderr)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        void result.then(({ stdout, stderr }) => reject(new Error(`it ended first:\n${stdout}${stderr}`)));
        look();
      }),
  };
}

/** The same program in this process: no start to wait for. AWS's credentials must be in the environment. */
export async function runCliHere(argv: readonly string[], options: { cwd: string }): Promise<CliResult> {
  const out = { stdout: '', stderr: '' };
  const status = await runCli(argv, {
    stdout: (text) => {
      out.stdout += text;
    },
    stderr: (text) => {
      out.stderr += text;
    },
    isTTY: false,
    cwd: options.cwd,
  });
  return { status, ...out };
}
