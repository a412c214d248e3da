import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { device, group, policy } from '../../support/fleet.ts';
import { grants, MINUTE, NARROW, type RolloutFleet, recordOf, rolloutFleet, STRATEGY } from './support.ts';

const DEADLINE_MS = 30_000;

/** Listens to each DetachPolicy that the operator hands over, and may lose it or its answer. */
function overhear(
  fleet: RolloutFleet,
  fate: (n: number) => 'answered' | 'unanswered' | 'lost' = () => 'answered',
): readonly number[] {
  const sentAt: number[] = [];
  fleet.intercept = async (send, _operation, { method, path }) => {
    if (method !== 'POST' || !path.startsWith('/target-policies/')) return send();
    sentAt.push(fleet.clock.now());
    const how = fate(sentAt.length);
    if (how === 'answered') return send();
    if (how === 'unanswered') await send();
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  };
  return sentAt;
}

const settled = (fleet: RolloutFleet) => async () => (await fleet.records())['press-1'] === 'Observing';

describe('R7: a Detach', () => {
  test('whose answer is lost is not sent again: its outcome is read when it cannot be on its way any more', async () => {
    await using fleet = await rolloutFleet(1);
    const sentAt = overhear(fleet, (n) => (n === 1 ? 'unanswered' : 'answered'));
    await fleet.change(NARROW);
    await fleet.live(40, { until: settled(fleet) });
    expect(sentAt).toHaveLength(1);
    expect((await fleet.records())['press-1']).toBe('Observing');
  }, 60_000);

  test('that never arrived is sent again, after its deadline and not before', async () => {
    await using fleet = await rolloutFleet(1);
    const sentAt = overhear(fleet, (n) => (n === 1 ? 'lost' : 'answered'));
    await fleet.change(NARROW);
    await fleet.live(40, { until: settled(fleet) });
    expect(sentAt).toHaveLength(2);
    expect((sentAt[1] ?? 0) - (sentAt[0] ?? 0)).toBeGreaterThanOrEqual(DEADLINE_MS);
  }, 60_000);

  test('is followed by a read, and a certificate that is found with neither policy gets what it had', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(40, { until: settled(fleet) });
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    const target = status?.certificates?.[0]?.arn ?? '';
    const [policyName = ''] = await fleet.attached('press-1');
    await fleet.aws.send('DetachPolicy', { policyName, target });
    await fleet.live(5, { until: async () => (await fleet.attached('press-1')).length > 0 });
    expect(await fleet.attached('press-1')).toContain('base');
  }, 60_000);

  test.each([
    { reason: 'on the same certificate', on: { policyRefs: [{ name: 'base' }, { name: 'beside' }] } },
    { reason: 'through a thing group', on: { groupRefs: [{ name: 'hall' }] } },
    { reason: 'through a thing group above', on: { groupRefs: [{ name: 'cell' }] } },
  ])(
    'waits as long as a policy that the asset has $reason is blanked: what goes may be all that is left of it',
    async ({ on }) => {
      await using fleet = await rolloutFleet(0);
      await fleet.apply(policy('beside', { document: grants('debug/*') }));
      await fleet.apply(group('hall', { policyRefs: [{ name: 'beside' }] }));
      await fleet.apply(group('cell', { parentRef: { name: 'hall' } }));
      await fleet.apply(device('press-1', { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'base' }], ...on }));
      fleet.names.push('press-1');
      await fleet.settleUntilReady();
      await fleet.live(15);
      await fleet.change(NARROW);
      await fleet.live(2);
      const blank = { Version: '2012-10-17', Statement: [] };
      const document = JSON.stringify(blank);
      await fleet.aws.send('CreatePolicyVersion', {
        policyName: 'beside',
        policyDocument: document,
        setAsDefault: true,
      });
      await fleet.live(40);
      const taken = fleet.sandbox.ledger.count({ operation: 'DetachPolicy', outcome: 'ok' });
      expect(taken, 'nothing was taken').toBe(0);
      const { status } = (await fleet.get('Device', 'press-1')) as Device;
      expect(status?.rollout?.why).toMatch(/beside.*allows nothing.*takes that back or acknowledges it/);
      await fleet.aws.send('SetDefaultPolicyVersion', { policyName: 'beside', policyVersionId: '1' });
      await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
      expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded' });
    },
    60_000,
  );

  const HALL = 'arn:aws:iot:us-east-1:123456789012:thinggroup/hall';

  /** Devices on `base` in `hall`, which gives `beside` to all below it; base begins to give less. */
  async function inHall(names: readonly string[], groupRefs: readonly object[] = [{ name: 'hall' }]) {
    const fleet = await rolloutFleet(0);
    const strategy = { ...STRATEGY, waves: [{ count: 9, bake: '1m' }], maxInFlight: 9 };
    await fleet.apply(policy('beside', { document: grants('debug/*') }));
    await fleet.apply(group('hall', { policyRefs: [{ name: 'beside' }] }));
    await fleet.apply(group('cell', { parentRef: { name: 'hall' } }));
    await fleet.apply(...names.map((name) => device(name, { thingTypeRef: { name: 'press' }, groupRefs })));
    fleet.names.push(...names);
    await fleet.settleUntilReady();
    await fleet.live(15);
    await fleet.change(NARROW, strategy);
    await fleet.live(8);
    return fleet;
  }

  const asked = (fleet: RolloutFleet) => ({
    group: fleet.sandbox.ledger.entries({ operation: 'ListAttachedPolicies' }).filter((each) => each.resource === HALL)
      .length,
    membership: fleet.sandbox.ledger.count({ operation: 'ListThingGroupsForThing' }),
  });

  test.each([
    { reason: 'somebody takes it from the group', groupRefs: [{ name: 'hall' }] },
    { reason: 'somebody takes it from the group above', groupRefs: [{ name: 'cell' }] },
    { reason: 'somebody takes the thing out of the group', groupRefs: [{ name: 'hall' }], out: true },
  ])(
    'is not sent beside a policy of a thing group that was to stay and is gone a moment before: $reason',
    async ({ groupRefs, out = false }) => {
      await using fleet = await inHall(['press-1'], groupRefs);
      const membership = { thingName: 'press-1', thingGroupName: 'hall' };
      const { rollout } = ((await fleet.get('Device', 'press-1')) as Device).status ?? {};
      const settled = Date.parse(rollout?.attachedAt ?? '') + 10 * MINUTE;
      await fleet.advance(settled - 2_000 - fleet.clock.now());
      expect((await fleet.records())['press-1']).toBe('Expanding');
      if (out) await fleet.aws.send('RemoveThingFromThingGroup', membership);
      else await fleet.aws.send('DetachPolicy', { policyName: 'beside', target: HALL });
      await fleet.advance(5_000);
      expect(await fleet.attached('press-1'), 'nothing was taken').toEqual(['base', expect.stringMatching(/^base@/)]);
      const { status } = (await fleet.get('Device', 'press-1')) as Device;
      expect(status?.rollout).toMatchObject({ state: 'Deferred', why: expect.stringMatching(/beside.*thing group/) });
      if (out) await fleet.aws.send('AddThingToThingGroup', membership);
      else await fleet.aws.send('AttachPolicy', { policyName: 'beside', target: HALL });
      await fleet.live(90, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
      expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded' });
    },
    60_000,
  );

  const toBlank = {
    policyName: 'beside',
    policyDocument: '{"Version":"2012-10-17","Statement":[]}',
    setAsDefault: true,
  };
  const refs = (...names: readonly string[]) => names.map((name) => ({ name }));

  /** A device that has a right by a policy of its own; `hall` gives the same, by `beside`. */
  async function withOwn(policyRefs: object, groupRefs: object) {
    const fleet = await rolloutFleet(0);
    await fleet.apply(...['beside', 'more'].map((name) => policy(name, { document: grants('debug/*') })));
    await fleet.apply(policy('base', { document: NARROW, strategy: STRATEGY }));
    await fleet.apply(group('hall', { policyRefs: refs('beside') }), group('cell', { parentRef: { name: 'hall' } }));
    await fleet.settleUntilReady();
    await fleet.apply(device('press-1', { thingTypeRef: { name: 'press' }, policyRefs, groupRefs }));
    fleet.names.push('press-1');
    await fleet.settleUntilReady();
    await fleet.live(15);
    return fleet;
  }

  /** It is to have the right through the group alone. */
  async function givesUp(fleet: RolloutFleet, groupRefs: object): Promise<void> {
    const { spec } = (await fleet.get('Device', 'press-1')) as Device;
    const { certificates, thingTypeRef } = spec;
    await fleet.apply(device('press-1', { certificates, thingTypeRef, policyRefs: refs('base'), groupRefs }));
  }

  test.each([
    { reason: 'has lost the policy', joins: refs('hall') },
    { reason: 'is below one that has lost it', joins: refs('cell') },
    { reason: 'gives it, and somebody has blanked it', joins: refs('hall'), blanked: true },
  ])(
    'is not sent where a group was joined to give the right instead, and since a moment before it $reason',
    async ({ joins, blanked = false }) => {
      await using fleet = await withOwn(refs('base', 'more'), refs());
      await givesUp(fleet, joins);
      await fleet.live(10, { until: async () => (await recordOf(fleet, 'press-1'))?.switchedAt !== undefined });
      const settled = Date.parse((await recordOf(fleet, 'press-1'))?.switchedAt ?? '') + 10 * MINUTE;
      await fleet.advance(settled - 2_000 - fleet.clock.now());
      expect(await fleet.attached('press-1')).toEqual(['base', 'more']);
      if (blanked) await fleet.aws.send('CreatePolicyVersion', toBlank);
      else await fleet.aws.send('DetachPolicy', { policyName: 'beside', target: HALL });
      await fleet.advance(5_000);
      expect(await fleet.attached('press-1'), 'nothing was taken').toEqual(['base', 'more']);
      expect((await recordOf(fleet, 'press-1'))?.why).toMatch(
        blanked ? /beside was changed a moment ago/ : /beside.*thing group/,
      );
      if (blanked) await fleet.aws.send('SetDefaultPolicyVersion', { policyName: 'beside', policyVersionId: '1' });
      else await fleet.aws.send('AttachPolicy', { policyName: 'beside', target: HALL });
      await fleet.live(90, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
      expect(await fleet.attached('press-1')).toEqual(['base']);
    },
    60_000,
  );

  test('is not sent where a group gives the same policy, and has lost it since a moment before', async () => {
    await using fleet = await withOwn(refs('base', 'beside'), refs('hall'));
    let taken = false;
    fleet.intercept = async (send, _operation, { path }) => {
      const ofIt = path.startsWith('/attached-policies/') && decodeURIComponent(path).includes(':cert/');
      if (ofIt && !taken && (await recordOf(fleet, 'press-1'))?.state === 'Contracting') {
        taken = true;
        await fleet.aws.send('DetachPolicy', { policyName: 'beside', target: HALL });
      }
      return send();
    };
    await givesUp(fleet, refs('hall'));
    for (let second = 0; second < 90 && !taken; second += 1) await fleet.advance(1_000);
    await fleet.advance(1_000);
    expect(taken).toBe(true);
    expect(await fleet.attached('press-1'), 'nothing was taken').toEqual(['base', 'beside']);
    expect((await recordOf(fleet, 'press-1'))?.why).toMatch(/beside.*thing group/);
  }, 60_000);

  test.each([
    { reason: 'one device', names: ['press-1'], groupRefs: [{ name: 'hall' }], group: 1 },
    {
      reason: 'three in the same moment',
      names: ['press-1', 'press-2', 'press-3'],
      groupRefs: [{ name: 'hall' }],
      group: 3,
    },
    { reason: 'one in a group that gives nothing', names: ['press-1'], groupRefs: [{ name: 'presses' }], group: 0 },
  ])(
    'asks for what thing groups give once, and only where something must stay there: $reason',
    async ({ names, groupRefs, group: reads }) => {
      await using fleet = await inHall(names, groupRefs);
      const before = asked(fleet);
      await fleet.live(6, {
        looks: 60,
        until: async () => Object.values(await fleet.records()).every((state) => state === 'Contracting'),
      });
      expect(Object.values(await fleet.records())).toEqual(names.map(() => 'Contracting'));
      const after = asked(fleet);
      expect(after.group - before.group).toBeLessThanOrEqual(reads);
      expect(after.group > before.group).toBe(reads > 0);
      expect(after.membership - before.membership).toBe(reads === 0 ? 0 : names.length);
    },
    60_000,
  );
});
