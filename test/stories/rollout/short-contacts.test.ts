import { describe, expect, test } from 'vitest';
import type { Device, DeviceStatusRollout } from '../../../operator/api/device.gen.ts';
import type { TestFleet } from '../../support/operator.ts';
import {
  ACCOUNT_KEY,
  hear,
  leave,
  MINUTE,
  NARROW,
  type RolloutFleet,
  refuse,
  rolloutFleet,
  STRATEGY,
  say,
  WIDE,
} from './support.ts';

/** What lies between two contacts; longer than every deadline but the one of who is armed. */
const APART_MS = 5 * 60 * MINUTE;
const ARMED = { ...STRATEGY, waves: [{ count: 2, bake: '1m' }], maxInFlight: 5, armedDeadline: '24h' };

/** The device connects, says what it has to say, and is gone after `minutes`. */
async function visit(fleet: RolloutFleet, name: string, minutes = 4, act: () => void = () => undefined): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    hear(fleet, name);
    act();
    await fleet.advance(MINUTE);
  }
  leave(fleet, name);
  await fleet.drain();
}

async function record(fleet: TestFleet, name: string): Promise<Partial<DeviceStatusRollout>> {
  return ((await fleet.get('Device', name)) as Device).status?.rollout ?? {};
}

/** Devices that come for four minutes now and then, and a change that waits for them. */
async function seldom(
  count: number,
  strategy: object = {},
  topic = 'telemetry/press-1',
  document: object = NARROW,
): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(count);
  for (let round = 0; round < 2; round += 1) {
    for (const name of fleet.names) await visit(fleet, name, 4, () => hear(fleet, name, topic));
    await fleet.advance(APART_MS);
  }
  await fleet.change(document, { ...ARMED, ...strategy });
  await fleet.advance(15 * MINUTE);
  return fleet;
}

describe('R15: contacts shorter than two settle times', () => {
  test('such a device keeps what it has, contact or not, and holds nobody up', async () => {
    await using fleet = await seldom(1);
    await visit(fleet, 'press-1');
    await visit(fleet, 'press-1');
    expect(await record(fleet, 'press-1')).toMatchObject({
      state: 'Deferred',
      why: expect.stringMatching(/of its last \d contacts were over within/),
    });
    expect(await fleet.attached('press-1')).toContain('base');
    expect((await fleet.rollout()).status?.counters).toMatchObject({ deferred: 1, failed: 0, armed: 0 });
  }, 120_000);

  test('armed with somebody’s word: changed in one contact, judged at the next', async () => {
    await using fleet = await seldom(1, { maxArmed: 1 });
    await visit(fleet, 'press-1');
    // The strategy alone arms nobody.
    expect((await record(fleet, 'press-1')).state).toBe('Deferred');
    expect((await fleet.rollout()).status?.message).toMatch(/may be armed, 1 at a time, when somebody says arm/);
    await say(fleet, 'arm');
    await fleet.advance(APART_MS);
    await visit(fleet, 'press-1');
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Armed', armed: true });
    expect(await fleet.attached('press-1')).not.toContain('base');
    expect((await fleet.rollout()).status).toMatchObject({
      counters: { armed: 1, inFlight: 0 },
      verbs: { armedBy: 'kim@example.com' },
    });
    // Longer than any other asset may be silent.
    await fleet.advance(APART_MS);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Armed' });
    await visit(fleet, 'press-1');
    await fleet.advance(5 * MINUTE);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Succeeded', verdict: 'EvidencePassed' });
    expect((await record(fleet, 'press-1')).armed).toBeUndefined();
  }, 120_000);

  test('the first bad news of an armed device gives it back what it had, before anything has settled', async () => {
    await using fleet = await seldom(1, { maxArmed: 1 }, 'debug/press-1');
    await say(fleet, 'arm');
    await fleet.advance(APART_MS);
    hear(fleet, 'press-1');
    await fleet.advance(MINUTE);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Armed' });
    refuse(fleet, 'press-1', 'debug/press-1');
    await fleet.advance(2_000);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'RollingBack', failure: 'failed' });
    expect(await fleet.attached('press-1')).toContain('base');
    leave(fleet, 'press-1');
    // On its way back it is waited for as long as it was when it was armed: no page because it comes once in a while.
    await fleet.advance(APART_MS);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'RollingBack' });
    await visit(fleet, 'press-1');
    await fleet.advance(MINUTE);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'RolledBack' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 120_000);

  test('an armed device that is never heard of again gets its baseline back at the deadline', async () => {
    await using fleet = await seldom(1, { maxArmed: 1, armedDeadline: '6h' });
    await say(fleet, 'arm');
    await visit(fleet, 'press-1');
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Armed' });
    await fleet.advance(7 * 60 * MINUTE);
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 120_000);

  test('maxArmed is a budget of its own, and a crash while one is armed forgets nobody', async () => {
    await using fleet = await seldom(2, { maxArmed: 1 });
    await say(fleet, 'arm');
    await visit(fleet, 'press-1');
    await visit(fleet, 'press-2');
    expect(await fleet.records()).toEqual({ 'press-1': 'Armed', 'press-2': 'Deferred' });
    await fleet.kill();
    await fleet.start();
    await fleet.advance(APART_MS);
    await visit(fleet, 'press-2');
    expect(await fleet.records()).toEqual({ 'press-1': 'Armed', 'press-2': 'Deferred' });
    // The watcher is there again: what is refused brings the device back.
    hear(fleet, 'press-1');
    fleet.signals.record(ACCOUNT_KEY, {
      kind: 'connectFailed',
      reason: 'AUTHORIZATION_FAILED',
      at: fleet.clock.now(),
      clientId: 'press-1',
    });
    await fleet.advance(2_000);
    expect(await fleet.attached('press-1')).toContain('base');
  }, 120_000);

  test('where a denial is attached first, it is armed from its first call, and a crash then forgets nobody', async () => {
    const { Statement } = WIDE as { readonly Statement: readonly object[] };
    const denied = {
      Effect: 'Deny',
      Action: ['iot:Publish'],
      Resource: ['arn:aws:iot:us-east-1:123456789012:topic/debug/*'],
    };
    const document = { Version: '2012-10-17', Statement: [...Statement, denied] };
    await using fleet = await seldom(1, { maxArmed: 1 }, 'telemetry/press-1', document);
    await say(fleet, 'arm');
    await fleet.advance(APART_MS);
    hear(fleet, 'press-1');
    await fleet.advance(MINUTE);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Expanding', armed: true });
    await fleet.kill();
    await fleet.start();
    await fleet.advance(MINUTE);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Expanding', armed: true });
    expect((await fleet.rollout()).status).toMatchObject({ counters: { armed: 1, inFlight: 0 } });
  }, 120_000);

  test('nobody is armed where the strategy does not say so', async () => {
    await using fleet = await seldom(1);
    await say(fleet, 'arm');
    await fleet.advance(MINUTE);
    expect((await fleet.rollout()).status).toMatchObject({
      refused: [{ annotation: 'rollout.fleetward.dev/arm', reason: 'NotAllowed' }],
    });
  }, 120_000);

  test('a normal asset that falls silent after its contraction gets its baseline back', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'Contracting' });
    await fleet.live(1);
    leave(fleet, 'press-1');
    await fleet.advance(100 * MINUTE);
    expect(await record(fleet, 'press-1')).toMatchObject({ state: 'Observing' });
    await fleet.advance(60 * MINUTE);
    expect(await fleet.attached('press-1')).toContain('base');
    expect(await record(fleet, 'press-1')).toMatchObject({ failure: 'failed' });
  }, 120_000);
});
