/** Plays kubelet: no pod runs here, so somebody has to say that it does, or run its command as a process. */
import type { KubeObject } from '../../../operator/api/meta.ts';
import type { Output } from './cluster.ts';
import { execute } from './cluster.ts';

export interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly [
      {
        readonly name: string;
        readonly args: readonly string[];
        readonly env?: readonly EnvVar[];
        readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
      },
    ];
    readonly serviceAccountName: string;
  };
  readonly status?: { readonly phase?: string };
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

export interface Kubelet {
  /** Names of the pods that were seen so far. */
  readonly seen: ReadonlySet<string>;
  stop(): Promise<void>;
}

/**
 * Until stopped, gives every pending pod of a namespace a status: what `run` makes of a one-shot pod's arguments, or Ready
 * for any other.
 */
export function playKubelet(
  kubectl: (...args: readonly string[]) => Promise<Output>,
  run: (args: readonly string[]) => Promise<number | null>,
): Kubelet {
  const seen = new Set<string>();
  let stopped = false;
  const loop = async () => {
    while (!stopped) {
      const { stdout } = await kubectl('get', 'pods', '-o', 'json');
      const { items } = JSON.parse(stdout || '{"items":[]}') as { items: Pod[] };
      for (const pod of items.filter(({ status }) => status?.phase === 'Pending')) await admit(pod);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const admit = async (pod: Pod) => {
    seen.add(pod.metadata.name);
    const oneShot = (pod as { spec: { restartPolicy?: string } }).spec.restartPolicy === 'Never';
    const status = oneShot ? ended(await run(pod.spec.containers[0].args)) : RUNNING;
    const patch = JSON.stringify({ status });
    await kubectl('patch', 'pod', pod.metadata.name, '--subresource=status', '--type=merge', '-p', patch);
  };
  const ending = loop();
  return {
    seen,
    async stop() {
      stopped = true;
      await ending;
    },
  };
}

const RUNNING = {
  phase: 'Running',
  conditions: ['Ready', 'ContainersReady', 'Initialized', 'PodScheduled'].map((type) => ({ type, status: 'True' })),
};
const ended = (code: number | null) => ({ phase: code === 0 ? 'Succeeded' : 'Failed' });

/** What a pod's environment would be. */
export function environmentOf(
  pod: Pick<Pod, 'spec'>,
  fields: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of pod.spec.containers[0].env ?? []) {
    const path = valueFrom?.fieldRef?.fieldPath;
    env[name] = path === undefined ? (value ?? '') : (fields[path] ?? '');
  }
  return env;
}

/** Runs the image's entry point with a pod's arguments. */
export async function runImage(bundle: string, args: readonly string[]): Promise<number | null> {
  return (await execute(process.execPath, [bundle, ...args])).status;
}
