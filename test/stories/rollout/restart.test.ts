import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { annotate, NARROW, rolloutFleet, WIDE } from './support.ts';

describe('a restart in the middle', () => {
  test.each([
    ['while the candidate settles', 5],
    ['after the baseline was detached', 13],
    ['under observation', 24],
  ])(
    '%s: the rollout goes on from what AWS and the records show',
    async (_when, minutes) => {
      await using fleet = await rolloutFleet(2);
      await fleet.change(NARROW);
      await fleet.live(minutes);
      await fleet.kill();
      await fleet.clock.advance(20_000);
      await fleet.start();
      await fleet.live(160, { until: async () => (await fleet.rollout()).status?.homedAt !== undefined });
      expect((await fleet.rollout()).status).toMatchObject({
        phase: 'Succeeded',
        counters: { succeeded: 2, failed: 0 },
      });
      expect(await fleet.attached('press-1')).toEqual(['base']);
      expect(await fleet.attached('press-2')).toEqual(['base']);
    },
    60_000,
  );

  test('whoever was robbed of both policies meanwhile gets what it had', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    await fleet.kill();
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    const target = status?.certificates?.[0]?.arn ?? '';
    for (const policyName of await fleet.attached('press-1'))
      await fleet.aws.send('DetachPolicy', { policyName, target });
    expect(await fleet.attached('press-1')).toEqual([]);
    await fleet.start();
    for (let second = 0; second < 100; second += 10) await fleet.advance(10_000);
    expect(await fleet.attached('press-1')).toContain('base');
  }, 60_000);

  test('an abort goes on after a restart', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    const { metadata, spec } = await fleet.rollout();
    const by = `t1@${spec.revision} by kim@example.com`;
    await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/abort': by });
    await fleet.live(2);
    await fleet.kill();
    await fleet.start();
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await fleet.attached('press-2')).toEqual(['base']);
  }, 60_000);
});

describe('another change in the middle', () => {
  test('a newer revision takes over, and every asset ends on it alone', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    const { Statement } = NARROW as { Statement: readonly { Resource: readonly string[] }[] };
    const [connect, publish] = Statement;
    const narrower = publish?.Resource.map((resource) => resource.replace('/*', '/press*'));
    await fleet.change({ ...NARROW, Statement: [connect, { ...publish, Resource: narrower }] });
    const done = async () => {
      const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
      const phases = items.map(({ status }) => (status as { phase?: string } | undefined)?.phase);
      return items.length === 2 && phases.includes('Superseded') && phases.includes('Succeeded');
    };
    await fleet.live(200, { until: done });
    await fleet.live(30);
    expect(await done()).toBe(true);
    // It started from what was proven, not from what was overtaken, and that is what its brake would have given back.
    const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
    const baselines = items.map(
      (item) => JSON.parse((item as PolicyRollout).spec.policies[0]?.baseline ?? '') as object,
    );
    expect(baselines).toEqual([WIDE, WIDE]);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await fleet.attached('press-2')).toEqual(['base']);
  }, 90_000);
});
