import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '../../operator/api/meta.ts';
import { parseConfig } from '../../operator/cli/config/file.ts';
import { parseObjects } from './support/bases.ts';
import { cluster, execute, missing, must, why } from './support/cluster.ts';

const CHART = join(import.meta.dirname, '../../charts/fleetward');
const NAMESPACE = 'fleetward-system';

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}
type Rendered = KubeObject & { readonly rules?: readonly Rule[]; readonly data?: Readonly<Record<string, string>> };

/** What stands at a path such as `spec.containers.0.image`. */
function at(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}
const POD = 'spec.template.spec';
const CONTAINER = `${POD}.containers.0`;

/** Every value that adds something to an object, with a word that nothing else has. */
const EVERYTHING = {
  replicas: 3,
  image: { repository: 'registry.example.com/fleetward', digest: `sha256:${'ab'.repeat(32)}`, pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'pull-secret' }],
  serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/fleetward' } },
  extraLabels: { team: 'plant' },
  podLabels: { sidecar: 'proxy' },
  podAnnotations: { scrape: 'never' },
  extraArgs: ['--log-level=debug'],
  extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com' }],
  extraEnvFrom: [{ secretRef: { name: 'aws' } }],
  evidence: { volume: { persistentVolumeClaim: { claimName: 'evidence' } } },
  extraVolumes: [{ name: 'ca', configMap: { name: 'ca' } }],
  extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/ssl/private-ca' }],
  nodeSelector: { pool: 'system' },
  tolerations: [{ key: 'system', operator: 'Exists' }],
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
  priorityClassName: 'system-cluster-critical',
  terminationGracePeriodSeconds: 50,
  podDisruptionBudget: { maxUnavailable: '50%' },
  serviceMonitor: { enabled: true, interval: '10s', labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
  grafanaDashboard: { enabled: true },
  networkPolicy: { enabled: true },
  operator: {
    installation: 'plant-1',
    allowedRoleArns: { factory: ['arn:aws:iam::123456789012:role/fleet-*'] },
    allowedEndpoints: ['https://iot.example.com'],
    allowFileSources: true,
    endpoint: 'https://private.example.com',
    concurrency: 8,
    creationsPerSecond: 0,
    log: { level: 'debug', format: 'pretty' },
    leaderElection: { leaseDuration: '30s', renewDeadline: '20s', retryPeriod: '4s' },
  },
};

