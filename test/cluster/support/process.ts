/** Child processes that never outlive us: not after SIGINT, not after SIGKILL of the test run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';

export interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  /** Of the program itself, not of the shell that guards it: for signals. */
  readonly pid: Promise<number>;
  /** Resolves with the exit status when the program ended. */
  readonly ended: Promise<number | null>;
  /** Last part of what it wrote, for error messages. */
  tail(): string;
  exited(): boolean;
  /** SIGTERM, then SIGKILL after the grace period. Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * The shell around the program reads our pipe: when this process dies, however it dies, the pipe closes and the shell
 * ends the program. fd 3 is a copy of stdin, because a shell gives background jobs /dev/null as stdin; fd 4 tells us the
 * program's process id. The watcher holds none of the program's outputs open, or whoever waits for their end would wait for its
 * `sleep`; and it ignores the signals that end a whole process group, or the program could outlive it.
 */
const GUARD =
  'exec 3<&0; "$@" </dev/null 3<&- 4>&- & child=$!; echo $child >&4; exec 4>&-; (trap "" TERM INT HUP; cat <&3; kill -TERM $child; sleep 5; kill -KILL $child) >/dev/null 2>&1 4>&- & guard=$!; wait $child; code=$?; kill -KILL $guard 2>/dev/null; exit $code';

export function startChild(
  name: string,
  command: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly logFile?: string; readonly cwd?: string } = {},
): Child {
  const child = spawn('/bin/sh', ['-c', GUARD, name, ...command], {
    stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stdin = child.stdio[0];
  stdin?.on('error', () => {});
  const pid = new Promise<number>((resolve) => child.stdio[4]?.once('data', (chunk: Buffer) => resolve(Number(chunk))));
  let tail = '';
  const log = options.logFile ? createWriteStream(options.logFile) : undefined;
  const collect = (chunk: Buffer): void => {
    log?.write(chunk);
    tail = (tail + chunk.toString('utf8')).slice(-8000);
  };
  child.stdio[1]?.on('data', collect);
  child.stdio[2]?.on('data', collect);
  let gone = false;
  const closed = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      gone = true;
      log?.end();
      resolve(code);
    });
    child.on('error', () => {
      gone = true;
      resolve(null);
    });
  });
  return {
    name,
    process: child,
    pid,
    ended: closed,
    tail: () => tail,
    exited: () => gone,
    async stop(graceMs = 5000) {
      if (gone) return;
      stdin && 'end' in stdin && stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs + 1000);
      await closed;
      clearTimeout(timer);
    },
  };
}
