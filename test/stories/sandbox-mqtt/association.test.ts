import { afterEach, describe, expect, test } from 'vitest';
import { arn, type Bed, documentOf, listener, MINUTE, type Registered, startBed } from './bed.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

const FIXED = { propagation: { mode: 'fixed', delay: [6 * MINUTE, 8 * MINUTE] } } as const;
const CONNECT = { Action: 'Connect', Resource: 'client/*' };
const certificate = ({ certificateId }: Registered, clientId: string, more = {}) =>
  bed.broker.device({ certificateId, clientId, ...more });

/** Whether the broker takes a message of this device, which ends its connection when it does not. */
async function publishes(device: ReturnType<typeof certificate>, topic: string): Promise<boolean> {
  const id = device.publish(topic, 'x');
  await bed.broker.settle();
  return device.acknowledged.has(id);
}

/** A lamp in group `leaf` below `root`; the root's policy allows `topic/group`. */
async function grouped(exclusive = false) {
  await bed.iot.createThingGroup({ thingGroupName: 'root' });
  await bed.iot.createThingGroup({ thingGroupName: 'leaf', parentGroupName: 'root' });
  const policyDocument = documentOf({ Action: 'Publish', Resource: 'topic/group' });
  await bed.iot.createPolicy({ policyName: 'group', policyDocument });
  await bed.iot.attachPolicy({ policyName: 'group', target: arn('thinggroup/root') });
  const lamp = await bed.device('lamp', documentOf(CONNECT));
  await bed.iot.addThingToThingGroup({ thingName: 'lamp', thingGroupName: 'leaf' });
  if (exclusive) {
    const both = { thingName: 'lamp', principal: lamp.certificateArn };
    await bed.iot.detachThingPrincipal(both);
    await bed.iot.attachThingPrincipal({ ...both, thingPrincipalType: 'EXCLUSIVE_THING' });
  }
  return lamp;
}

describe('policies of groups', () => {
  test.each([
    { clientId: 'lamp', exclusive: false, applies: true, reason: 'its own client id' },
    { clientId: 'other', exclusive: false, applies: false, reason: 'another client id' },
    { clientId: 'other', exclusive: true, applies: true, reason: 'attached exclusively' },
  ])('of an ancestor apply to a connection of the thing: $reason', async ({ clientId, exclusive, applies }) => {
    bed = startBed();
    const lamp = await grouped(exclusive);
    expect(await publishes(certificate(lamp, clientId), 'group')).toBe(applies);
  });

  test('with the switch, an exclusively attached thing needs its own client id for them', async () => {
    bed = startBed({ switches: { exclusiveThingGroupPolicies: false } });
    const lamp = await grouped(true);
    expect(await publishes(certificate(lamp, 'other'), 'group')).toBe(false);
    expect(await publishes(certificate(lamp, 'lamp'), 'group')).toBe(true);
  });
});

describe('each kind of fact turns over by itself', () => {
  const attributes = (site: string) => ({ attributePayload: { attributes: { site } } });

  test.each([
    {
      what: 'an attribute of the thing',
      change: () => bed.iot.updateThing({ thingName: 'lamp', ...attributes('south') }),
      topic: 'north',
    },
    {
      what: 'a membership',
      change: () => bed.iot.removeThingFromThingGroup({ thingName: 'lamp', thingGroupName: 'leaf' }),
      topic: 'group',
    },
    {
      what: 'an attachment of a group',
      change: () => bed.iot.detachPolicy({ policyName: 'group', target: arn('thinggroup/root') }),
      topic: 'group',
    },
    {
      what: 'an attachment of the certificate',
      change: (lamp: Registered) => bed.iot.detachPolicy({ policyName: 'extra', target: lamp.certificateArn }),
      topic: 'extra',
    },
    {
      what: 'a default version',
      change: () => bed.edit('extra', documentOf({ Action: 'Publish', Resource: 'topic/less' })),
      topic: 'extra',
    },
  ])('$what is seen eight minutes later and not a moment before', async ({ change, topic }) => {
    bed = startBed({}, FIXED);
    const lamp = await grouped();
    await bed.iot.updateThing({ thingName: 'lamp', ...attributes('north') });
    const site = 'topic/${iot:Connection.Thing.Attributes[site]}';
    await bed.edit('lamp', documentOf(CONNECT, { Action: 'Publish', Resource: site }));
    const policyDocument = documentOf({ Action: 'Publish', Resource: 'topic/extra' });
    await bed.iot.createPolicy({ policyName: 'extra', policyDocument });
    await bed.iot.attachPolicy({ policyName: 'extra', target: lamp.certificateArn });
    const device = certificate(lamp, 'lamp');
    expect(await publishes(device, topic)).toBe(true);
    await change(lamp);
    await bed.pass(8 * MINUTE - 1);
    expect(await publishes(device, topic)).toBe(true);
    await bed.pass(1);
    expect(await publishes(device, topic)).toBe(false);
  });

  test('a default version counts for every certificate of the policy at once', async () => {
    bed = startBed();
    const [lamp, fan] = [await bed.device('lamp'), await bed.device('fan', documentOf(CONNECT))];
    await bed.iot.attachPolicy({ policyName: 'lamp', target: fan.certificateArn });
    const devices = [certificate(lamp, 'lamp'), certificate(fan, 'fan')];
    for (const device of devices) expect(await publishes(device, 't')).toBe(true);
    await bed.edit('lamp', documentOf(CONNECT));
    for (const device of devices) expect(await publishes(device, 't')).toBe(false);
  });
});

