import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import { device, group, policy } from '../../support/fleet.ts';
import { annotate, grants, hear, MINUTE, type RolloutFleet, refuse, rolloutFleet, STRATEGY, WIDE } from './support.ts';

/** `hall` gives its two members hall and debug; `narrow` would give them debug alone. */
async function inHall(base: object = WIDE): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(0);
  await fleet.apply(policy('base', { document: base, strategy: STRATEGY }));
  await fleet.apply(policy('wide', { document: grants('hall/*', 'debug/*'), strategy: STRATEGY }));
  await fleet.apply(policy('narrow', { document: grants('debug/*'), strategy: STRATEGY }));
  await fleet.apply(group('site'), group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: 'wide' }] }));
  await fleet.settleUntilReady();
  for (const name of ['press-1', 'press-2']) {
    await fleet.apply(device(name, { thingTypeRef: { name: 'press' }, groupRefs: [{ name: 'hall' }] }));
    fleet.names.push(name);
  }
  await fleet.settleUntilReady();
  return fleet;
}

async function onGroup(fleet: RolloutFleet, name = 'hall'): Promise<readonly string[]> {
  const { thingGroupArn: target = '' } = await fleet.aws.send('DescribeThingGroup', { thingGroupName: name });
  const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', { target });
  return policies.map(({ policyName = '' }) => policyName).sort();
}

const reasonOf = async (fleet: RolloutFleet) =>
  (
    (await fleet.get('ThingGroup', 'hall')) as { status?: { conditions?: readonly { type: string; reason: string }[] } }
  ).status?.conditions?.find(({ type }) => type === 'Ready')?.reason;

const hall = (policyName: string) => group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: policyName }] });

/** The group is told to give one more policy; nobody has said yes to that. */
async function more(fleet: RolloutFleet): Promise<void> {
  await fleet.apply(policy('more', { document: grants('more/*'), strategy: STRATEGY }));
  await fleet.settleUntilReady();
  await fleet.apply(group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: 'wide' }, { name: 'more' }] }));
  await fleet.live(5);
}

async function join(fleet: RolloutFleet, name: string): Promise<void> {
  await fleet.apply(device(name, { thingTypeRef: { name: 'press' }, groupRefs: [{ name: 'hall' }] }));
  fleet.names.push(name);
  await fleet.live(5);
}