describe.skipIf(missing)(`values of the chart${why}`, () => {
  async function render(values: object = {}): Promise<readonly Rendered[]> {
    const args = ['template', 'fleetward', CHART, '-n', NAMESPACE, '-f', '-'];
    const out = await must(
      execute(cluster().parts.helm, args, { input: stringify(values), env: { HOME: cluster().folder } }),
    );
    return parseObjects(out) as readonly Rendered[];
  }
  const of = (objects: readonly Rendered[], kind: string, name?: string) =>
    objects.filter((object) => object.kind === kind && (name === undefined || object.metadata.name === name));
  const one = (objects: readonly Rendered[], kind: string, name?: string) => {
    const found = of(objects, kind, name);
    expect(found, `${kind} ${name ?? ''}`).toHaveLength(1);
    return found[0] as Rendered;
  };
  const configOf = (objects: readonly Rendered[]) =>
    parseConfig(one(objects, 'ConfigMap', 'fleetward').data?.['config.yaml'] ?? '', 'config.yaml');
  const operatorRules = (objects: readonly Rendered[], kind: string) =>
    of(objects, kind, 'fleetward').map(({ rules }) => rules);

  test('CRDs come and stay unless told otherwise', async () => {
    const crds = of(await render(), 'CustomResourceDefinition');
    expect(crds.length).toBeGreaterThan(7);
    for (const { metadata } of crds) expect(metadata.annotations?.['helm.sh/resource-policy']).toBe('keep');
    expect(of(await render({ crds: { install: false } }), 'CustomResourceDefinition')).toEqual([]);
    const loose = of(await render({ crds: { keep: false } }), 'CustomResourceDefinition');
    expect(loose).toHaveLength(crds.length);
    for (const { metadata } of loose) expect(metadata.annotations?.['helm.sh/resource-policy']).toBeUndefined();
  });

  test('the pod runs as nobody, on a read-only root, with probes that say what they mean', async () => {
    const deployment = one(await render(), 'Deployment');
    expect(at(deployment, `${POD}.securityContext`)).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(at(deployment, `${CONTAINER}.securityContext`)).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(at(deployment, `${CONTAINER}.livenessProbe.httpGet.path`)).toBe('/healthz');
    expect(at(deployment, `${CONTAINER}.readinessProbe.httpGet.path`)).toBe('/readyz');
    expect(at(deployment, `${POD}.terminationGracePeriodSeconds`)).toBeGreaterThan(25);
  });

  test('every value lands where it says', async () => {
    const objects = await render(EVERYTHING);
    const deployment = one(objects, 'Deployment');
    expect(at(deployment, 'spec.replicas')).toBe(3);
    expect(at(deployment, CONTAINER)).toMatchObject({
      image: `registry.example.com/fleetward@sha256:${'ab'.repeat(32)}`,
      imagePullPolicy: 'Always',
      envFrom: EVERYTHING.extraEnvFrom,
      args: expect.arrayContaining(EVERYTHING.extraArgs),
      env: expect.arrayContaining(EVERYTHING.extraEnv),
      volumeMounts: expect.arrayContaining(EVERYTHING.extraVolumeMounts),
    });
    const { imagePullSecrets, nodeSelector, tolerations, affinity, topologySpreadConstraints } = EVERYTHING;
    const { priorityClassName, terminationGracePeriodSeconds } = EVERYTHING;
    expect(at(deployment, POD)).toMatchObject({
      imagePullSecrets,
      nodeSelector,
      tolerations,
      affinity,
      topologySpreadConstraints,
      priorityClassName,
      terminationGracePeriodSeconds,
      volumes: expect.arrayContaining([
        ...EVERYTHING.extraVolumes,
        { name: 'evidence', ...EVERYTHING.evidence.volume },
      ]),
    });
    expect(at(deployment, 'spec.template.metadata')).toMatchObject({
      labels: { team: 'plant', sidecar: 'proxy' },
      annotations: { scrape: 'never' },
    });
    expect(one(objects, 'ServiceAccount').metadata.annotations).toEqual(EVERYTHING.serviceAccount.annotations);
    expect(at(one(objects, 'PodDisruptionBudget'), 'spec.maxUnavailable')).toBe('50%');
    for (const { kind, metadata } of objects) {
      if (kind === 'CustomResourceDefinition') continue;
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({ team: 'plant' });
    }
    expect(configOf(objects)).toMatchObject(EVERYTHING.operator);
  });

  test('what selects the pods selects them, and the monitor finds the port', async () => {
    const objects = await render(EVERYTHING);
    const selectors = [
      at(one(objects, 'Deployment'), 'spec.selector.matchLabels'),
      at(one(objects, 'Service'), 'spec.selector'),
      at(one(objects, 'PodDisruptionBudget'), 'spec.selector.matchLabels'),
      at(one(objects, 'NetworkPolicy'), 'spec.podSelector.matchLabels'),
    ];
    for (const selector of selectors) {
      expect(at(one(objects, 'Deployment'), 'spec.template.metadata.labels')).toMatchObject(selector as object);
    }
    const monitor = one(objects, 'ServiceMonitor');
    expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' });
    const selected = at(monitor, 'spec.selector.matchLabels') as object;
    expect(one(objects, 'Service').metadata.labels).toMatchObject(selected);
    const name = at(monitor, 'spec.endpoints.0.port');
    const port = expect.objectContaining({ name, targetPort: name });
    expect(at(one(objects, 'Service'), 'spec.ports')).toContainEqual(port);
    expect(at(one(objects, 'Deployment'), `${CONTAINER}.ports`)).toContainEqual(expect.objectContaining({ name }));
  });

  test('namespaced, the operator has the same rights, in its namespaces only', async () => {
    const wide = await render();
    const narrow = await render({ operator: { watchNamespaces: ['a', 'b'] } });
    expect(operatorRules(narrow, 'ClusterRole')).toEqual([]);
    expect(of(narrow, 'Role', 'fleetward').map(({ metadata }) => metadata.namespace)).toEqual(['a', 'b']);
    for (const rules of operatorRules(narrow, 'Role')) expect([rules]).toEqual(operatorRules(wide, 'ClusterRole'));
    expect(of(narrow, 'ClusterRoleBinding')).toEqual([]);
    expect(configOf(narrow).watchNamespaces).toEqual(['a', 'b']);
  });

  test('no role has a wildcard, and nobody may list or watch Secrets', async () => {
    const roles = [...of(await render(), 'ClusterRole'), ...of(await render(), 'Role')];
    expect(roles.length).toBeGreaterThan(3);
    for (const { metadata, rules } of roles) {
      expect(JSON.stringify(rules), metadata.name).not.toContain('*');
      for (const { resources, verbs } of rules ?? []) {
        if (resources.includes('secrets')) expect(verbs).toEqual(['get', 'create', 'patch']);
      }
    }
  });

  test('switched off, it is not there', async () => {
    const objects = await render({
      rbac: { create: false },
      serviceAccount: { create: false, name: 'mine' },
      admissionPolicy: { create: false },
      podDisruptionBudget: { enabled: false },
    });
    const gone = /Role|ServiceAccount|ValidatingAdmissionPolicy|PodDisruptionBudget/;
    expect(objects.filter(({ kind }) => gone.test(kind)).map(({ kind }) => kind)).toEqual([]);
    expect(at(one(objects, 'Deployment'), `${POD}.serviceAccountName`)).toBe('mine');
  });

  test('each value that adds to an object is in the list above', async () => {
    const values = await readFile(join(CHART, 'values.yaml'), 'utf8');
    const top = [...values.matchAll(/^([a-zA-Z]+):/gm)].map(([, name = '']) => name);
    const elsewhere = [
      ...['nameOverride', 'fullnameOverride', 'crds', 'rbac', 'admissionPolicy'],
      ...['resources', 'podSecurityContext', 'securityContext'],
    ];
    expect(top.filter((name) => !(name in EVERYTHING) && !elsewhere.includes(name))).toEqual([]);
  });
});
