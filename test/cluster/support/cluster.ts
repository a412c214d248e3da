/** The control plane that `npm run test:cluster` started, as the stories see it. */
import { spawn } from 'node:child_process';
import type { Parts } from './parts.ts';

export interface Cluster {
  readonly kubeconfig: string;
  readonly server: string;
  readonly caFile: string;
  readonly auditLog: string;
  /** For files of the run; removed at its end. */
  readonly folder: string;
  readonly parts: Parts;
  /** The bundle, unpacked in a folder with nothing else of the repository. */
  readonly bundle: string;
}

/** Why there is no cluster; undefined when there is one. Stories that need it skip themselves with it in their name. */
export const missing: string | undefined =
  process.env.FLEETWARD_TEST_CLUSTER === undefined
    ? (process.env.FLEETWARD_CLUSTER_MISSING ?? 'needs npm run test:cluster')
    : undefined;

/** For names of suites: says loudly what a skip is about. */
export const why = missing === undefined ? '' : ` (skipped: ${missing})`;

export function cluster(): Cluster {
  const text = process.env.FLEETWARD_TEST_CLUSTER;
  if (text === undefined) throw new Error(missing);
  return JSON.parse(text) as Cluster;
}

export interface Output {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never rejects for its status. */
export function execute(
  command: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      out.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      out.stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...out }));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** `kubectl` as a person uses it. With `input`, it reads `-f -`; without an `editor`, `kubectl edit` fails at once. */
export function kubectl(
  args: readonly string[],
  options: { readonly input?: string; readonly kubeconfig?: string; readonly editor?: string } = {},
): Promise<Output> {
  const { parts, kubeconfig, folder } = cluster();
  const env = {
    KUBECONFIG: options.kubeconfig ?? kubeconfig,
    HOME: folder,
    KUBE_EDITOR: options.editor ?? 'false',
  };
  return execute(parts.kubectl, args, { env, ...(options.input === undefined ? {} : { input: options.input }) });
}

/** Standard output of a command that must succeed. */
export async function must(running: Promise<Output>): Promise<string> {
  const { status, stdout, stderr } = await running;
  if (status !== 0) throw new Error(`it ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** For what a busy machine does as well, only later. */
export const PATIENCE_MS = 120_000;

/** Asks until the answer is there; the message of the last refusal tells what was missing. */
export async function until<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  what: string,
  ms = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${ms / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
