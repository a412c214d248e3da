import {
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  IoTClient,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../operator/api/meta.ts';
import { AcceleratedClock } from '../../operator/runtime/accelerated-clock.ts';
import { createSandbox } from '../../operator/sandbox/index.ts';
import { missing, must, until, why } from './support/cluster.ts';
import { type FastOperator, startFastOperator } from './support/fast-operator.ts';
import { account, documents, issued, manifest, policy, REGION } from './support/objects.ts';
import { openStory, type Story } from './support/story.ts';

const behavior = (count: number) => ({
  name: 'failures',
  metric: 'aws:num-authorization-failures',
  criteria: { comparisonOperator: 'less-than-equals', value: { count }, durationSeconds: 300 },
});
const KINDS = 'devices,iotpolicies,thinggroups,thingtypes,securityprofiles';

interface List {
  readonly items: readonly KubeObject[];
}

/** One object of every kind and shape through its life: made, changed, deleted in AWS as well. */
describe.skipIf(missing)(`every kind through its life${why}`, () => {
  let story: Story;
  let operator: FastOperator;
  let iot: IoTClient;
  let pem: string;
  const clock = new AcceleratedClock(1);
  const keys = { accessKeyId: 'somebody', secretAccessKey: 'else' };

  beforeAll(async () => {
    story = await openStory('life', { sandbox: { clock } });
    iot = new IoTClient({ endpoint: story.endpoint, region: REGION.region, credentials: keys });
    const document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:Connect","Resource":"*"}]}';
    await iot.send(new CreatePolicyCommand({ policyName: 'found', policyDocument: document }));
    const thingIndexingConfiguration = { thingIndexingMode: 'REGISTRY' as const };
    await iot.send(new UpdateIndexingConfigurationCommand({ thingIndexingConfiguration }));
    pem = await certificateOfElsewhere();
    operator = startFastOperator({ namespace: story.namespace, endpoint: story.endpoint, clock });
  });
  afterAll(async () => {
    iot?.destroy();
    await operator?.[Symbol.asyncDispose]();
    await story?.[Symbol.asyncDispose]();
  });

  async function certificateOfElsewhere(): Promise<string> {
    const sandbox = createSandbox({ quotas: 'off' });
    const { url: endpoint } = await sandbox.listen();
    const client = new IoTClient({ endpoint, region: REGION.region, credentials: keys });
    const { certificatePem = '' } = await client.send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
    client.destroy();
    await sandbox.close();
    return certificatePem;
  }

  const Delete = { deletionPolicy: 'Delete' };
  const press = { policyRefs: [{ name: 'base' }], thingTypeRef: { name: 'press' }, ...Delete };
  /** The second version changes every kind that can be changed. */
  const fleet = (version: 1 | 2) =>
    documents(
      account(),
      policy('base', 'iot:Connect', Delete),
      policy('spare', version === 1 ? 'iot:Connect' : 'iot:Publish', Delete),
      policy('found', 'iot:Connect', { adoption: 'AdoptOrCreate', ...Delete }),
      manifest('ThingType', 'press', { description: `version ${version}`, deprecated: version === 2, ...Delete }),
      manifest('ThingGroup', 'line', { description: `version ${version}`, ...Delete }),
      manifest('ThingGroup', 'hot', { query: `attributes.level:${version}`, ...Delete }),
      manifest('SecurityProfile', 'calm', {
        behaviors: [behavior(version)],
        targets: version === 1 ? [{ name: 'line' }] : [{ scope: 'AllThings' }],
        ...Delete,
      }),
      issued('made', {
        ...press,
        attributes: { level: String(version) },
        groupRefs: version === 1 ? [{ name: 'line' }] : [],
      }),
      manifest('Device', 'brought', { ...press, certificates: [{ name: 'a', pem }] }),
    );
  const allReady = () => must(story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=120s'));

  test('made, everything is Ready; what somebody had made is taken over where that is asked for', async () => {
    await story.apply(fleet(1));
    await allReady();
    expect(story.sandbox.ledger.count({ operation: 'RegisterCertificateWithoutCA', outcome: 'ok' })).toBe(1);
    expect(story.sandbox.ledger.count({ operation: 'TagResource', outcome: 'ok' })).toBeGreaterThan(0);
  });

  test('changed, each change reaches AWS and nothing is made anew', async () => {
    const things = story.sandbox.ledger.count({ operation: 'CreateThing', outcome: 'ok' });
    await story.apply(fleet(2));
    const changes = [
      'UpdateThing',
      'UpdateThingType',
      'UpdateThingGroup',
      'UpdateDynamicThingGroup',
      'UpdateSecurityProfile',
    ];
    for (const operation of [...changes, 'CreatePolicyVersion', 'DeprecateThingType', 'RemoveThingFromThingGroup']) {
      await until(() => story.sandbox.ledger.count({ operation, outcome: 'ok' }) > 0 || undefined, operation);
    }
    await allReady();
    expect(story.sandbox.ledger.count({ operation: 'CreateThing', outcome: 'ok' })).toBe(things);
  });

  test('deleted, it is gone from AWS in the order that AWS demands, and then from the cluster', async () => {
    await until(async () => {
      const { items } = await story.json<List>('get', KINDS);
      return items.every(({ metadata }) => metadata.finalizers?.length === 1) || undefined;
    }, 'the finalizers');
    // AWS deletes a thing type five minutes after its deprecation.
    clock.rate = 60;
    await must(story.kubectl('delete', KINDS, '--all', '--timeout=200s'));
    for (const operation of ['DeleteThingType', 'DeleteCertificate', 'DeletePolicyVersion', 'DeleteSecurityProfile']) {
      expect(story.sandbox.ledger.count({ operation, outcome: 'ok' }), operation).toBeGreaterThan(0);
    }
  });
});
