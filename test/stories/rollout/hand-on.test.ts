/** An asset is in one rollout at a time: what one has begun with it, it finishes before another begins. */
import { expect, test } from 'vitest';
import { device, policy } from '../../support/fleet.ts';
import { annotate, grants, recordOf, refer, rolloutFleet, rollouts, STRATEGY, say } from './support.ts';

const HOLD = 'rollout.fleetward.dev/hold';
/** There is room for another one, so that the budget keeps nobody waiting. */
const ROOMY = { ...STRATEGY, maxInFlight: 2 };

test('one that goes back after the end of its rollout gets all the way back, although a policy of it gets a new document', async () => {
  await using fleet = await rolloutFleet(1);
  const tight = (...topics: readonly string[]) =>
    fleet.apply(policy('tight', { document: grants(...topics), strategy: ROOMY }));
  await tight('telemetry/*', 'site/*');
  await fleet.apply(device('press-9', { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'tight' }] }));
  fleet.names.push('press-9');
  await fleet.settleUntilReady();
  await refer(fleet, 'press-1', 'tight');
  await fleet.live(3);
  await say(fleet, 'approve', { token: 'approve', rollout: (await rollouts(fleet))[0] });
  await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
  await annotate(fleet, 'Device', 'press-1', { [HOLD]: 'kim looks at it' });
  await say(fleet, 'abort', { token: 'abort', rollout: (await rollouts(fleet))[0] });
  await fleet.live(10, { until: async () => (await rollouts(fleet))[0]?.status?.phase === 'Aborted' });
  await annotate(fleet, 'Device', 'press-1', { [HOLD]: undefined });
  await fleet.live(3, { until: async () => (await fleet.records())['press-1'] === 'RollingBack' });
  expect(await fleet.attached('press-1')).toEqual(['base', 'tight']);
  await tight('telemetry/*');
  await fleet.live(3);
  const [first, second] = await rollouts(fleet);
  expect(await recordOf(fleet, 'press-1')).toMatchObject({ name: first?.metadata.name, state: 'RollingBack' });
  const why = `press-1 is RollingBack in PolicyRollout ${first?.metadata.name}, and moves here when that one is done with it`;
  expect(second?.status?.samples).toContainEqual({ device: 'press-1', state: 'Held', why });
  const after = new Set<string>();
  await fleet.live(90, {
    until: async () => {
      if ((await fleet.records())['press-1'] === 'RolledBack') after.add(String(await fleet.attached('press-1')));
      return (await rollouts(fleet))[1]?.status?.phase === 'Succeeded';
    },
  });
  expect((await rollouts(fleet))[1]?.status?.message).toBe('1 assets are on the new policy');
  // What was taken back is not given to it for the sake of another document of the same policy.
  expect([...after]).toEqual(['base']);
  expect(await fleet.attached('press-1')).toEqual(['base']);
}, 120_000);

test('one in the middle of a rollout is not taken over by the next, which carries out the same change for another device', async () => {
  await using fleet = await rolloutFleet(2);
  await fleet.apply(policy('tight', { document: grants('telemetry/*'), strategy: ROOMY }));
  await fleet.apply(policy('more', { document: grants('more/*'), strategy: ROOMY }));
  await fleet.settleUntilReady();
  await refer(fleet, 'press-1', 'tight');
  await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'Contracting' });
  const { name } = (await recordOf(fleet, 'press-1')) ?? {};
  await refer(fleet, 'press-1', 'tight', 'more');
  await refer(fleet, 'press-2', 'base', 'more');
  await fleet.live(3);
  await say(fleet, 'approve', { token: 'approve', rollout: (await rollouts(fleet))[1] });
  const seen: string[] = [];
  await fleet.live(120, {
    until: async () => {
      const { name: by, state } = (await recordOf(fleet, 'press-1')) ?? {};
      const now = `${by === name ? 'the first' : 'the next'}: ${state}`;
      if (seen.at(-1) !== now) seen.push(now);
      return now === 'the next: Succeeded';
    },
  });
  expect(seen.slice(0, 3)).toEqual(['the first: Contracting', 'the first: Observing', 'the next: Contracting']);
  expect(await fleet.attached('press-1')).toEqual(['more', 'tight']);
}, 120_000);
