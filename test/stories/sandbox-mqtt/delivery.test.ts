import { afterEach, describe, expect, test } from 'vitest';
import { type Bed, documentOf, EVERYTHING, listener, startBed } from './bed.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

async function connected(name: string, options: { clean?: boolean; policy?: string } = {}) {
  const { certificateId } = await bed.device(name, options.policy ?? EVERYTHING);
  const again = (clean = options.clean ?? true) => bed.broker.device({ certificateId, clientId: name, clean });
  const device = again();
  await bed.broker.settle();
  return { device, again, certificateId };
}

describe('delivery', () => {
  test.each([
    {
      filter: 'a/#',
      topic: 'a',
      matches: false,
      reason: 'AWS differs from the specification: the parent is not matched',
    },
    { filter: 'a/#', topic: 'a/b/c', matches: true, reason: 'everything below' },
    { filter: '#', topic: '$aws/x', matches: false, reason: 'no $ topic by a wildcard at the first level' },
    { filter: '+/x', topic: '$aws/x', matches: false, reason: 'nor by a plus' },
    { filter: '$aws/#', topic: '$aws/x', matches: true, reason: 'the first level is written out' },
    { filter: 'a/+', topic: 'a/', matches: true, reason: 'an empty level is a level' },
    { filter: 'a/+', topic: 'a/b/c', matches: false, reason: 'one level only' },
    { filter: '/a', topic: 'a', matches: false, reason: 'a leading slash makes a level of its own' },
    { filter: 'constructor', topic: 'constructor', matches: true, reason: 'names of object members are plain names' },
    { filter: '__proto__/+', topic: '__proto__/x', matches: true, reason: 'nor is this one special' },
  ])('filter $filter and topic $topic: $matches ($reason)', async ({ filter, topic, matches }) => {
    bed = startBed();
    const { device } = await connected('ear');
    device.subscribe(filter);
    await bed.broker.settle();
    await bed.data.publish({ topic, payload: Buffer.from('x') });
    await bed.broker.settle();
    expect(device.received.map((m) => m.topic)).toEqual(matches ? [topic] : []);
  });

  test('overlapping filters deliver a message once', async () => {
    bed = startBed();
    const { device } = await connected('ear');
    device.subscribe(['a/#', 'a/b', '+/b']);
    await bed.broker.settle();
    const { device: mouth } = await connected('mouth');
    for (let i = 0; i < 20; i++) mouth.publish('a/b', String(i), { qos: i % 2 === 0 ? 1 : 0 });
    await bed.broker.settle();
    const payloads = device.received.map((m) => Number(m.payload.toString()));
    expect(payloads.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    // In order within each QoS; MQTT promises no more.
    const acknowledged = payloads.filter((n) => n % 2 === 0);
    expect(acknowledged).toEqual(acknowledged.toSorted((a, b) => a - b));
  });

  test('a shared subscription gives each message to one member', async () => {
    bed = startBed();
    const one = await connected('one');
    const two = await connected('two');
    for (const { device } of [one, two]) device.subscribe('$share/workers/jobs/+');
    await bed.broker.settle();
    const { device: mouth } = await connected('mouth');
    for (let i = 0; i < 6; i++) mouth.publish('jobs/x', String(i));
    await bed.broker.settle();
    expect([one.device.received.length, two.device.received.length]).toEqual([3, 3]);
  });

  test('a retained message reaches later subscribers; an empty one deletes it', async () => {
    bed = startBed();
    const { device: mouth } = await connected('mouth');
    mouth.publish('state/a', 'on', { retain: true });
    await bed.broker.settle();
    const { device: ear } = await connected('ear');
    ear.subscribe('state/+');
    await bed.broker.settle();
    expect(ear.received).toMatchObject([{ topic: 'state/a', retain: true }]);
    mouth.publish('state/a', '', { retain: true });
    await bed.broker.settle();
    await expect(bed.data.getRetainedMessage({ topic: 'state/a' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('iot:Receive decides each delivery, also of a filter that the policy allows', async () => {
    bed = startBed();
    await bed.logEverything();
    const policy = documentOf(
      { Action: ['Connect', 'Subscribe'], Resource: '*' },
      { Action: 'Receive', Resource: 'topic/a/open' },
    );
    const { device } = await connected('ear', { policy });
    device.subscribe('a/#');
    await bed.broker.settle();
    for (const topic of ['a/open', 'a/closed']) await bed.data.publish({ topic, qos: 1 });
    await bed.broker.settle();
    expect(device.received.map((m) => m.topic)).toEqual(['a/open']);
    expect(bed.logged('Publish-Out').map((e) => [e.topicName, e.status])).toEqual([
      ['a/open', 'Success'],
      ['a/closed', 'Failure'],
    ]);
    expect(device.connected).toBe(true);
  });
});

describe('sessions', () => {
  test('a persistent session keeps messages and filters for an hour, and no longer', async () => {
    bed = startBed();
    const { device, again } = await connected('lamp', { clean: false });
    device.subscribe('cmd');
    await bed.broker.settle();
    device.drop();
    await bed.broker.settle();
    await bed.data.publish({ topic: 'cmd', qos: 1, payload: Buffer.from('1') });
    await bed.pass(59 * 60_000);
    const back = again();
    await bed.broker.settle();
    expect(back.connack).toMatchObject({ sessionPresent: true });
    expect(back.received.map((m) => m.payload.toString())).toEqual(['1']);
    back.drop();
    await bed.pass(61 * 60_000);
    const late = again();
    await bed.broker.settle();
    expect(late.connack).toMatchObject({ sessionPresent: false });
  });

  test('a restored filter is not asked for again, but iot:Receive still decides', async () => {
    bed = startBed();
    const { device, again } = await connected('lamp', { clean: false });
    device.subscribe('cmd');
    await bed.broker.settle();
    device.drop();
    await bed.broker.settle();
    await bed.edit('lamp', documentOf({ Action: ['Connect', 'Receive'], Resource: '*' }));
    const back = again();
    await bed.broker.settle();
    await bed.data.publish({ topic: 'cmd', qos: 1 });
    await bed.broker.settle();
    expect(back.received).toHaveLength(1);
    await bed.edit('lamp', documentOf({ Action: 'Connect', Resource: '*' }));
    await bed.data.publish({ topic: 'cmd', qos: 1 });
    await bed.broker.settle();
    expect([back.received.length, back.connected]).toEqual([1, true]);
  });

  test('a second connection of the same client id ends the first', async () => {
    bed = startBed();
    const ear = await listener(bed, ['$aws/events/presence/#']);
    const { device, again } = await connected('lamp');
    const second = again();
    await bed.broker.settle();
    expect([device.closed, second.connected]).toEqual([true, true]);
    const heard = ear.heard().filter((e) => e.topic.endsWith('/lamp'));
    expect(heard.map((e) => [e.body.eventType, e.body.disconnectReason])).toEqual([
      ['connected', undefined],
      ['disconnected', 'DUPLICATE_CLIENTID'],
      ['connected', undefined],
    ]);
  });

  test('a silent client is dropped after one and a half times its keep-alive', async () => {
    bed = startBed();
    await bed.logEverything();
    const { certificateId } = await bed.device('lamp');
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp', keepAliveSeconds: 40 });
    await bed.pass(50_000);
    lamp.ping();
    await bed.pass(59_999);
    expect(lamp.connected).toBe(true);
    await bed.pass(1);
    expect(lamp.closed).toBe(true);
    expect(bed.logged('Disconnect')).toMatchObject([{ disconnectReason: 'MQTT_KEEP_ALIVE_TIMEOUT' }]);
  });
});

describe('the will', () => {
  const will = { topic: 'gone/lamp', payload: 'lost' };

  test('is published when the connection is lost, not when the client says goodbye', async () => {
    bed = startBed();
    const { device: ear } = await connected('ear');
    ear.subscribe('gone/+');
    const { certificateId } = await bed.device('lamp');
    const connect = () => bed.broker.device({ certificateId, clientId: 'lamp', will });
    const polite = connect();
    await bed.broker.settle();
    polite.disconnect();
    await bed.broker.settle();
    expect(ear.received).toEqual([]);
    connect();
    await bed.broker.settle();
    await bed.data.deleteConnection({ clientId: 'lamp', preventWillMessage: true });
    await bed.broker.settle();
    expect(ear.received).toEqual([]);
    const lost = connect();
    await bed.broker.settle();
    lost.drop();
    await bed.broker.settle();
    expect(ear.received.map((m) => m.payload.toString())).toEqual(['lost']);
  });

  test('is judged when the client connects, and not again when it is published', async () => {
    bed = startBed();
    const { device: ear } = await connected('ear');
    ear.subscribe('gone/+');
    const { certificateId } = await bed.device('lamp', documentOf({ Action: 'Connect', Resource: '*' }));
    const refused = bed.broker.device({ certificateId, clientId: 'lamp', will });
    await bed.broker.settle();
    expect([refused.connack, refused.closed]).toEqual([undefined, true]);
    await bed.edit('lamp', EVERYTHING);
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp', will });
    await bed.broker.settle();
    await bed.edit('lamp', documentOf({ Action: 'Connect', Resource: '*' }));
    lamp.drop();
    await bed.broker.settle();
    expect(ear.received).toHaveLength(1);
  });
});
