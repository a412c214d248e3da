import { describe, expect, test } from 'vitest';
import { raiseViolation } from '../../../operator/sandbox/ops/defender/violations.ts';
import { gatesWorld, type Habit, telemetry } from './gates-world.ts';
import { grants, NARROW } from './support.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012';

/** Connects, publishes telemetry and listens to commands. */
function listening(...topics: readonly string[]): { Version: string; Statement: readonly object[] } {
  const { Version, Statement } = grants(...topics) as { Version: string; Statement: readonly object[] };
  const commands = [
    { Effect: 'Allow', Action: ['iot:Subscribe'], Resource: [`${ARN}:topicfilter/commands/*`] },
    { Effect: 'Allow', Action: ['iot:Receive'], Resource: [`${ARN}:topic/commands/*`] },
  ];
  return { Version, Statement: [...Statement, ...commands] };
}

describe('what the operator hears over the wire', () => {
  test('queue and logs carry a rollout: contact, preflight with AWS, evidence, verdict', async () => {
    await using world = await gatesWorld({ devices: 1 });
    await world.pass(2);
    await world.change(NARROW);
    await world.pass(40, world.is('press-1', 'Succeeded', 'RolledBack'));
    expect(await world.record('press-1')).toMatchObject({
      state: 'Succeeded',
      verdict: 'EvidencePassed',
      preflight: expect.stringMatching(/^AWS agrees \(\d requests\)$/),
      used: expect.arrayContaining([`iot:publish ${ARN}:topic/telemetry/press-1`]),
    });
    // What was taken note of is gone from the queue.
    expect(world.calls('DeleteMessageBatch')).toBeGreaterThan(0);
  }, 240_000);

  test('while the logs cannot be read nothing is taken, and it goes on when they can', async () => {
    await using world = await gatesWorld({ devices: 1 });
    await world.pass(2);
    const effect = { kind: 'error', name: 'ServiceUnavailableException', status: 503 } as const;
    const outage = world.sandbox.faults.add({ operation: 'FilterLogEvents', effect });
    await world.change(NARROW);
    await world.pass(14);
    expect(await world.record('press-1')).toMatchObject({
      state: 'Deferred',
      why: expect.stringMatching(/the signal logs is out of date/),
    });
    world.sandbox.faults.remove(outage);
    await world.pass(40, world.is('press-1', 'Succeeded'));
    expect(await world.states()).toEqual({ 'press-1': 'Succeeded' });
  }, 240_000);

  test('with logging below INFO nobody knows what a device did: a denied request leaves the verdict open', async () => {
    await using world = await gatesWorld({ devices: 1, logging: 'ERROR' });
    await world.change(NARROW);
    await world.pass(25, world.is('press-1', 'Observing'));
    world.live.get('press-1')?.publish('debug/press-1', 'x');
    await world.pass(6);
    expect(await world.record('press-1')).toMatchObject({ state: 'Observing' });
    expect((await world.record('press-1')).used).toBeUndefined();
  }, 240_000);

  test('without logging that source is unavailable, never healthy', async () => {
    await using world = await gatesWorld({ devices: 1, logging: '' });
    const told = world.fleet.signals.sources().find(({ source }) => source === 'logs');
    expect(told?.unavailable).toBe('V2 logging of AWS IoT is not set up');
  }, 240_000);

  test('after a restart a device that stays connected and says nothing is known from the index', async () => {
    await using world = await gatesWorld({ devices: 1 });
    await world.fleet.iot.updateIndexingConfiguration({
      thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'STATUS' },
    });
    await world.pass(2);
    world.does('press-1', () => undefined);
    await world.change(NARROW);
    await world.pass(3);
    await world.fleet.kill();
    await world.fleet.start();
    await world.pass(12, world.is('press-1', 'Contracting', 'Deferred'));
    expect((await world.record('press-1')).state).toBe('Contracting');
    // Contact is no evidence: it passes when it has said something.
    await world.pass(13);
    expect((await world.record('press-1')).state).toBe('Observing');
    world.does('press-1', telemetry);
    await world.pass(3, world.is('press-1', 'Succeeded'));
    expect((await world.record('press-1')).state).toBe('Succeeded');
  }, 240_000);

  test('a subscription that did not come back fails the asset', async () => {
    await using world = await gatesWorld({ devices: 1, document: listening('telemetry/*', 'debug/*') });
    let subscribes = true;
    const asked = new WeakSet<object>();
    const habit: Habit = (one, name) => {
      if (subscribes && !asked.has(one)) one.subscribe(`commands/${name}`);
      asked.add(one);
      telemetry(one, name);
    };
    world.does('press-1', habit);
    await world.pass(3);
    await world.change(listening('telemetry/*'));
    await world.pass(12, world.is('press-1', 'Contracting'));
    // The firmware forgets to subscribe again after its next connect.
    subscribes = false;
    world.live.get('press-1')?.disconnect();
    await world.pass(20, world.is('press-1', 'RollingBack', 'Succeeded'));
    expect(await world.record('press-1')).toMatchObject({ verdict: 'SubscriptionsLost', failure: 'failed' });
  }, 240_000);

  test('a new violation of Device Defender fails the asset; an old one does not', async () => {
    await using world = await gatesWorld({ devices: 1 });
    const behaviors = [{ name: 'failures', metric: 'aws:num-authorization-failures' }];
    await world.fleet.iot.createSecurityProfile({ securityProfileName: 'p', behaviors });
    const raise = () =>
      raiseViolation(world.sandbox.world, world.sandbox.scope(), {
        thingName: 'press-1',
        securityProfileName: 'p',
        behaviorName: 'failures',
      });
    await world.pass(2);
    raise();
    await world.pass(1);
    await world.change(NARROW);
    await world.pass(20, world.is('press-1', 'Observing', 'RollingBack'));
    await world.pass(1);
    expect((await world.record('press-1')).state).toMatch(/Contracting|Observing/);
    await world.pass(8, world.is('press-1', 'Observing'));
    raise();
    await world.pass(3, world.is('press-1', 'RollingBack'));
    expect(await world.record('press-1')).toMatchObject({ verdict: 'NewViolation' });
  }, 240_000);
});