describe('live sessions', () => {
  test('iot:Connect is judged at CONNECT only: revoking it keeps a live connection', async () => {
    bed = startBed();
    const lamp = await bed.device('lamp');
    const device = certificate(lamp, 'lamp');
    await bed.broker.settle();
    await bed.edit('lamp', documentOf({ Action: ['Publish', 'Subscribe', 'Receive'], Resource: '*' }));
    expect(await publishes(device, 't')).toBe(true);
    device.disconnect();
    const again = certificate(lamp, 'lamp');
    await bed.broker.settle();
    expect(again.connack).toBeUndefined();
  });

  test('a certificate that is not ACTIVE any more: new connections are refused at once, live ones end minutes later', async () => {
    bed = startBed({ delays: 'realistic' });
    const { certificateId } = await bed.device('lamp');
    const device = bed.broker.device({ certificateId, clientId: 'lamp' });
    await bed.broker.settle();
    await bed.iot.updateCertificate({ certificateId, newStatus: 'INACTIVE' });
    const second = bed.broker.device({ certificateId, clientId: 'second' });
    await bed.pass(6 * MINUTE - 1);
    expect([second.connack, device.connected]).toEqual([undefined, true]);
    await bed.pass(1);
    expect(device.closed).toBe(true);
  });

  test('preventWillMessage and cleanSession of DeleteConnection do what they say', async () => {
    bed = startBed();
    const ear = await listener(bed, ['gone/+']);
    const lamp = await bed.device('lamp');
    const will = { topic: 'gone/lamp', payload: '1' };
    for (const preventWillMessage of [true, false]) {
      certificate(lamp, 'lamp', { clean: false, will });
      await bed.broker.settle();
      await bed.data.deleteConnection({ clientId: 'lamp', cleanSession: true, preventWillMessage });
      await bed.broker.settle();
      await expect(bed.data.getConnection({ clientId: 'lamp' })).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
      });
    }
    expect(ear.heard()).toHaveLength(1);
  });
});

describe('what a CONNECT may ask for', () => {
  const only = (values: readonly string[]) =>
    documentOf({
      ...CONNECT,
      Condition: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': values } },
    });

  test.each([
    { allowed: [], clean: true, connects: true, reason: 'nothing asked for' },
    { allowed: [], clean: false, connects: false, reason: 'a persistent session' },
    { allowed: ['PersistentConnect'], clean: false, connects: true, reason: 'it is listed' },
  ])('iot:ConnectAttributes $allowed, clean $clean: $connects ($reason)', async ({ allowed, clean, connects }) => {
    bed = startBed();
    const device = certificate(await bed.device('lamp', only(allowed)), 'lamp', { clean });
    await bed.broker.settle();
    expect(device.connected).toBe(connects);
  });

  test('a retained will needs iot:RetainPublish, too', async () => {
    bed = startBed();
    const policy = documentOf(CONNECT, { Action: 'Publish', Resource: 'topic/gone' });
    const lamp = await bed.device('lamp', policy);
    const plain = certificate(lamp, 'a', { will: { topic: 'gone', payload: '1' } });
    const retained = certificate(lamp, 'b', { will: { topic: 'gone', payload: '1', retain: true } });
    await bed.broker.settle();
    expect([plain.connected, retained.connected]).toEqual([true, false]);
  });

  test.each([
    { clientId: 'c'.repeat(128), connects: true },
    { clientId: 'c'.repeat(129), connects: false },
  ])('a client id has at most 128 bytes ($connects)', async ({ clientId, connects }) => {
    bed = startBed();
    const device = certificate(await bed.device('lamp'), clientId);
    await bed.broker.settle();
    expect(device.connected).toBe(connects);
  });

  test('a client id with a wildcard in it leaves no lifecycle events', async () => {
    bed = startBed();
    const ear = await listener(bed, ['$aws/events/presence/#']);
    ear.device.received.length = 0;
    certificate(await bed.device('lamp'), 'a+b');
    await bed.broker.settle();
    expect(ear.heard()).toEqual([]);
  });
});

