import { afterEach, describe, expect, test } from 'vitest';
import { type Bed, documentOf, EVERYTHING, listener, startBed } from './bed.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

describe('shadows over MQTT', () => {
  test.each([
    { prefix: '$aws/things/lamp/shadow', reason: 'classic' },
    { prefix: '$aws/things/lamp/shadow/name/state', reason: 'named' },
  ])('get, update and delete are answered on their topics ($reason)', async ({ prefix }) => {
    bed = startBed();
    await bed.logEverything();
    const ear = await listener(bed, [`${prefix}/#`]);
    const { certificateId } = await bed.device('lamp', documentOf({ Action: ['Connect', 'Publish'], Resource: '*' }));
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
    const send = async (operation: string, body: unknown) => {
      lamp.publish(`${prefix}/${operation}`, body === undefined ? '' : JSON.stringify(body));
      await bed.broker.settle();
    };
    await send('get', undefined);
    await send('update', { state: { desired: { a: 1, b: 2 }, reported: { a: 1 } }, clientToken: 't1' });
    await send('update', { state: { reported: { b: 2 } }, version: 7 });
    await send('get', { clientToken: 't2' });
    await send('delete', undefined);
    const answers = ear.heard().filter((e) => /(accepted|rejected|delta|documents)$/.test(e.topic));
    expect(
      answers.map(({ topic, body }) => [topic.slice(prefix.length + 1), body.code ?? body.state ?? body.version]),
    ).toEqual([
      ['get/rejected', 404],
      ['update/accepted', { desired: { a: 1, b: 2 }, reported: { a: 1 } }],
      ['update/documents', undefined],
      ['update/delta', { b: 2 }],
      ['update/rejected', 409],
      ['get/accepted', { desired: { a: 1, b: 2 }, reported: { a: 1 }, delta: { b: 2 } }],
      ['delete/accepted', 1],
    ]);
    expect(answers.map((e) => e.body.clientToken)).toEqual([
      undefined,
      't1',
      undefined,
      't1',
      undefined,
      't2',
      undefined,
    ]);
    expect(bed.logged('UpdateThingShadow').map((e) => e.status)).toEqual(['Success', 'Failure']);
  });

  test('what is no JSON is rejected', async () => {
    bed = startBed();
    const ear = await listener(bed, ['$aws/things/lamp/shadow/update/rejected']);
    const { certificateId } = await bed.device('lamp');
    bed.broker.device({ certificateId, clientId: 'lamp' }).publish('$aws/things/lamp/shadow/update', '{');
    await bed.broker.settle();
    expect(ear.heard()).toMatchObject([{ body: { code: 400 } }]);
  });
});

test('a Device Defender report is accepted or rejected', async () => {
  bed = startBed();
  const ear = await listener(bed, ['$aws/things/lamp/defender/metrics/json/+']);
  const { certificateId } = await bed.device('lamp');
  const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
  const topic = '$aws/things/lamp/defender/metrics/json';
  lamp.publish(topic, JSON.stringify({ header: { report_id: 1, version: '1.0' }, metrics: {} }));
  lamp.publish(topic, JSON.stringify({ header: {} }));
  await bed.broker.settle();
  expect(ear.heard().map((e) => e.body.status)).toEqual(['ACCEPTED', 'REJECTED']);
});

