/** `fleetward run` as a real process: the bundle, with nothing in its environment that a story did not put there. */
import { join } from 'node:path';
import { cluster, until } from './cluster.ts';
import { type Child, startChild } from './process.ts';

export interface OperatorProcess {
  readonly child: Child;
  /** Of probes and metrics. */
  readonly url: string;
  readonly logFile: string;
  /** Body of a GET, whatever its status. */
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Sum of a metric's series whose labels contain all of the given texts. */
  metric(name: string, ...labels: readonly string[]): Promise<number>;
  stop(): Promise<void>;
}

export interface Launch {
  readonly name: string;
  /** Its home, its log and its temporary files. */
  readonly folder: string;
  readonly port: number;
  /** Default: the one that the run of the stories built. */
  readonly bundle?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function launchOperator({ name, folder, port, bundle, args, env }: Launch): OperatorProcess {
  const logFile = join(folder, `${name}.log`);
  const child = startChild(name, [process.execPath, bundle ?? cluster().bundle, ...args], {
    logFile,
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      AWS_ACCESS_KEY_ID: name,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string) => {
    // A connection that is kept may be closed by the other side in the moment in which it is used again.
    const answer = await fetch(url + path, { headers: { connection: 'close' } });
    return { status: answer.status, body: await answer.text() };
  };
  return {
    child,
    url,
    logFile,
    get,
    stop: () => child.stop(),
    async metric(metric, ...labels) {
      const { body } = await get('/metrics');
      const lines = body.split('\n').filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
      const wanted = lines.filter((line) => labels.every((label) => line.includes(label)));
      return wanted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
  };
}

/** Waits for `/readyz`; an operator that ended says what it wrote. */
export async function untilReady(operator: OperatorProcess): Promise<void> {
  await until(async () => {
    if (operator.child.exited()) throw new Error(`the operator ended:\n${operator.child.tail()}`);
    const answer = await operator.get('/readyz').catch(() => undefined);
    return answer?.status === 200 ? true : undefined;
  }, 'readiness of the operator');
}
