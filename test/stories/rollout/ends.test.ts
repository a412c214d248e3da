import { describe, expect, test } from 'vitest';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import {
  annotate,
  grants,
  NARROW,
  onBaseAndMore,
  type RolloutFleet,
  refer,
  rolloutFleet,
  rollouts,
  STRATEGY,
  say,
  WIDE,
} from './support.ts';

const BOTH = { ...STRATEGY, waves: [{ count: 2, bake: '1m' }], maxInFlight: 2 };

async function skip(fleet: RolloutFleet, name: string): Promise<void> {
  const { spec } = await fleet.rollout();
  await annotate(fleet, 'Device', name, { 'rollout.fleetward.dev/skip': `t1@${spec.revision} by kim@example.com` });
}

const phaseIs = (fleet: RolloutFleet, phase: string) => async () => (await fleet.rollout()).status?.phase === phase;

describe('how a rollout ends', () => {
  test('a skipped asset is named and keeps its policy; without the skip it follows the others', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(2);
    await skip(fleet, 'press-2');
    await fleet.live(70, { until: phaseIs(fleet, 'Succeeded') });
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Succeeded',
      reason: 'CompletedWithStragglers',
      message: expect.stringMatching(/press-2 keep the policy of before \(1 skipped/),
    });
    await fleet.live(30);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    expect(await fleet.attached('press-1')).toEqual([expect.stringMatching(/^base@/)]);
    await annotate(fleet, 'Device', 'press-2', { 'rollout.fleetward.dev/skip': '' });
    await fleet.live(90, {
      until: async () =>
        (await fleet.attached('press-2')).join() === 'base' && (await fleet.rollout()).status?.homedAt !== undefined,
    });
    // Both are home, on a declared policy that has taken the new document.
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    const { policyDocument = '' } = await fleet.iot.getPolicy({ policyName: 'base' });
    expect(policyDocument).not.toContain('debug');
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(1);
  }, 120_000);

  test('stragglers: Leave ends without a device that cannot be watched, and takes it along when it appears', async () => {
    await using fleet = await rolloutFleet(2);
    const strategy = { ...BOTH, stragglers: 'Leave', stragglersAfter: '30m' };
    await fleet.change(NARROW, strategy);
    await fleet.live(120, { silent: ['press-2'], until: phaseIs(fleet, 'Succeeded') });
    expect((await fleet.rollout()).status).toMatchObject({ reason: 'CompletedWithStragglers' });
    expect((await fleet.records())['press-2']).toBe('Deferred');
    await fleet.live(120, { until: async () => (await fleet.rollout()).status?.homedAt !== undefined });
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Succeeded', reason: 'Completed' });
    expect(await fleet.attached('press-2')).toEqual(['base']);
  }, 120_000);

  test('a success of nobody is no proof: AWS does not say of the candidate that anybody was proven on it', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW, { ...BOTH, stragglers: 'Leave', stragglersAfter: '30m' });
    const silent = ['press-1'];
    await fleet.live(120, { silent, until: phaseIs(fleet, 'Succeeded') });
    expect((await fleet.rollout()).status).toMatchObject({ reason: 'CompletedWithStragglers', switched: '0/1' });
    const candidate = (await fleet.rollout()).spec.policies[0]?.candidateName ?? '';
    expect(await fleet.attached('press-1')).toEqual(['base', candidate]);
    const said = async () => {
      const { policyArn = '' } = await fleet.iot.getPolicy({ policyName: candidate });
      const { tags = [] } = await fleet.iot.listTagsForResource({ resourceArn: policyArn });
      return tags.find(({ Key }) => Key === 'fleetward.dev/state')?.Value;
    };
    expect(await said()).toBe('started');
    await fleet.live(120, { until: async () => (await said()) !== 'started' });
    expect(await said(), 'with the first that is').toBe('proven');
  }, 120_000);

  test('abortScope InFlight: proven assets keep what they got, the others go back, nothing is tried again', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW, { ...STRATEGY, abortScope: 'InFlight' });
    await fleet.live(60, { until: async () => (await fleet.records())['press-2'] === 'Contracting' });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded' });
    const flips = () => fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', outcome: 'ok' });
    const before = flips();
    await say(fleet, 'abort');
    await fleet.live(60, { until: phaseIs(fleet, 'Aborted') });
    await fleet.live(20);
    expect(flips()).toBe(before);
    expect(await fleet.attached('press-1')).toEqual([expect.stringMatching(/^base@/)]);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Aborted', reason: 'AbortRequested' });
    // The commit that takes the change back brings the proven one home as well.
    await fleet.change(WIDE);
    await fleet.live(40, { until: async () => (await fleet.attached('press-1')).join() === 'base' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 120_000);

  test('R19: one that left a device behind is taken back by its commit as long as the declared policy holds what was before', async () => {
    await using fleet = await rolloutFleet(3);
    await fleet.change(NARROW);
    await fleet.live(1);
    await skip(fleet, 'press-3');
    await fleet.live(180, { until: phaseIs(fleet, 'Succeeded') });
    const where = () => Promise.all(fleet.names.map((name) => fleet.attached(name)));
    const { candidateName } = (await fleet.rollout()).spec.policies[0] ?? {};
    expect(await where()).toEqual([[candidateName], [candidateName], ['base']]);
    // A restart remembers none of it.
    await fleet.kill();
    await fleet.change(WIDE);
    await fleet.start();
    await fleet.live(60, { until: phaseIs(fleet, 'Aborted') });
    expect(await where()).toEqual([['base'], ['base'], ['base']]);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Aborted', reason: 'Reverted' });
    expect((await rollouts(fleet)).length).toBe(1);
    await fleet.change(NARROW);
    await fleet.live(200, { until: phaseIs(fleet, 'Succeeded') });
    expect((await fleet.rollout()).spec.attempt).toBe(2);
  }, 120_000);

  describe('one that changed references as well and left a device behind', () => {
    async function ended(): Promise<RolloutFleet> {
      const fleet = await onBaseAndMore(2);
      await fleet.change(NARROW);
      await refer(fleet, 'press-1', 'base');
      await fleet.live(1);
      await skip(fleet, 'press-2');
      await fleet.live(120, { until: phaseIs(fleet, 'Succeeded') });
      return fleet;
    }

    const where = (fleet: RolloutFleet) => Promise.all(fleet.names.map((name) => fleet.attached(name)));

    test.each([
      { reason: 'all of it', references: ['base', 'more'] },
      { reason: 'its document alone', references: ['base'] },
    ])(
      'R19: is taken back by its commit: $reason',
      async ({ references }) => {
        await using fleet = await ended();
        const { spec, status } = await fleet.rollout();
        expect(status).toMatchObject({ phase: 'Succeeded', reason: 'CompletedWithStragglers' });
        expect(await where(fleet)).toEqual([[spec.policies[0]?.candidateName], ['base', 'more']]);
        await fleet.change(WIDE);
        await refer(fleet, 'press-1', ...references);
        const wanted = [references, ['base', 'more']];
        await fleet.live(200, { until: async () => (await where(fleet)).join() === wanted.join() });
        expect(await where(fleet)).toEqual(wanted);
        await fleet.live(20);
        expect(await where(fleet)).toEqual(wanted);
      },
      120_000,
    );

    test('goes on when references alone come back: they are another change', async () => {
      await using fleet = await ended();
      const { metadata, spec } = await fleet.rollout();
      await refer(fleet, 'press-1', 'base', 'more');
      await fleet.live(3);
      await say(fleet, 'approve');
      await fleet.live(120, { until: async () => (await fleet.attached('press-1')).includes('more') });
      await fleet.live(20);
      expect(await where(fleet)).toEqual([
        [spec.policies[0]?.candidateName, 'more'],
        ['base', 'more'],
      ]);
      const first = (await rollouts(fleet)).find((each) => each.metadata.name === metadata.name);
      expect(first?.status?.phase).toBe('Succeeded');
    }, 120_000);
  });

  test('RO-14: back to what was proven a short while ago without baking between waves', async () => {
    await using fleet = await rolloutFleet(2);
    const slow = { ...STRATEGY, waves: [{ count: 1, bake: '10h' }], usedActions: 'Judge' };
    await fleet.change(NARROW);
    await fleet.live(140, { until: async () => (await fleet.rollout()).status?.homedAt !== undefined });
    expect((await fleet.rollout()).status?.phase).toBe('Succeeded');
    await fleet.change(WIDE, slow);
    await fleet.live(3);
    expect((await fleet.rollout()).spec).toMatchObject({ fastTrack: true });
    // It gives back what was taken: somebody has to say yes, as for any widening.
    expect((await fleet.rollout()).status?.phase).toBe('AwaitingApproval');
    await say(fleet, 'approve');
    await fleet.live(120, {
      until: async () =>
        Object.values(await fleet.records()).every((state) => state === 'Succeeded') &&
        (await fleet.rollout()).status?.phase === 'Succeeded',
    });
    expect((await fleet.rollout()).status?.phase).toBe('Succeeded');
    // Anything else bakes.
    await fleet.change(grants('telemetry/*', 'other/*'), slow);
    await fleet.live(8);
    const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
    expect(items.map((one) => (one as PolicyRollout).spec.fastTrack ?? false).sort()).toEqual([false, false, true]);
  }, 240_000);

  test('R19: commits in fast succession are one rollout, of the last', async () => {
    await using fleet = await rolloutFleet(1);
    for (const topic of ['a/*', 'b/*', 'c/*']) {
      await fleet.change(grants('telemetry/*', topic));
      await fleet.advance(1_000);
    }
    await fleet.live(3);
    const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
    expect(items).toHaveLength(1);
    expect((await fleet.rollout()).spec.policies[0]?.document).toContain('topic/c/*');
    const { policies = [] } = await fleet.iot.listPolicies({});
    expect(policies.filter(({ policyName }) => policyName?.startsWith('base@'))).toHaveLength(0);
  }, 60_000);

  test('RO-15: without progress it is Stalled, and the time that people had it paused does not count', async () => {
    await using fleet = await rolloutFleet(1);
    const strategy = { ...STRATEGY, progressDeadline: '40m', observeTime: '5m', silenceDeadline: '3h' };
    await fleet.change(NARROW, strategy);
    await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    const { metadata } = await fleet.rollout();
    const verb = (name: string) =>
      annotate(fleet, 'PolicyRollout', metadata.name, {
        [`rollout.fleetward.dev/${name}`]: `${name} by kim@example.com`,
      });
    await verb('pause');
    await fleet.live(60, { silent: ['press-1'] });
    await verb('resume');
    const stalled = async () =>
      (await fleet.rollout()).status?.conditions?.find(({ type }) => type === 'Stalled')?.reason;
    await fleet.live(5, { silent: ['press-1'] });
    expect((await fleet.rollout()).status?.phase).toBe('Progressing');
    expect(await stalled()).not.toBe('ProgressDeadlineExceeded');
    await fleet.live(40, { silent: ['press-1'] });
    expect(await stalled()).toBe('ProgressDeadlineExceeded');
  }, 120_000);
});