describe('connection calls of the data plane', () => {
  test('GetConnection and ListSubscriptions describe a connection, and a session that waits', async () => {
    bed = startBed();
    const { certificateId } = await bed.device('lamp');
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp', clean: false, keepAliveSeconds: 5 });
    lamp.subscribe(['a/+', 'b']);
    await bed.broker.settle();
    const connection = await bed.data.getConnection({ clientId: 'lamp' });
    expect(connection).toMatchObject({
      connected: true,
      thingName: 'lamp',
      cleanSession: false,
      keepAliveDuration: 30,
    });
    const { subscriptions } = await bed.data.listSubscriptions({ clientId: 'lamp' });
    expect(subscriptions?.map((s) => s.topicFilter)).toEqual(['a/+', 'b']);
    await bed.data.deleteConnection({ clientId: 'lamp' });
    await bed.broker.settle();
    expect(lamp.closed).toBe(true);
    expect(await bed.data.getConnection({ clientId: 'lamp' })).toMatchObject({
      connected: false,
      disconnectReason: 'API_INITIATED_DISCONNECT',
    });
    await bed.data.deleteConnection({ clientId: 'lamp', cleanSession: true });
    await expect(bed.data.getConnection({ clientId: 'lamp' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('the index tells how a connection ended, also of a client without a session', async () => {
    bed = startBed();
    const thingIndexingConfiguration = {
      thingIndexingMode: 'REGISTRY',
      thingConnectivityIndexingMode: 'STATUS',
    } as const;
    await bed.iot.updateIndexingConfiguration({ thingIndexingConfiguration });
    const { certificateId } = await bed.device('lamp');
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
    await bed.broker.settle();
    const seen = () => bed.iot.getThingConnectivityData({ thingName: 'lamp' });
    expect(await seen()).toMatchObject({ connected: true, timestamp: new Date(bed.clock.now()) });
    await bed.pass(1000);
    lamp.drop();
    await bed.broker.settle();
    const left = { connected: false, timestamp: new Date(bed.clock.now()), disconnectReason: 'CONNECTION_LOST' };
    expect(await seen()).toMatchObject(left);
    const { things } = await bed.iot.searchIndex({ queryString: 'connectivity.disconnectReason:CONNECTION_LOST' });
    expect(things?.map((t) => t.thingName)).toEqual(['lamp']);
    await expect(bed.data.getConnection({ clientId: 'lamp' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('a direct message needs iot:Receive and no subscription', async () => {
    bed = startBed();
    const policy = documentOf({ Action: 'Connect', Resource: '*' }, { Action: 'Receive', Resource: 'topic/direct' });
    const { certificateId } = await bed.device('lamp', policy);
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
    await bed.broker.settle();
    for (const topic of ['direct', 'other']) await bed.data.sendDirectMessage({ clientId: 'lamp', topic });
    await bed.broker.settle();
    expect(lamp.received.map((m) => m.topic)).toEqual(['direct']);
  });
});

describe('quotas and switches', () => {
  test.each([
    { filters: 9, open: false, reason: 'eight filters in one SUBSCRIBE' },
    { filters: 8, open: true, reason: 'at the limit' },
  ])('$filters filters in a packet: open $open ($reason)', async ({ filters, open }) => {
    bed = startBed();
    const { certificateId } = await bed.device('lamp');
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
    lamp.subscribe(Array.from({ length: filters }, (_, i) => `f/${i}`));
    await bed.broker.settle();
    expect(lamp.connected).toBe(open);
  });

  test('the fifty-first filter of a connection closes it', async () => {
    bed = startBed();
    const { certificateId } = await bed.device('lamp');
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
    for (let i = 0; i < 50; i++) lamp.subscribe(`f/${i}`);
    lamp.subscribe('f/0');
    await bed.broker.settle();
    expect(lamp.connected).toBe(true);
    lamp.subscribe('f/50');
    await bed.broker.settle();
    expect(lamp.closed).toBe(true);
  });

  test('a client id connects once a second, and the entry says why not', async () => {
    bed = startBed({ quotas: {} });
    await bed.logEverything();
    const { certificateId } = await bed.device('lamp');
    const connect = async () => {
      const lamp = bed.broker.device({ certificateId, clientId: 'lamp' });
      await bed.broker.settle();
      return lamp;
    };
    expect((await connect()).connected).toBe(true);
    expect((await connect()).connack).toBeUndefined();
    await bed.pass(1000);
    expect((await connect()).connected).toBe(true);
    expect(bed.logged('Connect').map((e) => e.reason)).toEqual([undefined, 'THROTTLED', undefined]);
  });

  test('with the switch, an unauthorised filter gets SUBACK 0x80 and the others count', async () => {
    bed = startBed({}, { unauthorizedSubscribe: 'suback' });
    const policy = documentOf(
      { Action: ['Connect', 'Receive'], Resource: '*' },
      { Action: 'Subscribe', Resource: 'topicfilter/a' },
    );
    const { certificateId } = await bed.device('lamp', policy);
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp', clean: false });
    const id = lamp.subscribe(['a', 'b']);
    await bed.broker.settle();
    expect(lamp.acknowledged.get(id)).toEqual([1, 0x80]);
    lamp.drop();
    await bed.broker.settle();
    expect(bed.broker.port.subscriptions(bed.sandbox.scope(), 'lamp')).toEqual([{ topicFilter: 'a', qos: 1 }]);
  });

  test('new connections see a changed policy at once when the switch says so, others wait', async () => {
    const propagation = { mode: 'fixed', delay: [480_000, 480_000], newConnectionsSeeAtOnce: true } as const;
    bed = startBed({}, { propagation });
    const { certificateId } = await bed.device('lamp', EVERYTHING);
    const connect = () => bed.broker.device({ certificateId, clientId: 'lamp' });
    const first = connect();
    const early = first.publish('t', '1');
    await bed.broker.settle();
    await bed.edit('lamp', documentOf({ Action: 'Connect', Resource: '*' }));
    const still = first.publish('t', '2');
    await bed.broker.settle();
    expect([first.acknowledged.has(early), first.acknowledged.has(still)]).toEqual([true, true]);
    first.disconnect();
    await bed.broker.settle();
    const second = connect();
    second.publish('t', '3');
    await bed.broker.settle();
    expect(second.closed).toBe(true);
  });

  test('a new connection that sees a changed policy does not make another device of the policy see it', async () => {
    const propagation = { mode: 'fixed', delay: [480_000, 480_000], newConnectionsSeeAtOnce: true } as const;
    bed = startBed({}, { propagation });
    const [lamp, fan] = [await bed.device('lamp', EVERYTHING), await bed.device('fan')];
    await bed.iot.attachPolicy({ policyName: 'lamp', target: fan.certificateArn });
    await bed.iot.detachPolicy({ policyName: 'fan', target: fan.certificateArn });
    const old = bed.broker.device({ certificateId: lamp.certificateId, clientId: 'lamp' });
    old.publish('t', '1');
    await bed.broker.settle();
    await bed.edit('lamp', documentOf({ Action: 'Connect', Resource: '*' }));
    const fresh = bed.broker.device({ certificateId: fan.certificateId, clientId: 'fan' });
    fresh.publish('t', '2');
    const still = old.publish('t', '3');
    await bed.broker.settle();
    expect([fresh.closed, old.acknowledged.has(still)]).toEqual([true, true]);
    await bed.pass(480_000);
    old.publish('t', '4');
    await bed.broker.settle();
    expect(old.closed).toBe(true);
  });
});
