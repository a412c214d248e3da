/** A control plane of a story's own, for what must not touch the others: the chart, outages, an empty cluster. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cluster, execute, kubectl, must, type Output } from './cluster.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCrds } from './crds.ts';

export interface OwnPlane extends AsyncDisposable {
  readonly plane: ControlPlane;
  kubectl(...args: readonly string[]): Promise<Output>;
  helm(...args: readonly string[]): Promise<Output>;
  applyCrds(): Promise<void>;
}

export async function openPlane(name: string): Promise<OwnPlane> {
  const { parts, folder } = cluster();
  const plane = await startControlPlane(parts, await mkdtemp(join(folder, `${name}-`)));
  const { kubeconfig } = plane;
  return {
    plane,
    kubectl: (...args) => kubectl(args, { kubeconfig }),
    helm: (...args) => execute(parts.helm, args, { env: { KUBECONFIG: kubeconfig, HOME: plane.folder } }),
    applyCrds: () => installCrds((...args) => kubectl(args, { kubeconfig })),
    [Symbol.asyncDispose]: () => plane.stop(),
  };
}

/** A kubeconfig for a ServiceAccount: the token is in a file that the operator reads again, as in a pod. */
export async function serviceAccountConfig(
  { plane, kubectl: run }: OwnPlane,
  namespace: string,
  name: string,
): Promise<string> {
  const token = (await must(run('-n', namespace, 'create', 'token', name, '--duration=1h'))).trim();
  const tokenFile = join(plane.folder, `${namespace}-${name}.token`);
  await writeFile(tokenFile, token, { mode: 0o600 });
  const file = join(plane.folder, `${namespace}-${name}.kubeconfig`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: plane.server, 'certificate-authority': plane.caFile } }],
    users: [{ name: 'u', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace } }],
    'current-context': 'x',
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