test('a retained message on a reserved topic ends the connection', async () => {
  bed = startBed();
  const device = certificate(await bed.device('lamp'), 'lamp');
  device.publish('$aws/things/lamp/shadow/update', '{}', { retain: true });
  await bed.broker.settle();
  expect(device.closed).toBe(true);
});

describe('topics with $ that no service of AWS IoT has', () => {
  test.each([
    { say: '$other/x', closed: true, reason: 'no reserved topic that is known' },
    { say: '$aws/unknown/x', closed: true, reason: 'no service of this name' },
    { say: '$aws/events/presence/connected/x', closed: true, reason: 'events are AWS’s own to publish' },
    { say: '$aws/rules/ingest/x', closed: false, reason: 'basic ingest' },
    { say: '$aws/things/lamp/shadow/get', closed: false, reason: 'the shadow service' },
  ])('a publish on $say ends the connection: $closed ($reason)', async ({ say, closed }) => {
    bed = startBed();
    const device = certificate(await bed.device('lamp'), 'lamp');
    device.publish(say, '{}');
    await bed.broker.settle();
    expect(device.closed).toBe(closed);
  });

  test.each([
    { hear: '$SYS/#', closed: true, reason: 'no reserved topic that is known' },
    { hear: '$aws/rules/ingest/#', closed: true, reason: 'basic ingest cannot be subscribed to' },
    { hear: '$aws/events/#', closed: false, reason: 'events' },
    { hear: '$aws/things/+/shadow/#', closed: false, reason: 'the shadow service' },
  ])('a subscription to $hear ends the connection: $closed ($reason)', async ({ hear, closed }) => {
    bed = startBed();
    const device = certificate(await bed.device('lamp'), 'lamp');
    device.subscribe(hear);
    await bed.broker.settle();
    expect(device.closed).toBe(closed);
  });

  test('with the switch off they are topics like any other', async () => {
    bed = startBed({ switches: { unknownReservedCloses: false } });
    const device = certificate(await bed.device('lamp'), 'lamp');
    device.subscribe('$other/x');
    device.publish('$other/x', 'heard');
    await bed.broker.settle();
    expect(device.received).toHaveLength(1);
  });
});

describe('iot:Subscribe of a shared subscription', () => {
  const WHOLE = 'topicfilter/$share/g/jobs/+';
  const FILTER = 'topicfilter/jobs/+';
  test.each([
    { by: 'both' as const, allowed: [WHOLE, FILTER], closed: false, reason: 'both are allowed' },
    { by: 'both' as const, allowed: [WHOLE], closed: true, reason: 'the filter is not' },
    { by: 'both' as const, allowed: [FILTER], closed: true, reason: 'the whole is not' },
    { by: 'whole' as const, allowed: [WHOLE], closed: false, reason: 'only the whole is asked for' },
    { by: 'filter' as const, allowed: [FILTER], closed: false, reason: 'only the filter is asked for' },
  ])(
    'judged by $by, with $allowed allowed, ends the connection: $closed ($reason)',
    async ({ by, allowed, closed }) => {
      bed = startBed({ switches: { sharedSubscription: by } });
      const document = documentOf(
        { Action: 'Connect', Resource: 'client/*' },
        { Action: 'Subscribe', Resource: [...allowed] },
      );
      const device = certificate(await bed.device('lamp', document), 'lamp');
      device.subscribe('$share/g/jobs/+');
      await bed.broker.settle();
      expect(device.closed).toBe(closed);
    },
  );
});
