import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { hear, MINUTE, NARROW, type RolloutFleet, rolloutFleet, STRATEGY } from './support.ts';

/** An asset in flight is read at least this often, whoever says what. */
const EVERY_MS = 3 * MINUTE;

async function targetOf(fleet: RolloutFleet, name: string): Promise<string> {
  const { status } = (await fleet.get('Device', name)) as Device;
  return status?.certificates?.[0]?.arn ?? '';
}

const inState = (fleet: RolloutFleet, name: string, state: string) => async () =>
  (await fleet.records())[name] === state;

describe('reads of an asset in flight', () => {
  test('are as many as the time it takes, however much the device says', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    const first = fleet.sandbox.ledger.count({ operation: 'ListAttachedPolicies' });
    const began = fleet.clock.now();
    while (!(await inState(fleet, 'press-1', 'Succeeded')())) {
      for (let second = 0; second < 60; second += 2) {
        hear(fleet, 'press-1');
        await fleet.clock.advance(2_000);
        await fleet.drain();
      }
    }
    const took = fleet.clock.now() - began;
    expect(took).toBeGreaterThan(35 * MINUTE);
    const reads = fleet.sandbox.ledger.count({ operation: 'ListAttachedPolicies' }) - first;
    // Beside those by the clock: before and after a call, and before a verdict.
    expect(reads).toBeGreaterThanOrEqual(Math.floor(took / EVERY_MS));
    expect(reads).toBeLessThanOrEqual(Math.ceil(took / EVERY_MS) + 8);
  }, 60_000);

  test.each([
    { state: 'Expanding', left: 'base@' },
    { state: 'Contracting', left: 'base' },
  ])(
    'find what somebody else took from it while it is $state, although it says nothing',
    async ({ state, left }) => {
      await using fleet = await rolloutFleet(1);
      await fleet.change(NARROW);
      await fleet.live(20, { until: inState(fleet, 'press-1', state) });
      const target = await targetOf(fleet, 'press-1');
      for (const policyName of await fleet.attached('press-1'))
        await fleet.aws.send('DetachPolicy', { policyName, target });
      await fleet.advance(EVERY_MS + 10_000);
      expect((await fleet.attached('press-1')).some((name) => name.startsWith(left))).toBe(true);
    },
    60_000,
  );

  test('begin anew with the process: nothing is known of it then', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(30, { until: inState(fleet, 'press-1', 'Observing') });
    await fleet.kill();
    const resource = await targetOf(fleet, 'press-1');
    const since = fleet.clock.now();
    await fleet.start();
    await fleet.advance(5_000);
    const reads = fleet.sandbox.ledger.entries({ operation: 'ListAttachedPolicies', since });
    expect(reads.filter((entry) => entry.resource === resource && entry.accessKeyId === 'AKIDTEST')).not.toEqual([]);
  }, 60_000);
});

test('a proven asset is not read again because it says something while others move', async () => {
  await using fleet = await rolloutFleet(2);
  await fleet.change(NARROW, { ...STRATEGY, waves: [{ count: 1, bake: '30m' }] });
  await fleet.live(60, { until: inState(fleet, 'press-1', 'Succeeded') });
  const resource = await targetOf(fleet, 'press-1');
  const since = fleet.clock.now();
  await fleet.live(20);
  const reads = fleet.sandbox.ledger.entries({ operation: 'ListAttachedPolicies', since });
  expect(reads.filter((entry) => entry.resource === resource)).toEqual([]);
}, 60_000);
