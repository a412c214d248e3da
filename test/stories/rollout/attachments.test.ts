import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { account, device, policy } from '../../support/fleet.ts';
import {
  annotate,
  askingForMore,
  documentOf,
  grants,
  hear,
  leave,
  NARROW,
  onBaseAndMore,
  type RolloutFleet,
  refer,
  refuse,
  rolloutFleet,
  STRATEGY,
  say,
  WIDE,
} from './support.ts';

/** Two devices on `base`, and `tight` beside it, which nobody carries yet. */
async function twoPolicies(count = 2): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(count);
  await fleet.apply(policy('tight', { document: grants('telemetry/*'), strategy: STRATEGY }));
  await fleet.settleUntilReady();
  return fleet;
}

const reasonOf = async (fleet: RolloutFleet, name: string) =>
  ((await fleet.get('Device', name)) as Device).status?.conditions?.find(({ type }) => type === 'Ready')?.reason;

describe('R3: other references of a Device', () => {
  test('reach the devices one at a time, the new policy before the old one goes', async () => {
    await using fleet = await twoPolicies();
    for (const name of fleet.names) await refer(fleet, name, 'tight');
    await fleet.advance(5_000);
    for (const name of fleet.names) expect(await fleet.attached(name)).toContain('base');
    let most = 0;
    await fleet.live(160, {
      until: async () => {
        let between = 0;
        for (const name of fleet.names) {
          const attached = await fleet.attached(name);
          expect(attached.length).toBeGreaterThan(0);
          if (attached.length === 2) between += 1;
        }
        most = Math.max(most, between);
        return (await fleet.rollout()).status?.phase === 'Succeeded';
      },
    });
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Succeeded',
      class: 'tightens',
      counters: { total: 2, succeeded: 2 },
    });
    expect(most).toBe(1);
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['tight']);
    await fleet.live(2);
    expect(await reasonOf(fleet, 'press-1')).toBe('Succeeded');
    expect(((await fleet.get('Device', 'press-1')) as Device).status?.pendingChange).toBeUndefined();
  }, 90_000);

  test('a device that is refused what it used gets its former policies back, and nobody else moves', async () => {
    await using fleet = await twoPolicies();
    hear(fleet, 'press-1', 'debug/press-1');
    for (const name of fleet.names) await refer(fleet, name, 'tight');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    refuse(fleet, 'press-1', 'debug/press-1');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'RolledBack' });
    await fleet.live(3);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Paused', reason: 'AssetFailed' });
  }, 90_000);

  test('abort brings every device back, and the same change is not tried again by itself', async () => {
    await using fleet = await twoPolicies();
    for (const name of fleet.names) await refer(fleet, name, 'tight');
    await fleet.live(80, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    const { metadata, spec } = await fleet.rollout();
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/abort': `t1@${spec.revision} by kim@example.com`,
    });
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    await fleet.live(5);
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
    expect(await reasonOf(fleet, 'press-1')).toBe('RevisionRejected');
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(1);
  }, 90_000);

  test('a removal that went back leaves the proven candidate where it is: nobody leads home what its spec has given up', async () => {
    await using fleet = await twoPolicies(0);
    const strategy = { ...STRATEGY, rollbackWindow: '10m' };
    await fleet.apply(policy('more', { document: grants('site/*', 'hall/*'), strategy }));
    await fleet.apply(
      device('press-1', { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'base' }, { name: 'more' }] }),
    );
    fleet.names.push('press-1');
    await fleet.settleUntilReady();
    await fleet.apply(policy('more', { document: grants('site/*'), strategy }));
    await fleet.live(90, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    await refer(fleet, 'press-1', 'base');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Contracting' });
    const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
    const removal = (items as readonly PolicyRollout[]).find(({ spec }) => spec.changes !== undefined);
    const say = (verb: string, token: string) =>
      annotate(fleet, 'PolicyRollout', removal?.metadata.name ?? '', {
        [`rollout.fleetward.dev/${verb}`]: `${token}@${removal?.spec.revision} by kim`,
      });
    await say('abort', 't1');
    await fleet.live(60);
    const kept = await fleet.attached('press-1');
    expect(kept).toEqual(['base', expect.stringMatching(/^more@/)]);
    expect(await reasonOf(fleet, 'press-1')).toBe('RevisionRejected');
    // Long after the window in which a candidate is kept for its own sake.
    await fleet.live(30, { silent: ['press-1'] });
    expect((await fleet.aws.send('GetPolicy', { policyName: kept[1] ?? '' })).policyName).toBe(kept[1]);
    await say('retry', 't2');
    await fleet.live(90, { until: async () => (await fleet.attached('press-1')).length === 1 });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 90_000);

  test('a policy that is deleted with the last reference to it stays until nobody can need it back', async () => {
    await using fleet = await onBaseAndMore();
    await fleet.apply(policy('more', { document: grants('more/*'), strategy: STRATEGY, deletionPolicy: 'Delete' }));
    await refer(fleet, 'press-1', 'base');
    await fleet.store.delete({ kind: 'IoTPolicy', namespace: 'factory', name: 'more' });
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    await fleet.live(2);
    const { status } = (await fleet.get('IoTPolicy', 'more')) as IoTPolicy;
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toMatch(/may have to be given back/);
    await say(fleet, 'abort');
    await fleet.live(40, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    expect(await fleet.attached('press-1')).toEqual(['base', 'more']);
    await say(fleet, 'retry', { token: 't2' });
    await fleet.live(90, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    await fleet.live(3);
    await expect(fleet.iot.getPolicy({ policyName: 'more' })).rejects.toThrow(/does not exist|not found/i);
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 90_000);

  test.each([
    { reason: 'a policy that it is to lose is lost, and gets its new document then', asks: ['base'] },
    { reason: 'a policy to which it refers again comes with its new document', asks: ['base', 'more'] },
  ])('when a Device is suspended no more, $reason', async ({ asks }) => {
    await using fleet = await onBaseAndMore(1, grants('more/*', 'line/*'));
    await refer(fleet, 'press-1', 'base');
    await fleet.drain();
    const { spec } = (await fleet.get('Device', 'press-1')) as Device;
    const { certificates, thingTypeRef, policyRefs } = spec;
    await fleet.apply(device('press-1', { certificates, thingTypeRef, policyRefs, suspend: true }));
    await fleet.apply(policy('more', { document: grants('more/*'), strategy: STRATEGY }));
    await fleet.live(30);
    expect(await fleet.attached('press-1')).toEqual(['base', 'more']);
    expect(await documentOf(fleet, 'more')).toEqual(grants('more/*', 'line/*'));
    await refer(fleet, 'press-1', ...asks);
    await fleet.live(120);
    expect(await fleet.attached('press-1')).toEqual(asks);
    expect(await documentOf(fleet, 'more')).toEqual(grants('more/*'));
  });

  test('a document and a reference that went back together are tried again together', async () => {
    await using fleet = await twoPolicies(0);
    await fleet.apply(policy('more', { document: grants('site/*'), strategy: STRATEGY }));
    await fleet.apply(
      device('press-1', { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'base' }, { name: 'more' }] }),
    );
    fleet.names.push('press-1');
    await fleet.settleUntilReady();
    await fleet.change(NARROW);
    await refer(fleet, 'press-1', 'base');
    await fleet.live(30, { until: async () => (await fleet.records())['press-1'] === 'Expanding' });
    const { metadata, spec } = await fleet.rollout();
    const say = (verb: string, token: string) =>
      annotate(fleet, 'PolicyRollout', metadata.name, {
        [`rollout.fleetward.dev/${verb}`]: `${token}@${spec.revision} by kim`,
      });
    await say('abort', 't1');
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    await say('retry', 't2');
    await fleet.live(90, { until: async () => (await fleet.attached('press-1')).join() === 'base' });
    // One alone is another change, which nobody asked for: AWS remembers that it went back, and it would do so again.
    const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
    expect((items as readonly PolicyRollout[]).map((each) => each.spec.revision)).toEqual([
      spec.revision,
      spec.revision,
    ]);
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 90_000);

  test.each([
    { reason: 'one of whose policies is still its own', narrowed: ['base', 'more'] },
    { reason: 'none of whose policies its spec names any more', narrowed: ['more'] },
  ])(
    'a removal that went back as well leaves nobody on a candidate of a rollout that was taken back, and stays taken back: $reason',
    async ({ narrowed }) => {
      await using fleet = await twoPolicies(0);
      await fleet.apply(policy('more', { document: grants('site/*', 'hall/*'), strategy: STRATEGY }));
      await fleet.apply(
        device('press-1', { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'base' }, { name: 'more' }] }),
      );
      fleet.names.push('press-1');
      await fleet.settleUntilReady();
      const abort = async () => {
        const { metadata, spec } = await fleet.rollout();
        const word = `t1@${spec.revision} by kim`;
        await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/abort': word });
        await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
      };
      const topics: Record<string, string> = { base: 'telemetry/*', more: 'site/*' };
      for (const name of narrowed)
        await fleet.apply(policy(name, { document: grants(topics[name] ?? ''), strategy: STRATEGY }));
      await fleet.advance(5_000);
      await fleet.live(30, { until: async () => (await fleet.records())['press-1'] === 'Expanding' });
      const candidate = (await fleet.attached('press-1')).find((name) => name.startsWith('more@')) ?? '';
      await abort();
      expect(await fleet.attached('press-1')).toEqual(['base', 'more']);
      const hold = (value: string | undefined) =>
        annotate(fleet, 'Device', 'press-1', { 'rollout.fleetward.dev/hold': value });
      await hold('kim');
      const target = ((await fleet.get('Device', 'press-1')) as Device).status?.certificates?.[0]?.arn ?? '';
      await fleet.aws.send('AttachPolicy', { policyName: candidate, target });
      await fleet.live(15);
      await refer(fleet, 'press-1', 'base');
      await fleet.live(3);
      await abort();
      expect(await fleet.attached('press-1')).toEqual(['base', 'more', candidate]);
      expect(await reasonOf(fleet, 'press-1')).toBe('RevisionRejected');
      await hold(undefined);
      await fleet.live(60);
      expect(await fleet.attached('press-1')).toEqual(['base', 'more']);
      expect(await reasonOf(fleet, 'press-1')).toBe('RevisionRejected');
      expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(2);
    },
    90_000,
  );

  test('references that come back are an abort without waves', async () => {
    await using fleet = await twoPolicies(1);
    await refer(fleet, 'press-1', 'tight');
    await fleet.live(3);
    expect(await fleet.attached('press-1')).toEqual(['base', 'tight']);
    await refer(fleet, 'press-1', 'base');
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    expect((await fleet.rollout()).status?.reason).toBe('Reverted');
    await fleet.live(3);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await reasonOf(fleet, 'press-1')).toBe('Succeeded');
  }, 90_000);

  test('a reference that comes back before anything was done stays: nothing is taken from a device for it', async () => {
    await using fleet = await onBaseAndMore();
    leave(fleet, 'press-1');
    await fleet.live(20, { silent: ['press-1'] });
    await refer(fleet, 'press-1', 'base');
    await fleet.live(3, { silent: ['press-1'] });
    expect((await fleet.records())['press-1']).toBe('Deferred');
    await refer(fleet, 'press-1', 'base', 'more');
    let least = 2;
    await fleet.live(30, {
      until: async () => {
        least = Math.min(least, (await fleet.attached('press-1')).length);
        return false;
      },
    });
    expect(least).toBe(2);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Aborted', reason: 'Reverted' });
    expect(fleet.sandbox.ledger.entries({ operation: 'DetachPolicy' })).toEqual([]);
    expect(await reasonOf(fleet, 'press-1')).toBe('Succeeded');
  }, 90_000);

  test.each([
    { more: grants('more/*'), reason: 'it would lose what only the other gave' },
    { more: grants('telemetry/*'), reason: 'as judged, nobody would have lost anything' },
  ])(
    'what was to stay is taken by somebody after the rollout has looked: nothing is taken beside it ($reason)',
    async ({ more }) => {
      await using fleet = await onBaseAndMore(1, more);
      const { status } = (await fleet.get('Device', 'press-1')) as Device;
      const target = status?.certificates?.[0]?.arn ?? '';
      const known = (await fleet.store.list({ kind: 'PolicyRollout' })).items.length;
      let taken = false;
      fleet.intercept = async (send, _operation, { path }) => {
        const ofIt = path.startsWith('/attached-policies/') && decodeURIComponent(path).includes(':cert/');
        if (ofIt && !taken && (await fleet.store.list({ kind: 'PolicyRollout' })).items.length > known) {
          taken = true;
          await fleet.aws.send('DetachPolicy', { policyName: 'base', target });
        }
        return send();
      };
      await refer(fleet, 'press-1', 'base');
      await fleet.live(10);
      expect(taken).toBe(true);
      expect(await fleet.attached('press-1')).toEqual(['more']);
      expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'LifelineViolation' });
      await fleet.aws.send('AttachPolicy', { policyName: 'base', target });
      await fleet.live(90, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
      expect((await fleet.rollout()).status?.phase).toBe('Succeeded');
      expect(await fleet.attached('press-1')).toEqual(['base']);
    },
    90_000,
  );

  /** Three devices that are to lose `more`, one of them first; somebody takes it from these at the last moment. */
  async function takenBefore(...names: readonly string[]): Promise<RolloutFleet> {
    const fleet = await rolloutFleet(0);
    const strategy = { ...STRATEGY, waves: [{ count: 1, bake: '1m' }, { percent: 100 }], maxInFlight: 2 };
    await fleet.apply(policy('base', { document: WIDE, strategy }));
    await fleet.apply(policy('more', { document: grants('site/*'), strategy }));
    const policyRefs = [{ name: 'base' }, { name: 'more' }];
    fleet.names.push('press-1', 'press-2', 'press-3');
    await fleet.apply(...fleet.names.map((name) => device(name, { thingTypeRef: { name: 'press' }, policyRefs })));
    await fleet.settleUntilReady();
    await fleet.live(20);
    const targets = new Map<string, string>();
    for (const name of names) {
      const { status } = (await fleet.get('Device', name)) as Device;
      targets.set(name, status?.certificates?.[0]?.arn ?? '');
    }
    fleet.intercept = async (send, _operation, { path }) => {
      const ofOne = path.startsWith('/attached-policies/') && decodeURIComponent(path).includes(':cert/');
      if (ofOne && (await fleet.store.list({ kind: 'PolicyRollout' })).items.length > 0) {
        fleet.intercept = undefined;
        for (const target of targets.values()) await fleet.aws.send('DetachPolicy', { policyName: 'more', target });
      }
      return send();
    };
    for (const name of fleet.names) await refer(fleet, name, 'base');
    return fleet;
  }

  test('who is found without what it was to lose is no canary for the others: the next one goes alone', async () => {
    await using fleet = await takenBefore('press-1');
    await fleet.live(8);
    expect(((await fleet.get('Device', 'press-1')) as Device).status?.rollout).toMatchObject({
      state: 'Succeeded',
      verdict: 'NothingDone',
    });
    let most = 0;
    await fleet.live(120, {
      until: async () => {
        const records = await fleet.records();
        if (records['press-2'] === 'Succeeded') return true;
        expect(await fleet.attached('press-3'), 'it waits for the verdict on press-2').toEqual(['base', 'more']);
        most += 1;
        return false;
      },
    });
    expect(most).toBeGreaterThan(5);
    await fleet.live(120, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect((await fleet.rollout()).status).toMatchObject({ reason: 'Completed', counters: { succeeded: 3 } });
    expect(await fleet.attached('press-3')).toEqual(['base']);
  }, 90_000);

  test('where all are found so there is nobody to wait for', async () => {
    await using fleet = await takenBefore('press-1', 'press-2', 'press-3');
    await fleet.live(15);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Succeeded', reason: 'Completed' });
    const healthy = (await fleet.rollout()).status?.conditions?.find(({ type }) => type === 'Healthy');
    expect(healthy?.status, 'nobody has passed on anything').toBe('Unknown');
  }, 90_000);

  test('one more policy is a widening and waits for approval', async () => {
    await using fleet = await askingForMore();
    expect(await fleet.attached('press-1')).toEqual(['base']);
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'AwaitingApproval', class: 'widens' });
    await say(fleet, 'approve');
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect(await fleet.attached('press-1')).toEqual(['base', 'more']);
  }, 90_000);

  test('one more policy is no success in silence for a device that somebody takes the other from', async () => {
    await using fleet = await askingForMore();
    await say(fleet, 'approve');
    await fleet.live(20, { until: async () => (await fleet.attached('press-1')).length === 2 });
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    const target = status?.certificates?.[0]?.arn ?? '';
    leave(fleet, 'press-1');
    await fleet.aws.send('DetachPolicy', { policyName: 'base', target });
    await fleet.live(40, { silent: ['press-1'] });
    expect((await fleet.records())['press-1']).toBe('Observing');
    expect((await fleet.rollout()).status?.phase).toBe('Progressing');
  }, 90_000);

  test('whoever is through a rollout takes up a change of its spec in the next one, although others make the same in this', async () => {
    await using fleet = await onBaseAndMore(2);
    await fleet.change(grants('telemetry/*'));
    await refer(fleet, 'press-2', 'base');
    const done = async () => (await fleet.records())['press-1'] === 'Succeeded';
    await fleet.live(5);
    const { metadata, spec } = await fleet.rollout();
    expect(spec).toMatchObject({ policies: [{ name: 'base' }], changes: [{ detach: ['more'] }] });
    await fleet.live(60, { until: done });
    expect(await done()).toBe(true);
    await refer(fleet, 'press-1', 'base');
    await fleet.live(3);
    expect((await fleet.rollout()).metadata.name).toBe(metadata.name);
    expect(await fleet.attached('press-1')).toContain('more');
    await fleet.live(240, { until: async () => (await fleet.attached('press-1')).join() === 'base' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect((await fleet.rollout()).metadata.name).not.toBe(metadata.name);
  }, 120_000);

  test('without any policy left the lifeline is gone: refused, nothing is taken', async () => {
    await using fleet = await rolloutFleet(1);
    await refer(fleet, 'press-1');
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'LifelineViolation' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 90_000);

  test('under a strategy that can never finish nothing moves, and put right it is followed', async () => {
    await using fleet = await rolloutFleet(2);
    const never = { ...STRATEGY, settleTime: '10m', progressDeadline: '5m' };
    const tight = (strategy: object) => policy('tight', { document: grants('telemetry/*'), strategy });
    await fleet.apply(tight(never));
    await fleet.settleUntilReady();
    await refer(fleet, 'press-1', 'tight');
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Pending',
      reason: 'InvalidStrategy',
      message: expect.stringContaining('strategy.progressDeadline'),
    });
    await fleet.live(5);
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items, 'it is not made again for nothing').toHaveLength(
      1,
    );
    expect(await fleet.attached('press-1')).toEqual(['base']);
    await fleet.apply(tight(STRATEGY));
    await fleet.live(80, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(2);
    expect(await fleet.attached('press-1')).toEqual(['tight']);
  }, 90_000);

  test('default policies of the account are no shortcut', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.apply(policy('more', { document: grants('more/*'), strategy: STRATEGY }));
    await fleet.settleUntilReady();
    await fleet.apply(account({ defaultPolicyRefs: [{ name: 'more' }] }));
    await fleet.live(3);
    const { metadata, spec } = await fleet.rollout();
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/approve': `t1@${spec.revision} by kim`,
    });
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    expect(await fleet.attached('press-2')).toEqual(['base']);
    await fleet.live(90, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    await fleet.live(2);
    await fleet.apply(account());
    // Nothing has to settle before it is taken from the first; the second waits for the verdict on the first.
    await fleet.live(20);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await fleet.attached('press-2')).toEqual(['base', 'more']);
    await fleet.live(160, { until: async () => (await fleet.attached('press-2')).length === 1 });
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['base']);
  }, 120_000);

  test('where nobody gains or loses a right there is nothing to approve or to see', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.apply(policy('same', { document: WIDE, strategy: STRATEGY }));
    await fleet.settleUntilReady();
    for (const name of fleet.names) await refer(fleet, name, 'same');
    await fleet.live(25, { silent: fleet.names });
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['same']);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Succeeded', class: 'equivalent' });
  }, 90_000);

  test('killed in the middle it goes on from what AWS and the records show', async () => {
    await using fleet = await twoPolicies();
    for (const name of fleet.names) await refer(fleet, name, 'tight');
    for (const minutes of [5, 9, 11]) {
      await fleet.live(minutes);
      await fleet.kill();
      await fleet.clock.advance(20_000);
      await fleet.start();
    }
    await fleet.live(160, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect((await fleet.rollout()).status).toMatchObject({ counters: { succeeded: 2, failed: 0 } });
    for (const name of fleet.names) expect(await fleet.attached(name)).toEqual(['tight']);
  }, 120_000);
});