describe('R17: one device cannot revert the fleet', () => {
  test('whoever holds one device gets at most that asset back, whatever is sent', async () => {
    const strategy = {
      waves: [{ count: 2, bake: '1h' }],
      maxInFlight: 2,
      failureThreshold: 1,
      observeTime: '10m',
    };
    await using world = await gatesWorld({ devices: 3, strategy });
    await world.pass(2);
    await world.change(NARROW);
    await world.pass(40, world.is('press-2', 'Observing'));
    expect(await world.states()).toMatchObject({ 'press-1': 'Observing', 'press-2': 'Observing' });
    const brakes = world.calls('SetDefaultPolicyVersion');
    // The certificate of press-1 in other hands: what the tightening took, retained telemetry, a will that it may not
    // publish, and the client ids of all others.
    world.does('press-1', undefined);
    for (let round = 0; round < 5; round += 1) {
      for (const topic of ['debug/press-1', 'debug/press-2', 'anything', '$aws/things/press-2/shadow/update']) {
        (await world.connect('press-1')).publish(topic, 'x');
        await world.broker.settle();
      }
      (await world.connect('press-1')).publish('telemetry/press-1', 'x', { retain: true });
      await world.connect('press-1', {
        will: { topic: 'debug/will', payload: 'x' },
      });
      for (const clientId of ['press-2', 'press-3', 'made-up']) await world.connect('press-1', { clientId });
      await world.pass(1);
    }
    await world.pass(30, world.is('press-2', 'Succeeded', 'RollingBack', 'RolledBack'));
    expect((await world.record('press-1')).failure).toBe('failed');
    expect(world.calls('SetDefaultPolicyVersion')).toBe(brakes);
    expect((await world.rollout()).status?.phase).not.toMatch(/^Abort/);
    expect(await world.record('press-2')).toMatchObject({ state: 'Succeeded' });
    expect((await world.record('press-2')).failure).toBeUndefined();
  }, 240_000);
});
