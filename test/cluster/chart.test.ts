import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isTrue, statusOf } from '../../operator/api/conditions.ts';
import type { KubeObject } from '../../operator/api/meta.ts';
import { createSandbox, type Sandbox } from '../../operator/sandbox/index.ts';
import { GitRemote } from '../support/git.ts';
import { freePort } from '../support/ports.ts';
import { type Grant, grantsOf, usedBy } from './support/audit.ts';
import { recordCalls } from './support/aws-calls.ts';
import { cluster, missing, must, until, why } from './support/cluster.ts';
import { deploymentOf, startDeployed } from './support/deployed.ts';
import { type Kubelet, playKubelet, runImage } from './support/kubelet.ts';
import type { OperatorProcess } from './support/operator.ts';
import { type OwnPlane, openPlane } from './support/own-plane.ts';

const ROOT = join(import.meta.dirname, '../..');
const CHART = join(ROOT, 'charts/fleetward');
const SYSTEM = 'fleetward-system';
const USER = `system:serviceaccount:${SYSTEM}:fleetward`;

describe.skipIf(missing)(`helm install, and the operator as its Deployment starts it${why}`, () => {
  let own: OwnPlane;
  let sandbox: Sandbox;
  let endpoint: string;
  let operator: OperatorProcess;
  let kubelet: Kubelet;
  let remote: GitRemote;
  let port: number;
  const system = (...args: readonly string[]) => own.kubectl('-n', SYSTEM, ...args);
  const plant = (...args: readonly string[]) => own.kubectl('-n', 'plant', ...args);
  const values = () => [
    ...['--set', `operator.endpoint=${endpoint}`, '--set', 'operator.allowFileSources=true'],
    ...['--set', 'operator.installation=chart'],
  ];
  const deployment = () => deploymentOf(own, SYSTEM);

  beforeAll(async () => {
    own = await openPlane('chart');
    sandbox = createSandbox({ quotas: 'off' });
    endpoint = (await sandbox.listen()).url;
    remote = await GitRemote.create(join(own.plane.folder, 'remote'));
    port = await freePort();
    await must(own.kubectl('create', 'namespace', SYSTEM));
    await must(own.kubectl('label', 'namespace', SYSTEM, 'pod-security.kubernetes.io/enforce=restricted'));
    await must(own.kubectl('create', 'namespace', 'plant'));
    kubelet = playKubelet(system, (args) =>
      runImage(
        cluster().bundle,
        args.map((arg) => (arg.startsWith('http') ? `http://127.0.0.1:${port}${new URL(arg).pathname}` : arg)),
      ),
    );
  });
  afterAll(async () => {
    await operator?.stop();
    await kubelet?.stop();
    if (sandbox) recordCalls(sandbox);
    await sandbox?.close();
    await own?.[Symbol.asyncDispose]();
  });

  const start = () => startDeployed(own, { namespace: SYSTEM, port });

  test('helm lint finds nothing, also with every switch on', async () => {
    const all = ['serviceMonitor.enabled=true', 'prometheusRule.enabled=true', 'grafanaDashboard.enabled=true'];
    const more = [...all, 'networkPolicy.enabled=true', 'operator.watchNamespaces={a,b}'].flatMap((s) => ['--set', s]);
    for (const args of [[], more]) {
      const { status, stdout, stderr } = await own.helm('lint', '--strict', CHART, ...args);
      expect(stdout + stderr).toContain('0 chart(s) failed');
      expect(status).toBe(0);
    }
  });

  test.each([
    ['an unknown value', 'operator.instalation=x'],
    ['a text for a number', 'replicas=many'],
    ['a format that run does not know', 'operator.log.format=text'],
    ['an installation that fits no ownership mark', 'operator.installation=Plant_1'],
  ])('%s fails the install before anything is made', async (_, value) => {
    const { status, stderr } = await own.helm('template', 'x', CHART, '--set', value);
    expect(status).not.toBe(0);
    expect(stderr).toContain('values don');
  });

  test('helm install --wait returns under restricted pod security, with the next command', async () => {
    const out = await must(
      own.helm('install', 'fleetward', CHART, '-n', SYSTEM, '--wait', '--timeout', '120s', ...values()),
    );
    expect(out).toContain('kubectl get fleet --all-namespaces');
    await must(
      own.kubectl(
        'wait',
        '--for=condition=Established',
        'crd',
        '-l',
        'app.kubernetes.io/part-of=fleetward',
        '--timeout=60s',
      ),
    );
    expect(kubelet.seen.size).toBe(2);
  });

  test('the Deployment starts an operator whose RBAC is enough, with Git and all', async () => {
    operator = await start();
    await remote.commit(treeBefore());
    await apply(`${account('default')}---\n${source()}`);
    await must(plant('wait', '--for=condition=Ready', 'fleetsource/fleet', '--timeout=120s'));
    await settled(11);
    expect(await must(plant('get', 'secret', 'press-1', '-o', 'jsonpath={.data}'))).toContain('tls.key');
    await remote.commit(treeAfter(), 'Take most of it away, and change a policy');
    await must(plant('annotate', 'fleetsource', 'fleet', 'reconcile.fleetward.dev/requestedAt=now', '--overwrite'));
    await must(plant('wait', '--for=delete', 'device/gone', '--timeout=120s'));
    await until(
      async () => (await plant('get', 'policyrollouts', '-o', 'name')).stdout || undefined,
      'a rollout of the changed policy',
    );
  });

  /** This many objects exist, and every one of them is Ready. */
  const settled = (count: number) =>
    until(async () => {
      const { items } = JSON.parse(await must(plant('get', 'fleet', '-o', 'json'))) as { items: KubeObject[] };
      const ready = items.filter((item) => isTrue(statusOf(item).conditions, 'Ready') || isSuspended(item));
      return (items.length >= count && ready.length === items.length) || undefined;
    }, `${count} objects that are Ready`);

  const isSuspended = ({ spec }: KubeObject) => (spec as { suspend?: boolean }).suspend === true;
  const object = (kind: string, name: string, spec: unknown) =>
    `${JSON.stringify({ apiVersion: 'fleetward.dev/v1alpha1', kind, metadata: { name }, spec })}\n`;
  const account = (name: string) => object('AWSAccount', name, { accountId: '123456789012', region: 'us-east-1' });
  const source = () =>
    object('FleetSource', 'fleet', {
      url: remote.fileUrl,
      interval: '10s',
      pruneGuard: { maxCount: 50, maxPercent: 100 },
    });
  const policy = (name: string, action: string, more = {}) =>
    object('IoTPolicy', name, {
      ...more,
      document: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: [action], Resource: ['arn:aws:iot:us-east-1:123456789012:client/press-1'] },
        ],
      },
    });
  const device = object('Device', 'press-1', {
    policyRefs: [{ name: 'press' }],
    certificates: [{ name: 'a', issued: { secretName: 'press-1' } }],
  });

  /** One object of every kind, each of which has to be deleted in AWS as well. */
  const treeBefore = () => {
    const deletionPolicy = 'Delete';
    return {
      'press.yaml': `${device}---\n${policy('press', 'iot:Connect')}`,
      'device.yaml': object('Device', 'gone', { deletionPolicy }),
      'type.yaml': object('ThingType', 'gone', { deletionPolicy }),
      'group.yaml': object('ThingGroup', 'gone', { deletionPolicy }),
      'policy.yaml': policy('gone', 'iot:Connect', { deletionPolicy }),
      'profile.yaml': object('SecurityProfile', 'gone', {
        deletionPolicy,
        behaviors: [
          {
            name: 'size',
            metric: 'aws:message-byte-size',
            criteria: { comparisonOperator: 'less-than', value: { count: 1024 }, consecutiveDatapointsToAlarm: 1 },
          },
        ],
      }),
      'account.yaml': account('gone'),
      'source.yaml': object('FleetSource', 'gone', { url: remote.fileUrl, path: 'nothing', suspend: true }),
    };
  };
  const treeAfter = () => ({
    ...Object.fromEntries(Object.keys(treeBefore()).map((file) => [file, null])),
    'press.yaml': `${device}---\n${policy('press', 'iot:*')}`,
  });

  async function apply(manifest: string): Promise<void> {
    const file = join(own.plane.folder, 'applied.yaml');
    await writeFile(file, manifest);
    await must(plant('apply', '-f', file));
  }

  test('helm test asks the running operator', async () => {
    const out = await must(own.helm('test', 'fleetward', '-n', SYSTEM, '--timeout', '120s'));
    expect(out).toMatch(/Phase: +Succeeded/);
    await operator.stop();
    const { status } = await own.helm('test', 'fleetward', '-n', SYSTEM, '--timeout', '20s');
    expect(status).not.toBe(0);
    operator = await start();
  });

  test('what it did and what it may do are the same, verb by verb', async () => {
    const rules = async (...args: readonly string[]) =>
      (JSON.parse(await must(own.kubectl(...args, '-o', 'json'))) as { rules: Grant[] }).rules;
    const granted = grantsOf([
      ...(await rules('get', 'clusterrole', 'fleetward')),
      ...(await rules('-n', SYSTEM, 'get', 'role', 'fleetward-leader-election')),
    ]);
    const unused = (permitted: ReadonlySet<string>) => [...granted].filter((verb) => !permitted.has(verb));
    // What was taken out of Git may still be on its way out.
    await until(
      async () => unused((await usedBy(USER, own.plane.auditLog)).permitted).length === 0 || undefined,
      'the use of every right',
    ).catch(() => undefined);
    const { permitted, refused } = await usedBy(USER, own.plane.auditLog);
    expect([...refused], 'asked for and not granted').toEqual([]);
    expect(
      [...permitted].filter((verb) => !granted.has(verb)),
      'used beyond the grant',
    ).toEqual([]);
    expect(unused(permitted), 'granted and not used').toEqual([]);
    expect([...granted].filter((verb) => verb.includes('*'))).toEqual([]);
  });

  test('an editor changes the fleet, an administrator decides what it stands on, and nobody else sees it', async () => {
    await must(plant('create', 'rolebinding', 'bob', '--clusterrole=edit', '--user=bob'));
    await must(plant('create', 'rolebinding', 'alice', '--clusterrole=admin', '--user=alice'));
    await must(plant('create', 'rolebinding', 'eve', '--clusterrole=view', '--user=eve'));
    const may = async (user: string, verb: string, resource: string, namespace = 'plant') =>
      (
        await own.kubectl('-n', namespace, 'auth', 'can-i', verb, `${resource}.fleetward.dev`, '--as', user)
      ).stdout.trim();
    const table: readonly (readonly [string, string, string, string])[] = [
      ['bob', 'create', 'devices', 'yes'],
      ['bob', 'delete', 'iotpolicies', 'yes'],
      ['bob', 'create', 'awsaccounts', 'no'],
      ['bob', 'patch', 'fleetsources', 'no'],
      ['bob', 'approve', 'policyrollouts', 'no'],
      ['alice', 'create', 'awsaccounts', 'yes'],
      ['alice', 'create', 'fleetsources', 'yes'],
      ['alice', 'approve', 'policyrollouts', 'yes'],
      ['eve', 'list', 'devices', 'yes'],
      ['eve', 'create', 'devices', 'no'],
    ];
    // The server goes by a role binding a moment after it took it.
    for (const [user, verb, resource] of table.filter(([, , , answer]) => answer === 'yes')) {
      await until(async () => (await may(user, verb, resource)) === 'yes' || undefined, `${user} ${verb} ${resource}`);
    }
    for (const [user, verb, resource, answer] of table) {
      expect(await may(user, verb, resource), `${user} ${verb} ${resource}`).toBe(answer);
      expect(await may(user, verb, resource, SYSTEM), `${user} ${verb} ${resource} elsewhere`).toBe('no');
    }
    const status = await plant(
      'auth',
      'can-i',
      'patch',
      'devices.fleetward.dev',
      '--subresource=status',
      '--as',
      'alice',
    );
    expect(status.stdout.trim(), 'status is the operator’s').toBe('no');
  });

  test('the admission policy that comes with it asks for the right to a verb', async () => {
    const verb = (user: string, value: string) =>
      plant(
        ...['annotate', 'device', 'press-1', '--dry-run=server', '--as', user],
        `rollout.fleetward.dev/hold=${value}`,
      );
    expect((await verb('bob', 't1 by bob')).stderr).toContain('may not use the verb hold');
    expect((await verb('alice', 't1 by bob')).stderr).toContain('must name who uses it');
    expect((await verb('alice', 't1 by alice')).stderr).toBe('');
  });

  test('helm upgrade to one namespace rolls the pods, and the rights there are enough', async () => {
    const sum = async () => (await deployment()).spec.template.metadata.annotations?.['checksum/config'];
    const before = await sum();
    const more = ['--set', 'operator.watchNamespaces={plant}', '--wait', '--timeout', '120s'];
    await must(own.helm('upgrade', 'fleetward', CHART, '-n', SYSTEM, ...values(), ...more));
    expect(await sum()).not.toBe(before);
    expect((await own.kubectl('get', 'clusterrole', 'fleetward')).status).toBe(1);
    await operator.stop();
    const since = Date.now();
    operator = await start();
    const certificates = [{ name: 'a', issued: { secretName: 'narrow' } }];
    await apply(object('Device', 'narrow', { certificates, deletionPolicy: 'Delete' }));
    await must(plant('wait', '--for=condition=Ready', 'device/narrow', '--timeout=120s'));
    const { permitted, refused } = await usedBy(USER, own.plane.auditLog, since);
    expect([...refused]).toEqual([]);
    expect([...permitted]).toContain('create /secrets');
  });

  test('helm uninstall takes the operator and leaves objects, CRDs and AWS', async () => {
    const writes = sandbox.ledger.count({ mutating: true });
    await must(own.helm('uninstall', 'fleetward', '-n', SYSTEM, '--wait', '--timeout', '120s'));
    await operator.stop();
    expect(JSON.parse(await must(plant('get', 'fleet', '-o', 'json'))).items.length).toBeGreaterThan(5);
    expect(sandbox.ledger.count({ mutating: true })).toBe(writes);
    expect(
      (await system('get', 'deployment,configmap,serviceaccount', '-l', 'app.kubernetes.io/name=fleetward')).stdout,
    ).toBe('');
    await until(
      async () => (await own.kubectl('get', 'crd', 'devices.fleetward.dev')).status === 0 || undefined,
      'the CRD',
    );
  });

  test('without the operator, a finalizer holds what it should delete in AWS, and only that', async () => {
    expect((await plant('delete', 'iotpolicy', 'press', '--timeout=60s')).status).toBe(0);
    const held = await plant('delete', 'awsaccount', 'default', '--timeout=2s');
    expect(held.stderr).toContain('timed out');
  });
});
