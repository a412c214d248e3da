import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { device, group, policy } from '../../support/fleet.ts';
import {
  annotate,
  grants,
  loseRecord,
  NARROW,
  onBaseAndMore,
  type RolloutFleet,
  refer,
  rolloutFleet,
  STRATEGY,
  say,
} from './support.ts';

async function dropRollouts(fleet: RolloutFleet): Promise<void> {
  for (const { metadata } of (await fleet.store.list({ kind: 'PolicyRollout' })).items)
    await fleet.store.delete({ kind: 'PolicyRollout', namespace: 'factory', name: metadata.name });
}

async function loseRollouts(fleet: RolloutFleet): Promise<void> {
  await fleet.kill();
  await dropRollouts(fleet);
  await fleet.start();
}

/** A cluster restored from manifests: objects without status, no PolicyRollout, and an operator that remembers nothing. */
async function loseState(fleet: RolloutFleet): Promise<void> {
  await fleet.kill();
  await dropRollouts(fleet);
  for (const kind of ['Device', 'IoTPolicy']) {
    for (const { metadata } of (await fleet.store.list({ kind })).items) {
      const { name, uid = '' } = metadata;
      await fleet.store.applyStatus({ kind, namespace: 'factory', name, uid }, {}, { owner: 'fleetward' });
    }
  }
  await fleet.start();
}

async function abort(fleet: RolloutFleet): Promise<void> {
  const { metadata, spec } = await fleet.rollout();
  const value = `t1@${spec.revision} by kim@example.com`;
  await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/abort': value });
}

const stateOf = (fleet: RolloutFleet, name: string, state: string) => async () =>
  (await fleet.records())[name] === state;
const phaseOf = async (fleet: RolloutFleet) => {
  const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
  return (items.at(-1) as PolicyRollout | undefined)?.status?.phase;
};

/** Nobody is ever without the policy, under whichever of its names. */
async function live(fleet: Lost, minutes: number, until: () => Promise<boolean>): Promise<void> {
  const first = fleet.certificates;
  for (let minute = 0; minute < minutes; minute += 1) {
    await fleet.live(1);
    for (const name of fleet.names) {
      const target = first.get(name) ?? '';
      const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', { target });
      const carried = policies.map(({ policyName = '' }) => policyName).filter((policy) => /^base(@|$)/.test(policy));
      expect(carried, `${name} in minute ${minute}`).not.toEqual([]);
    }
    if (await until()) return;
  }
}

type Lost = RolloutFleet & { certificates: Map<string, string> };

async function lostFleet(): Promise<Lost> {
  const fleet = await rolloutFleet(2);
  const certificates = new Map<string, string>();
  for (const name of fleet.names) {
    const { status } = (await fleet.get('Device', name)) as { status?: { certificates?: { arn?: string }[] } };
    certificates.set(name, status?.certificates?.[0]?.arn ?? '');
  }
  Object.assign(fleet, { certificates });
  return fleet as Lost;
}

