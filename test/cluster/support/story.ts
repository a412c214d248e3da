/** One story: a namespace, an AWS of its own, and operators as real processes. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ConfigFile } from '../../../operator/cli/config/file.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../../operator/sandbox/index.ts';
import { freePort } from '../../support/ports.ts';
import { recordCalls } from './aws-calls.ts';
import { cluster, kubectl, must, type Output } from './cluster.ts';
import { launchOperator, type OperatorProcess } from './operator.ts';

export interface OperatorStart {
  readonly config?: ConfigFile;
  readonly kubeconfig?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Leave out the endpoint, which stands for every account otherwise. */
  readonly ownEndpoints?: boolean;
  readonly name?: string;
}

export interface Story extends AsyncDisposable {
  readonly namespace: string;
  readonly sandbox: Sandbox;
  readonly endpoint: string;
  readonly folder: string;
  kubectl(...args: readonly string[]): Promise<Output>;
  /** Applies manifests, and expects that the server takes them. */
  apply(manifest: string): Promise<void>;
  json<T>(...args: readonly string[]): Promise<T>;
  operator(start?: OperatorStart): Promise<OperatorProcess>;
  /** Condition `Ready` of an object as `True/Reason`. */
  ready(kind: string, name: string): Promise<string>;
}

export interface StoryOptions {
  readonly sandbox?: SandboxOptions | ((namespace: string) => SandboxOptions);
}

export async function openStory(name: string, options: StoryOptions = {}): Promise<Story> {
  const namespace = `${name}-${randomUUID().slice(0, 6)}`;
  const folder = join(cluster().folder, namespace);
  await mkdir(folder, { recursive: true });
  await must(kubectl(['create', 'namespace', namespace]));
  const own = typeof options.sandbox === 'function' ? options.sandbox(namespace) : options.sandbox;
  const sandbox = createSandbox({ quotas: 'off', ...own });
  const { url: endpoint } = await sandbox.listen();
  const operators: OperatorProcess[] = [];
  const inNamespace = (args: readonly string[], input?: string) =>
    kubectl(['-n', namespace, ...args], input === undefined ? {} : { input });
  const story: Story = {
    namespace,
    sandbox,
    endpoint,
    folder,
    kubectl: (...args) => inNamespace(args),
    async apply(manifest) {
      await must(inNamespace(['apply', '-f', '-'], manifest));
    },
    async json<T>(...args: readonly string[]) {
      return JSON.parse(await must(inNamespace([...args, '-o', 'json']))) as T;
    },
    async operator(start = {}) {
      const operator = await startOperator(story, start, operators.length);
      operators.push(operator);
      return operator;
    },
    async ready(kind, object) {
      const { stdout } = await inNamespace(['get', kind, object, '-o', `jsonpath=${READY}`]);
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(operators.map((operator) => operator.stop()));
      await sandbox.close();
      recordCalls(sandbox);
      // Not waited for: finalizers of an operator that is gone would hold it for ever.
      await kubectl(['delete', 'namespace', namespace, '--wait=false']);
    },
  };
  return story;
}

const READY = '{.status.conditions[?(@.type=="Ready")].status}/{.status.conditions[?(@.type=="Ready")].reason}';

async function startOperator(story: Story, start: OperatorStart, index: number): Promise<OperatorProcess> {
  const { folder } = story;
  const name = start.name ?? `operator-${index}`;
  const port = await freePort();
  const configFile = join(folder, `${name}.yaml`);
  const config: ConfigFile = {
    watchNamespaces: [story.namespace],
    installation: story.namespace.slice(0, 32),
    creationsPerSecond: 0,
    ...(start.ownEndpoints === true ? {} : { endpoint: story.endpoint }),
    ...start.config,
    leaderElection: { name: story.namespace, ...start.config?.leaderElection },
  };
  await writeFile(configFile, stringify(config));
  const args = ['run', `--config=${configFile}`, `--listen=127.0.0.1:${port}`, ...(start.args ?? [])];
  const env = {
    KUBECONFIG: start.kubeconfig ?? cluster().kubeconfig,
    POD_NAME: name,
    // Not the story's own namespace: the lease must outlive it.
    POD_NAMESPACE: 'default',
    ...start.env,
  };
  return launchOperator({ name, folder, port, args, env });
}