describe('R5: other policies on a group with members', () => {
  test('reach the members one at a time; the group is never empty and takes nothing from anybody', async () => {
    await using fleet = await inHall();
    await fleet.apply(hall('narrow'));
    await fleet.live(5);
    expect(await onGroup(fleet)).toEqual(['wide']);
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base', 'narrow', 'wide']);
    const seen = new Set<string>();
    await fleet.live(240, {
      until: async () => {
        const on = await onGroup(fleet);
        seen.add(on.join('+'));
        expect(on.length).toBeGreaterThan(0);
        const without = [];
        for (const name of fleet.names) if (!(await fleet.attached(name)).includes('wide')) without.push(name);
        // Whoever lost the policy lost it alone, after the group had lost it without anybody's noticing.
        if (without.length > 0) expect(on).toEqual(['narrow']);
        return (await fleet.attached('press-2')).length === 1;
      },
    });
    expect([...seen]).toEqual(['wide', 'narrow+wide', 'narrow']);
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
    await fleet.live(30);
    expect(await reasonOf(fleet)).toBe('Succeeded');
    expect((await fleet.rollout()).status).toMatchObject({ class: 'tightens', phase: 'Succeeded' });
  }, 180_000);

  test('a member that is refused what it used keeps the former policy, and nobody else loses it', async () => {
    await using fleet = await inHall();
    hear(fleet, 'press-1', 'hall/press-1');
    await fleet.apply(hall('narrow'));
    await fleet.live(120, { until: async () => (await fleet.attached('press-1')).length === 1 });
    await fleet.live(12);
    refuse(fleet, 'press-1', 'hall/press-1');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'RolledBack' });
    for (const name of fleet.names) expect(await fleet.attached(name)).toContain('wide');
  }, 180_000);

  test('the document of a policy that a group is changing waits for the group, and says so', async () => {
    await using fleet = await inHall();
    await fleet.apply(hall('narrow'));
    await fleet.live(5);
    await fleet.apply(policy('narrow', { document: grants('debug/press-*'), strategy: STRATEGY }));
    await fleet.live(5);
    const { status } = (await fleet.get('IoTPolicy', 'narrow')) as IoTPolicy;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'RolloutPending' });
    expect(ready?.message).toContain('ThingGroup hall carries policy narrow and changes its policies');
    expect(status?.pendingChange).toBeDefined();
  }, 180_000);

  test('another one still, before the first had gone: a group has two places, and one of those that go makes room', async () => {
    await using fleet = await inHall();
    await fleet.apply(policy('third', { document: grants('debug/press-*'), strategy: STRATEGY }));
    await fleet.apply(hall('narrow'));
    await fleet.live(120, { until: async () => (await onGroup(fleet)).length === 2 });
    await fleet.apply(hall('third'));
    await fleet.live(400, {
      until: async () => {
        const on = await onGroup(fleet);
        expect(on.length).toBeGreaterThan(0);
        // The one that loses nothing by it any more comes last.
        const left = await Promise.all(fleet.names.map((name) => fleet.attached(name)));
        return on.join() === 'third' && left.every((names) => names.length === 1);
      },
    });
    expect(await onGroup(fleet)).toEqual(['third']);
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
    expect(await reasonOf(fleet)).toBe('Succeeded');
  }, 180_000);

  test('one more policy waits for approval before any member gets it', async () => {
    await using fleet = await inHall();
    await more(fleet);
    expect(await onGroup(fleet)).toEqual(['wide']);
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
    const { metadata, spec, status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'AwaitingApproval', class: 'widens' });
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/approve': `t1@${spec.revision} by kim`,
    });
    await fleet.live(160, { until: async () => (await onGroup(fleet)).length === 2 });
    await fleet.live(60, { until: async () => (await fleet.attached('press-2')).length === 1 });
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
  }, 180_000);

  test('who joins while it waits for approval has what the group gives, and is taken along', async () => {
    await using fleet = await inHall();
    await more(fleet);
    await join(fleet, 'press-3');
    expect(await fleet.attached('press-3')).toEqual(['base']);
    const { metadata, spec, status } = await fleet.rollout();
    expect(status?.phase).toBe('AwaitingApproval');
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/approve': `t1@${spec.revision} by kim`,
    });
    await fleet.live(240, {
      until: async () => {
        const covered = (await fleet.attached('press-3')).includes('more');
        if (!covered) expect(await onGroup(fleet)).toEqual(['wide']);
        return covered;
      },
    });
    await fleet.live(160, { until: async () => (await onGroup(fleet)).length === 2 });
    await fleet.live(120, { until: async () => (await fleet.attached('press-3')).length === 1 });
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
  }, 180_000);

  test('who joins before or after it was taken back gets nothing of it', async () => {
    await using fleet = await inHall();
    await more(fleet);
    await join(fleet, 'press-3');
    const { metadata, spec } = await fleet.rollout();
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/abort': `t1@${spec.revision} by kim`,
    });
    await fleet.live(30, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    await join(fleet, 'press-4');
    await fleet.live(30);
    expect(await onGroup(fleet)).toEqual(['wide']);
    for (const name of fleet.names) {
      expect(await fleet.attached(name)).toEqual(['base']);
      const { status } = (await fleet.get('Device', name)) as Device;
      expect(status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('RevisionRejected');
    }
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(1);
  }, 60_000);

  test('what a member got a moment ago, of which no record tells, has to settle before its group gives it up', async () => {
    await using fleet = await inHall();
    for (const name of fleet.names) {
      const { spec } = (await fleet.get('Device', name)) as Device;
      await fleet.apply(device(name, { ...spec, policyRefs: [{ name: 'base' }, { name: 'wide' }] }));
    }
    const both = async () => (await fleet.attached('press-2')).join() === 'base,wide';
    await fleet.live(90, { until: both });
    await fleet.live(30);
    expect(await both()).toBe(true);
    await fleet.kill();
    for (const kind of ['Device', 'PolicyRollout']) {
      for (const { metadata } of (await fleet.store.list({ kind })).items) {
        const key = { kind, namespace: 'factory', name: metadata.name };
        if (kind === 'PolicyRollout') await fleet.store.delete(key);
        else await fleet.store.applyStatus({ ...key, uid: metadata.uid ?? '' }, {}, { owner: 'fleetward' });
      }
    }
    await fleet.start();
    await fleet.live(3);
    const { status } = (await fleet.get('Device', 'press-2')) as Device;
    const edge = { policyName: 'wide', target: status?.certificates?.[0]?.arn ?? '' };
    const byHand = async (how: 'AttachPolicy' | 'DetachPolicy') => {
      await fleet.aws.send(how, edge);
      await annotate(fleet, 'Device', 'press-2', { 'reconcile.fleetward.dev/requestedAt': how });
    };
    await byHand('DetachPolicy');
    await fleet.apply(group('hall', { parentRef: { name: 'site' }, policyRefs: [] }));
    await fleet.live(15);
    expect(await onGroup(fleet)).toEqual(['wide']);
    await byHand('AttachPolicy');
    const attachedAt = fleet.clock.now();
    await fleet.live(40, { until: async () => (await onGroup(fleet)).length === 0 });
    expect(await onGroup(fleet)).toEqual([]);
    expect(fleet.clock.now() - attachedAt).toBeGreaterThanOrEqual(10 * MINUTE);
  }, 180_000);

  test('what a member lost and somebody gave back to it has to settle anew, whatever its record says', async () => {
    await using fleet = await inHall();
    await fleet.apply(hall('narrow'));
    await fleet.live(120, { until: async () => (await onGroup(fleet)).length === 2 });
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    const edge = { policyName: 'wide', target: status?.certificates?.[0]?.arn ?? '' };
    const byHand = async (how: 'AttachPolicy' | 'DetachPolicy') => {
      await fleet.aws.send(how, edge);
      await annotate(fleet, 'Device', 'press-1', { 'reconcile.fleetward.dev/requestedAt': how });
    };
    await byHand('DetachPolicy');
    await fleet.live(15);
    expect(await onGroup(fleet)).toEqual(['narrow', 'wide']);
    await byHand('AttachPolicy');
    const attachedAt = fleet.clock.now();
    await fleet.live(40, { until: async () => (await onGroup(fleet)).length === 1 });
    expect(await onGroup(fleet)).toEqual(['narrow']);
    expect(fleet.clock.now() - attachedAt).toBeGreaterThanOrEqual(10 * MINUTE);
  }, 180_000);

  test('with a member that no Device is, nothing changes and the reason names it', async () => {
    await using fleet = await inHall();
    await fleet.aws.send('CreateThing', { thingName: 'stranger' });
    await fleet.aws.send('AddThingToThingGroup', { thingName: 'stranger', thingGroupName: 'hall' });
    await fleet.apply(hall('narrow'));
    await fleet.live(60);
    expect(await onGroup(fleet)).toEqual(['wide']);
    expect(await reasonOf(fleet)).toBe('ForeignMembers');
  }, 60_000);

  test('where a client id is not the thing name the certificate would give more than the group did', async () => {
    const anyId = JSON.parse(JSON.stringify(WIDE).replace('${iot:Connection.Thing.ThingName}', '*')) as object;
    await using fleet = await inHall(anyId);
    const { spec } = (await fleet.get('Device', 'press-1')) as Device;
    const { certificates } = spec;
    const more = { certificates, thingTypeRef: { name: 'press' }, groupRefs: [{ name: 'hall' }] };
    await fleet.apply(device('press-1', { ...more, clientIds: ['press-1', 'press-1#2'] }));
    await fleet.apply(hall('narrow'));
    await fleet.live(5);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'AwaitingApproval', class: 'widens' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 60_000);
});
