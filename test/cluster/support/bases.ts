/** The kustomize bases: the objects of the chart's defaults, without what marks them as Helm's. */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { execute, must } from './cluster.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const NAMESPACE = 'fleetward-system';
const HELM_LABELS = ['app.kubernetes.io/managed-by', 'helm.sh/chart'];
const MONITORING = ['serviceMonitor.enabled=true', 'prometheusRule.enabled=true', 'grafanaDashboard.enabled=true'];

/** What `helm template` makes, hooks aside; of what a person has set up for Helm nothing is read and nothing is left there. */
export async function templateObjects(helm: string, values: readonly string[] = []): Promise<readonly KubeObject[]> {
  const chart = join(ROOT, 'charts/fleetward');
  const args = ['template', 'fleetward', chart, '-n', NAMESPACE, '--no-hooks', ...values.flatMap((v) => ['--set', v])];
  await using home = await mkdtempDisposable(join(tmpdir(), 'fleetward-helm-'));
  const folders = ['HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME'].map((name) => [name, home.path]);
  const env = { ...Object.fromEntries(folders), HOME: home.path, KUBECONFIG: join(home.path, 'none') };
  return parseObjects(await must(execute(helm, args, { env })));
}

export function parseObjects(text: string): readonly KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

/** The same object as no installer made it. */
export function plain(object: KubeObject): KubeObject {
  const text = JSON.stringify(object, (key, value: unknown) => (HELM_LABELS.includes(key) ? undefined : value));
  const { metadata, ...rest } = JSON.parse(text) as KubeObject;
  const { 'helm.sh/resource-policy': _, ...annotations } = metadata.annotations ?? {};
  const kept = Object.keys(annotations).length > 0 ? { annotations } : { annotations: undefined };
  return JSON.parse(JSON.stringify({ ...rest, metadata: { ...metadata, ...kept } })) as KubeObject;
}

export interface Base {
  readonly folder: string;
  readonly objects: readonly KubeObject[];
}

export async function bases(helm: string): Promise<readonly Base[]> {
  const all = (await templateObjects(helm)).map(plain);
  const operator = all.filter(({ kind }) => kind !== 'CustomResourceDefinition');
  const more = (await templateObjects(helm, MONITORING)).map(plain);
  const known = new Set(all.map(identity));
  return [
    { folder: 'crds', objects: all.filter(({ kind }) => kind === 'CustomResourceDefinition') },
    { folder: 'operator', objects: operator },
    { folder: 'monitoring', objects: more.filter((object) => !known.has(identity(object))) },
  ];
}

export const identity = ({ apiVersion, kind, metadata }: KubeObject): string =>
  `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

/** Files of a base, by path from the root of the repository; those of the CRDs come from `npm run gen`. */
export function filesOf({ folder, objects }: Base): ReadonlyMap<string, string> {
  const note = '# Made from the chart by `node test/cluster/bases.ts`. Change the chart, not this file.\n';
  const text = objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n');
  const head = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n';
  return new Map([
    [`manifests/bases/${folder}/kustomization.yaml`, `${note}${head}  - ${folder}.yaml\n`],
    [`manifests/bases/${folder}/${folder}.yaml`, note + text],
  ]);
}
