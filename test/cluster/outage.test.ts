import { generateKeyPairSync } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { createSandbox, type Sandbox } from '../../operator/sandbox/index.ts';
import { freePort } from '../support/ports.ts';
import { recordCalls } from './support/aws-calls.ts';
import { missing, must, until, why } from './support/cluster.ts';
import { installCrds } from './support/crds.ts';
import { type Asked, type MoodyWay, openMoodyWay } from './support/moody-way.ts';
import { launchOperator, type OperatorProcess, untilReady } from './support/operator.ts';
import { type OwnPlane, openPlane, serviceAccountConfig } from './support/own-plane.ts';

const API = 'fleetward.dev/v1alpha1';
const CRDS = join(import.meta.dirname, '../../crds');

interface Crd {
  readonly spec: {
    readonly versions: readonly [
      {
        readonly schema: {
          readonly openAPIV3Schema: { readonly properties: { readonly spec: { properties: object } } };
        };
      },
    ];
  };
}

/** One operator lives through all of it, in one process. */
describe.skipIf(missing)(`a cluster that misbehaves${why}`, () => {
  let own: OwnPlane;
  let sandbox: Sandbox;
  let operator: OperatorProcess;
  let way: MoodyWay;
  let restarts = 0;
  let stopping = false;

  beforeAll(async () => {
    own = await openPlane('outage');
    sandbox = createSandbox({ quotas: 'off' });
    const { url } = await sandbox.listen();
    const port = await freePort();
    const config = join(own.plane.folder, 'config.yaml');
    const lease = { leaseDuration: '15s', renewDeadline: '10s', retryPeriod: '1s' };
    await writeFile(config, stringify({ endpoint: url, installation: 'outage', leaderElection: lease }));
    await must(own.kubectl('create', 'serviceaccount', 'operator'));
    // The Lease has a right of its own, as in the chart.
    await must(own.kubectl('create', 'role', 'lease', '--resource=leases', '--verb=get,create,update'));
    await grantLease();
    await grant();
    const account = await serviceAccountConfig(own, 'default', 'operator');
    way = await openMoodyWay(join(own.plane.folder, 'way.kubeconfig'), account, own.plane);
    const { kubeconfig } = way;
    const start = () => {
      operator = launchOperator({
        name: `operator-${restarts}`,
        folder: own.plane.folder,
        port,
        args: ['run', `--config=${config}`, `--listen=127.0.0.1:${port}`],
        env: { KUBECONFIG: kubeconfig, POD_NAME: 'operator', POD_NAMESPACE: 'default' },
      });
      void operator.child.ended.then(() => {
        if (stopping) return;
        restarts += 1;
        start();
      });
    };
    start();
  });
  afterAll(async () => {
    stopping = true;
    await operator?.stop();
    await way?.[Symbol.asyncDispose]();
    if (sandbox) recordCalls(sandbox);
    await sandbox?.close();
    await own?.[Symbol.asyncDispose]();
  });

  const grant = () =>
    must(
      own.kubectl(
        ...['create', 'clusterrolebinding', 'operator', '--clusterrole=cluster-admin'],
        '--serviceaccount=default:operator',
      ),
    );

  const grantLease = () =>
    must(own.kubectl('create', 'rolebinding', 'lease', '--role=lease', '--serviceaccount=default:operator'));
  const losses = () => operator.metric('fleetward_leadership_losses_total');

  async function apply(kind: string, name: string, spec: unknown): Promise<void> {
    const file = join(own.plane.folder, 'applied.json');
    await writeFile(file, JSON.stringify({ apiVersion: API, kind, metadata: { name }, spec }));
    await must(own.kubectl('apply', '-f', file));
  }
  const ready = (object: string) => must(own.kubectl('wait', '--for=condition=Ready', object, '--timeout=120s'));
  /** All of it: of a busy operator the tail may have gone by between two looks. */
  const said = () => readFile(operator.logFile, 'utf8').catch(() => '');
  const says = (words: string) => until(async () => (await said()).includes(words) || undefined, words);
  const writes = () => sandbox.ledger.count({ mutating: true });

  test('without our CRDs it says what is missing, stays alive, and goes on when they come', async () => {
    await says('Failing to list');
    const answer = await operator.get('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('caches');
    expect((await operator.get('/healthz')).status).toBe(200);
    expect(await said()).toMatch(/CustomResourceDefinition|CRD|not found|404/i);
  });

  test('with CRDs of an older release it names what they lack, writes nothing, and goes on when they are upgraded', async () => {
    const old = join(own.plane.folder, 'old-crds');
    await cp(CRDS, old, { recursive: true });
    const file = join(old, 'device.yaml');
    const crd = parse(await readFile(file, 'utf8')) as Crd;
    const { properties } = crd.spec.versions[0].schema.openAPIV3Schema.properties.spec;
    expect(Reflect.deleteProperty(properties, 'clientIds')).toBe(true);
    await writeFile(file, stringify(crd));
    await installCrds(own.kubectl, { path: old, how: ['--server-side'] });
    await apply('AWSAccount', 'default', { accountId: '123456789012', region: 'us-east-1' });
    const words = 'The CustomResourceDefinition of Device is older than this operator: it lacks spec.clientIds';
    await says(words);
    expect((await operator.get('/readyz')).status).toBe(503);
    expect((await operator.get('/healthz')).status).toBe(200);
    expect(writes()).toBe(0);
    await must(own.kubectl('apply', '--server-side', '--force-conflicts', '-f', CRDS));
    await untilReady(operator);
    await apply('Device', 'one', {
      deletionPolicy: 'Delete',
      certificates: [{ name: 'a', issued: { secretName: 'one' } }],
    });
    await ready('device/one');
    expect(restarts).toBe(0);
  });

  test.each([
    ['no key', { 'tls.key': null }, 'has no tls.key'],
    ['what is no key', { 'tls.key': 'aGVsbG8=' }, 'holds no private key'],
    ['the key of another device', undefined, 'holds another key'],
  ])(
    'a Secret with %s stalls its device, makes no second certificate, and restored it is enough',
    async (_, data, words) => {
      const secret = JSON.parse(await must(own.kubectl('get', 'secret', 'one', '-o', 'json'))) as {
        data: Record<string, string>;
      };
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const other = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64');
      const replace = (content: unknown) =>
        must(own.kubectl('patch', 'secret', 'one', '--type=merge', '-p', JSON.stringify({ data: content })));
      await replace(data ?? { 'tls.key': other });
      await look();
      const message = ['get', 'device', 'one', '-o', 'jsonpath={.status.conditions[?(@.reason=="KeyLost")].message}'];
      await until(async () => (await own.kubectl(...message)).stdout.includes(words) || undefined, words);
      await replace({ 'tls.key': secret.data['tls.key'] });
      await look();
      await ready('device/one');
      expect(sandbox.ledger.count({ operation: 'CreateCertificateFromCsr', outcome: 'ok' })).toBe(1);
    },
  );

  let looks = 0;
  const look = () => {
    looks += 1;
    const patch = { spec: { suspend: false, attributes: { look: String(looks) } } };
    return must(own.kubectl('patch', 'device', 'one', '--type=merge', '-p', JSON.stringify(patch)));
  };

  test('rights that are taken away are named, and given back they are enough without a restart', async () => {
    const before = restarts;
    await must(own.kubectl('delete', 'clusterrolebinding', 'operator'));
    await apply('Device', 'two', {});
    await says('forbidden');
    await grant();
    await ready('device/two');
    expect(restarts).toBe(before);
  });

  test('without the right to its Lease it stops writing, stays alive, and leads again when it is given back', async () => {
    const before = { restarts, losses: await losses() };
    await must(own.kubectl('delete', 'rolebinding', 'lease'));
    await must(own.kubectl('delete', 'clusterrolebinding', 'operator'));
    // The rest of its rights stays: caches are filled, and only leadership is missing.
    const kinds = ['awsaccounts', 'devices', 'thingtypes', 'thinggroups', 'iotpolicies', 'securityprofiles'];
    const resources = [...kinds, 'fleetsources', 'policyrollouts'].map((name) => `--resource=${name}.fleetward.dev`);
    await must(own.kubectl('create', 'clusterrole', 'rest', ...resources, '--verb=get,list,watch,patch'));
    await must(
      own.kubectl('create', 'clusterrolebinding', 'rest', '--clusterrole=rest', '--serviceaccount=default:operator'),
    );
    await until(async () => (await losses()) === before.losses + 1 || undefined, 'the loss of the lease');
    await untilReady(operator);
    expect(await operator.metric('leader_election_master_status')).toBe(0);
    expect(await said()).toMatch(/forbidden.*Failing to write the lease/);
    const quiet = writes();
    await apply('Device', 'leaderless', {});
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(writes()).toBe(quiet);
    expect((await operator.get('/healthz')).status).toBe(200);
    await grantLease();
    await grant();
    await ready('device/leaderless');
    expect(restarts).toBe(before.restarts);
  });

  test.each([
    ['429 to everything but the Lease', 429, 'busy', ({ path }: Asked) => !path.includes('/leases/')],
    ['500 to everything for less than the renew deadline', 500, 'broken', () => true],
  ] as const)(
    'an API server that answers %s is asked more slowly, and its recovery is enough',
    async (_, code, name, concerned) => {
      const before = { restarts, refused: way.refused };
      way.mood((asked) => (concerned(asked) ? code : undefined));
      await apply('Device', name, {});
      await until(() => way.refused > before.refused || undefined, 'a refused request');
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(way.refused - before.refused, 'requests in three seconds').toBeLessThan(100);
      expect((await operator.get('/healthz')).status).toBe(200);
      way.mood(() => undefined);
      await ready(`device/${name}`);
      expect(restarts).toBe(before.restarts);
      expect(
        sandbox.ledger
          .entries({ operation: 'CreateThing', since: 0 })
          .filter(({ resource, changed }) => changed && resource === name),
      ).toHaveLength(1);
    },
  );

  test('an API server that is gone for longer than the lease: writes end, and work goes on when it is back', async () => {
    const started = restarts;
    const pid = await operator.child.pid;
    const lost = await losses();
    await own.plane.stopApiServer();
    const before = writes();
    await until(async () => (await losses()) === lost + 1 || undefined, 'the loss of the lease');
    // Through the rest of a lease and longer, and at any moment of it.
    for (let second = 0; second < 10; second += 1) {
      expect((await operator.get('/healthz')).status).toBe(200);
      const { status, body } = await operator.get('/readyz');
      expect(status).toBe(503);
      expect(body).toMatch(/Lost the lease|the first list of/);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await until(
      async () => (await operator.get('/readyz')).body.includes('no answer from the API server') || undefined,
      'the reason',
    );
    expect(writes()).toBe(before);
    await own.plane.startApiServer();
    await untilReady(operator);
    await apply('Device', 'three', {});
    await ready('device/three');
    expect(await operator.child.pid).toBe(pid);
    expect(restarts).toBe(started);
    expect(await losses()).toBe(lost + 1);
  });

  test('an etcd restored from an older state: what is gone is forgotten, what is back is served again', async () => {
    await apply('Device', 'kept', { deletionPolicy: 'Retain' });
    await ready('device/kept');
    const data = join(own.plane.folder, 'etcd');
    const backup = join(own.plane.folder, 'etcd-backup');
    await own.plane.stopApiServer();
    await own.plane.stopEtcd();
    await cp(data, backup, { recursive: true });
    await own.plane.startEtcd();
    await own.plane.startApiServer();
    await untilReady(operator);
    await apply('Device', 'later', {});
    await ready('device/later');
    await must(own.kubectl('delete', 'device', 'kept', '--timeout=30s'));
    await own.plane.stopApiServer();
    await own.plane.stopEtcd();
    await rm(data, { recursive: true });
    await cp(backup, data, { recursive: true });
    await own.plane.startEtcd();
    await own.plane.startApiServer();
    const since = Date.now();
    expect((await own.kubectl('get', 'device', 'later')).status).toBe(1);
    await apply('Device', 'after', {});
    await ready('device/after');
    await must(own.kubectl('label', 'device', 'kept', 'touched=yes'));
    await ready('device/kept');
    await apply('Device', 'later', {});
    await ready('device/later');
    expect(Date.now() - since).toBeLessThan(200_000);
    expect(
      sandbox.ledger
        .entries({ operation: 'CreateThing' })
        .filter(({ resource, changed }) => changed && resource === 'later'),
    ).toHaveLength(1);
    expect(restarts, 'restarts through all of it').toBe(0);
  });
});
