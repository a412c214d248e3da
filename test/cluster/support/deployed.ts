/** The operator as its Deployment would start it: the pod's command as a process. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { must } from './cluster.ts';
import { environmentOf, type Pod } from './kubelet.ts';
import { launchOperator, type OperatorProcess, untilReady } from './operator.ts';
import { type OwnPlane, serviceAccountConfig } from './own-plane.ts';

const CONFIG = '/etc/fleetward/config.yaml';

export interface Deployment extends KubeObject {
  readonly spec: { readonly template: Pick<Pod, 'spec'> & { readonly metadata: KubeObject['metadata'] } };
}

export async function deploymentOf({ kubectl }: OwnPlane, namespace: string): Promise<Deployment> {
  const text = await must(kubectl('-n', namespace, 'get', 'deployment', 'fleetward', '-o', 'json'));
  return JSON.parse(text) as Deployment;
}

/** With the arguments, the environment, the configuration and the ServiceAccount of the Deployment `fleetward`. */
export async function startDeployed(
  own: OwnPlane,
  { namespace, port, env = {} }: { readonly namespace: string; readonly port: number; readonly env?: object },
): Promise<OperatorProcess> {
  const { spec } = (await deploymentOf(own, namespace)).spec.template;
  const [container] = spec.containers;
  const folder = join(own.plane.folder, 'pod');
  await mkdir(folder, { recursive: true });
  const map = await must(own.kubectl('-n', namespace, 'get', 'configmap', 'fleetward', '-o', 'json'));
  const config = join(folder, 'config.yaml');
  await writeFile(config, (JSON.parse(map) as { data: Record<string, string> }).data['config.yaml'] ?? '');
  const mounted = container.volumeMounts?.map(({ mountPath }) => mountPath).join();
  if (mounted !== '/etc/fleetward,/tmp') throw new Error(`the Deployment mounts ${mounted}`);
  const args = container.args.map((arg) => arg.replace(CONFIG, config).replace(':8080', `127.0.0.1:${port}`));
  const pod = environmentOf({ spec }, { 'metadata.name': 'fleetward-0', 'metadata.namespace': namespace });
  const kubeconfig = await serviceAccountConfig(own, namespace, spec.serviceAccountName);
  const started = launchOperator({
    name: 'deployed',
    folder,
    port,
    args,
    env: { ...pod, ...env, KUBECONFIG: kubeconfig },
  });
  await untilReady(started);
  return started;
}