describe('R18: state lost in the middle of a rollout costs time and nothing else', () => {
  test.each([
    { at: 'Expanding', name: 'press-1' },
    { at: 'Contracting', name: 'press-1' },
    { at: 'Observing', name: 'press-1' },
    { at: 'Succeeded', name: 'press-1' },
    { at: 'Contracting', name: 'press-2' },
    { at: 'Succeeded', name: 'press-2' },
  ])(
    'while $name is $at: every asset comes to its verdict and home',
    async ({ at, name }) => {
      await using fleet = await lostFleet();
      await fleet.change(NARROW);
      await live(fleet, 120, stateOf(fleet, name, at));
      await loseState(fleet);
      await live(
        fleet,
        200,
        async () => (await phaseOf(fleet)) === 'Succeeded' && (await fleet.rollout()).status?.homedAt !== undefined,
      );
      const { policyDocument = '' } = await fleet.iot.getPolicy({ policyName: 'base' });
      expect(policyDocument).not.toContain('debug');
      for (const each of fleet.names) expect(await fleet.attached(each)).toEqual(['base']);
    },
    240_000,
  );

  test('an asset found on a candidate without a record is unproven, and judged in the first wave', async () => {
    await using fleet = await lostFleet();
    await fleet.change(NARROW);
    await live(fleet, 120, stateOf(fleet, 'press-2', 'Contracting'));
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded', 'press-2': 'Contracting' });
    await loseState(fleet);
    await live(fleet, 200, async () => (await phaseOf(fleet)) === 'Succeeded');
    const { items } = await fleet.store.list({ kind: 'Device' });
    expect(items.map((item) => (item as Device).status?.rollout)).toMatchObject([
      { wave: 0, verdict: 'EvidencePassed' },
      { wave: 0, verdict: 'EvidencePassed' },
    ]);
  }, 240_000);

  test('after the end nothing is proven a second time: only the way home is left', async () => {
    await using fleet = await lostFleet();
    await fleet.change(NARROW);
    await live(fleet, 120, async () => (await phaseOf(fleet)) === 'Succeeded');
    const detached = () => fleet.sandbox.ledger.count({ operation: 'DetachPolicy', outcome: 'ok' });
    const before = detached();
    await loseState(fleet);
    await live(
      fleet,
      60,
      async () =>
        (await fleet.attached('press-1')).join() === 'base' && (await fleet.attached('press-2')).join() === 'base',
    );
    for (const each of fleet.names) expect(await fleet.attached(each)).toEqual(['base']);
    // One candidate off each certificate, and nothing else.
    expect(detached()).toBe(before + 2);
  }, 240_000);

  test('a change of a Device that went back is remembered in AWS too, when its rollout is gone', async () => {
    await using fleet = await lostFleet();
    await fleet.apply(policy('tight', { document: grants('telemetry/*'), strategy: STRATEGY }));
    await fleet.settleUntilReady();
    const { spec } = (await fleet.get('Device', 'press-1')) as Device;
    const { certificates, thingTypeRef } = spec;
    await fleet.apply(device('press-1', { certificates, thingTypeRef, policyRefs: [{ name: 'tight' }] }));
    await fleet.live(30, { until: async () => (await fleet.attached('press-1')).includes('tight') });
    await abort(fleet);
    await fleet.live(60, { until: async () => (await phaseOf(fleet)) === 'Aborted' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    await loseRollouts(fleet);
    await fleet.live(60);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Aborted',
      message: expect.stringMatching(/what AWS remembers/),
    });
    // Somebody says so, and it is tried again.
    const { metadata } = await fleet.rollout();
    await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/retry': 't2 by kim@example.com' });
    await fleet.live(30, { until: async () => (await fleet.attached('press-1')).includes('tight') });
    expect(await fleet.attached('press-1')).toContain('tight');
  }, 240_000);

  test.each([
    { reason: 'with the brake pulled', at: 'Succeeded' },
    { reason: 'before anything was taken', at: 'Expanding' },
  ])(
    'while it goes back, $reason: it goes on going back, and is not tried again',
    async ({ at }) => {
      await using fleet = await lostFleet();
      await fleet.change(NARROW);
      await live(fleet, 120, stateOf(fleet, 'press-1', at));
      await abort(fleet);
      await fleet.live(1);
      expect(await phaseOf(fleet)).toBe('Aborting');
      // Said in AWS before it is over: the process may end on the way.
      const candidate = (await fleet.rollout()).spec.policies[0]?.candidateName;
      const resourceArn = `arn:aws:iot:us-east-1:123456789012:policy/${candidate}`;
      const { tags = [] } = await fleet.iot.listTagsForResource({ resourceArn });
      expect(tags).toContainEqual({ Key: 'fleetward.dev/state', Value: 'rejected' });
      await loseState(fleet);
      await live(fleet, 120, async () => {
        const all = await Promise.all(fleet.names.map((name) => fleet.attached(name)));
        return all.every((names) => names.join() === 'base') && (await phaseOf(fleet)) !== 'Aborting';
      });
      await fleet.live(20);
      for (const each of fleet.names) expect(await fleet.attached(each)).toEqual(['base']);
      const policy = (await fleet.get('IoTPolicy', 'base')) as {
        status?: { conditions?: readonly { reason: string }[] };
      };
      expect(policy.status?.conditions?.[0]?.reason).toBe('RevisionRejected');
      const { policyDocument = '' } = await fleet.iot.getPolicy({ policyName: 'base' });
      expect(policyDocument).toContain('debug');
    },
    240_000,
  );

  test('while it goes back without the brake, for the sake of a quarantine: the brake stays where it is', async () => {
    await using fleet = await lostFleet();
    await fleet.apply(group('quarantine', { quarantine: true }));
    await fleet.change(NARROW);
    await live(fleet, 120, stateOf(fleet, 'press-2', 'Contracting'));
    const membership = { thingName: 'press-1', thingGroupName: 'quarantine' };
    await fleet.aws.send('AddThingToThingGroup', membership);
    await fleet.live(6);
    await abort(fleet);
    await fleet.live(1);
    expect(await phaseOf(fleet)).toBe('Aborting');
    await loseState(fleet);
    await live(fleet, 120, async () => (await fleet.attached('press-2')).join() === 'base');
    expect(await fleet.attached('press-2')).toEqual(['base']);
    await fleet.live(30);
    // Whatever is remembered of the abort, nothing is done to the one that a responder took out.
    const flips = { operation: 'SetDefaultPolicyVersion', outcome: 'ok' } as const;
    expect(fleet.sandbox.ledger.count(flips)).toBe(0);
    expect(await fleet.attached('press-1')).toEqual([expect.stringMatching(/^base@/)]);
    await fleet.aws.send('RemoveThingFromThingGroup', membership);
    await live(fleet, 60, async () => (await fleet.attached('press-1')).join() === 'base');
    expect(await fleet.attached('press-1')).toEqual(['base']);
    await fleet.live(20);
    expect(await phaseOf(fleet), 'and it is not tried again').not.toBe('Progressing');
    expect((await fleet.iot.getPolicy({ policyName: 'base' })).policyDocument).toContain('debug');
  }, 240_000);

  test('while somebody is to approve a widening: nobody gets it without', async () => {
    await using fleet = await lostFleet();
    await fleet.change(grants('telemetry/*', 'debug/*', 'extra/*'));
    await fleet.live(3);
    expect(await phaseOf(fleet)).toBe('AwaitingApproval');
    await loseState(fleet);
    await fleet.live(40);
    expect(await phaseOf(fleet)).toBe('AwaitingApproval');
    for (const each of fleet.names) expect(await fleet.attached(each)).toEqual(['base']);
  }, 240_000);

  test('while a device is between two policies to which its spec refers no more: what goes back is the one it had', async () => {
    await using fleet = await onBaseAndMore(1, grants('site/*', 'hall/*'));
    await fleet.apply(policy('more', { document: grants('site/*'), strategy: STRATEGY }));
    await fleet.live(30, { until: async () => (await fleet.attached('press-1')).length === 3 });
    expect(await fleet.attached('press-1')).toEqual(['base', 'more', expect.stringMatching(/^more@/)]);
    await refer(fleet, 'press-1', 'base');
    await loseState(fleet);
    await fleet.live(60, { until: async () => (await fleet.attached('press-1')).join() === 'base' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    await say(fleet, 'abort');
    await fleet.live(40, { until: async () => (await phaseOf(fleet)) === 'Aborted' });
    expect(await fleet.attached('press-1')).toEqual(['base', 'more']);
  }, 240_000);

  test('a record alone is lost: a right that went with a reference, and came with a document, is in one of the two after an abort', async () => {
    await using fleet = await onBaseAndMore(1, grants('site/*'));
    await fleet.change(grants('telemetry/*', 'debug/*', 'site/*'));
    await refer(fleet, 'press-1', 'base');
    await fleet.live(60, { until: stateOf(fleet, 'press-1', 'Observing') });
    expect(await fleet.attached('press-1')).toEqual([expect.stringMatching(/^base@/)]);
    await loseRecord(fleet, 'press-1');
    await fleet.live(3);
    await say(fleet, 'abort');
    await fleet.live(60, { until: async () => (await phaseOf(fleet)) === 'Aborted' });
    expect(await fleet.attached('press-1')).toEqual(['base', 'more']);
  }, 240_000);
});
