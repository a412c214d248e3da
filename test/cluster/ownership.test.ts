import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  IoTClient,
  ListTargetsForPolicyCommand,
  RemoveThingFromThingGroupCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getCondition } from '../../operator/api/conditions.ts';
import type { Device } from '../../operator/api/device.gen.ts';
import { writesIn } from './support/audit.ts';
import { cluster, execute, missing, must, until, why } from './support/cluster.ts';
import { account, documents, issued, manifest, policy, REGION } from './support/objects.ts';
import { type OperatorProcess, untilReady } from './support/operator.ts';
import { openStory, type Story } from './support/story.ts';

const use = { policyRefs: [{ name: 'base' }] };
const FLEET = documents(
  account('default', { driftInterval: '30s' }),
  policy('base'),
  policy('site-rights'),
  manifest('ThingGroup', 'site', { policyRefs: [{ name: 'site-rights' }] }),
  issued('strict', use),
  issued('lenient', { ...use, attachments: 'Additive' }),
  issued('member', { ...use, groupRefs: [{ name: 'site' }] }),
);
const STRANGE = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}';

/** Who owns what, and what becomes of it when our own state, the operator or its opinion of AWS is lost. */
describe.skipIf(missing)(`ownership on an API server${why}`, () => {
  let story: Story;
  let operator: OperatorProcess;
  let iot: IoTClient;

  beforeAll(async () => {
    story = await openStory('ownership');
    operator = await story.operator();
    iot = new IoTClient({
      endpoint: story.endpoint,
      region: REGION.region,
      credentials: { accessKeyId: 'somebody', secretAccessKey: 'else' },
    });
    await untilReady(operator);
    await story.apply(FLEET);
    await allReady();
  });
  afterAll(async () => {
    iot?.destroy();
    await story?.[Symbol.asyncDispose]();
  });

  const writes = (accessKeyId?: string) =>
    story.sandbox.ledger.count({ mutating: true, ...(accessKeyId === undefined ? {} : { accessKeyId }) });
  const device = (name: string) => story.json<Device>('get', 'device', name);
  const certificate = async (name: string) => (await device(name)).status?.certificates?.[0];
  const allReady = () => must(story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=120s'));
  const becomes = (object: string, wanted: string) =>
    until(async () => {
      const [kind = '', name = ''] = object.split('/');
      const now = await story.ready(kind, name);
      return now === wanted ? now : undefined;
    }, `${object} as ${wanted}`);

  test('the key is in a Secret before AWS is asked for a certificate, and nowhere else', async () => {
    const secrets = (await writesIn(story.namespace, cluster().auditLog)).filter(
      ({ resource, name }) => resource === 'secrets' && name === 'strict',
    );
    const asked = story.sandbox.ledger.entries({ operation: 'CreateCertificateFromCsr' });
    expect(secrets.map(({ verb }) => verb)).toContain('create');
    expect(secrets[0]?.at).toBeLessThanOrEqual(Math.max(...asked.map(({ at }) => at)));
    expect(asked).toHaveLength(3);
    const { metadata } = await story.json<Device>('get', 'secret', 'strict');
    expect(metadata.ownerReferences, 'under Retain the key outlives the Device').toBeUndefined();
    expect(await must(story.kubectl('get', 'fleet,events', '-o', 'yaml'))).not.toMatch(/PRIVATE KEY|BEGIN EC/);
  });

  test('under Retain nothing holds a deletion; all objects lost and applied again, AWS is as it was', async () => {
    const { items } = await story.json<{ items: Device[] }>('get', 'devices');
    expect(items.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
    const before = { writes: writes(), certificate: (await certificate('lenient'))?.certificateId };
    await must(story.kubectl('delete', 'fleet', '--all', '--timeout=120s'));
    await story.apply(FLEET);
    await allReady();
    expect((await certificate('lenient'))?.certificateId).toBe(before.certificate);
    expect(writes(), 'writes to AWS after the loss of all objects').toBe(before.writes);
  });

  test('somebody changes AWS; the next scan of the account will find it', async () => {
    const targets = [(await certificate('strict'))?.arn, (await certificate('lenient'))?.arn];
    await iot.send(new CreatePolicyCommand({ policyName: 'strange', policyDocument: STRANGE }));
    for (const target of targets) await iot.send(new AttachPolicyCommand({ policyName: 'strange', target }));
    expect(await strangeTargets()).toHaveLength(2);
    await iot.send(new RemoveThingFromThingGroupCommand({ thingName: 'member', thingGroupName: 'site' }));
  });

  test('of two objects with one name in AWS the first keeps it, and the other writes nothing', async () => {
    const before = writesBesideRepair();
    await story.apply(manifest('Device', 'twin', { thingName: 'strict' }));
    await becomes('device/twin', 'False/NameConflict');
    const message = getCondition((await device('twin')).status?.conditions, 'Ready')?.message;
    expect(message).toContain(`${story.namespace}/strict already manages strict`);
    expect(writesBesideRepair()).toBe(before);
    await must(story.kubectl('delete', 'device', 'twin', '--timeout=60s'));
  });

  /** On a slow machine the scan finds what somebody changed while another test still runs. */
  const writesBesideRepair = () =>
    story.sandbox.ledger
      .entries({ mutating: true })
      .filter(({ operation, resource }) => !(operation === 'DetachPolicy' && resource === 'strange')).length;

  test('what another installation has marked is refused', async () => {
    await using other = await openStory('ownership-other');
    await untilReady(await other.operator({ name: 'other', config: { endpoint: story.endpoint } }));
    await other.apply(documents(account(), policy('base', 'iot:*', { adoption: 'AdoptOrCreate' })));
    await until(async () => (await other.ready('iotpolicy', 'base')) === 'False/OwnedByOther' || undefined, 'refusal');
    expect(writes('other')).toBe(0);
  });

  const strangeTargets = async () =>
    (await iot.send(new ListTargetsForPolicyCommand({ policyName: 'strange' }))).targets ?? [];

  test('an attachment by a stranger is undone; under Additive it is reported, and what was taken is not given back', async () => {
    await becomes('device/member', 'False/Narrowed');
    await until(async () => (await strangeTargets()).length === 1 || undefined, 'the repair');
    expect(await strangeTargets()).toEqual([(await certificate('lenient'))?.arn]);
    await until(async () => (await device('lenient')).status?.drift?.class === 'widened' || undefined, 'the report');
    expect(story.sandbox.ledger.count({ operation: 'DetachPolicy', accessKeyId: 'operator-0' })).toBe(1);
  });

  test('it is given back when a person says so, with the command that the message shows', async () => {
    const message = getCondition((await device('member')).status?.conditions, 'Ready')?.message ?? '';
    const [, command = ''] = /kubectl (annotate \S.*)$/.exec(message) ?? [];
    await must(story.kubectl(...command.split(' ').filter((word) => word !== '')));
    await must(story.kubectl('wait', '--for=condition=Ready', 'device/member', '--timeout=120s'));
  });

  test('an account goes after those whose deletion acts in AWS', async () => {
    await must(
      story.kubectl('patch', 'device', 'strict', '--type=merge', '-p', '{"spec":{"deletionPolicy":"Delete"}}'),
    );
    await until(
      async () => (await story.json<Device>('get', 'awsaccount', 'default')).metadata.finalizers?.length || undefined,
      'the finalizer of the account',
    );
    await until(async () => (await device('strict')).metadata.finalizers?.length || undefined, 'its own finalizer');
    await must(story.kubectl('delete', 'awsaccount', 'default', '--wait=false'));
    await becomes('awsaccount/default', 'False/InUse');
  });

  test('without an operator its finalizers hold the namespace, until fleetward release lets it go', async () => {
    const release = (...args: readonly string[]) =>
      execute(process.execPath, [cluster().bundle, 'release', '-n', story.namespace, ...args], {
        env: { KUBECONFIG: cluster().kubeconfig },
      });
    const lease = ['--operator-namespace', 'default', '--lease', story.namespace];
    const beside = await release('--all', ...lease);
    expect(beside.status).toBe(1);
    expect(beside.stderr).toMatch(/An operator leads: operator-0_\S+ holds the Lease default\//);
    await operator.stop();
    const before = writes();
    await must(story.kubectl('delete', 'namespace', story.namespace, '--wait=false'));
    const held = await story.kubectl('wait', '--for=delete', `namespace/${story.namespace}`, '--timeout=3s');
    expect(held.status).toBe(1);
    // An operator that was too slow to give its Lease back is followed when that has expired.
    const dry = await until(async () => {
      const { status, stdout } = await release('--all', '--dry-run', ...lease);
      return status === 0 ? stdout : undefined;
    }, 'a Lease that nobody holds');
    expect(dry.trim().split('\n').sort()).toEqual([
      'awsaccount.fleetward.dev/default would be released',
      'device.fleetward.dev/strict would be released',
    ]);
    const absent = await release('device', 'nobody', ...lease);
    expect(absent.stderr).toContain('There is no Device nobody');
    expect(await must(release('device', 'strict', ...lease))).toContain('device.fleetward.dev/strict released');
    await must(release('--all', ...lease));
    await must(story.kubectl('wait', '--for=delete', `namespace/${story.namespace}`, '--timeout=200s'));
    expect(writes()).toBe(before);
  });
});
