import { describe, expect, test } from 'vitest';
import { policy } from '../../support/fleet.ts';
import { annotate, grants, hear, NARROW, PUBLISHING, refuse, rolloutFleet, STRATEGY, WIDE } from './support.ts';

describe('going back', () => {
  test('an asset that is refused what it used goes back alone, and the rollout waits for a person', async () => {
    await using fleet = await rolloutFleet(2);
    hear(fleet, 'press-1', 'debug/press-1');
    await fleet.change(NARROW);
    await fleet.live(24);
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Observing' });
    refuse(fleet, 'press-1', 'debug/press-1');
    await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'RolledBack' });
    await fleet.live(3);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await fleet.records()).toMatchObject({ 'press-1': 'RolledBack', 'press-2': '-' });
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Paused', reason: 'AssetFailed', counters: { failed: 1, queued: 1 } });
  }, 60_000);

  test('a denied request that the asset never used is the tightening at work', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(24);
    refuse(fleet, 'press-1', 'debug/press-1');
    await fleet.live(30, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded' });
  }, 60_000);

  test('abort pulls the brake with one call, brings every asset home and is not tried again', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    const before = fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', outcome: 'ok' });
    const { metadata, spec } = await fleet.rollout();
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/abort': `t1@${spec.revision} by kim@example.com`,
    });
    await fleet.live(1);
    expect(fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', outcome: 'ok' })).toBe(before + 1);
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Aborted', reason: 'AbortRequested' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    await fleet.live(5);
    const known = (await fleet.get('IoTPolicy', 'base')) as {
      status?: { conditions?: readonly { reason: string }[] };
    };
    expect(known.status?.conditions?.[0]?.reason).toBe('RevisionRejected');
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(1);
    // It is the document that went back, in whichever form a commit brings it, and for those who carry this policy.
    const { Version, Statement } = NARROW as { readonly Version: string; readonly Statement: readonly object[] };
    await fleet.change({ Statement: [...Statement].reverse(), Version });
    await fleet.live(5);
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(1);
    await fleet.apply(policy('other', { document: NARROW, strategy: STRATEGY }));
    await fleet.live(5);
    expect((await fleet.get('IoTPolicy', 'other')) as object).toMatchObject({ status: { arn: expect.any(String) } });
  }, 60_000);

  test('while the tags cannot be written everybody gets home all the same, and the end waits for them', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    const { metadata, spec } = await fleet.rollout();
    const refused: typeof fleet.intercept = async (send, _operation, { method, path }) => {
      if (method !== 'POST' || path !== '/tags') return send();
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    };
    fleet.intercept = refused;
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/abort': `t1@${spec.revision} by kim@example.com`,
    });
    // Who takes over finds the brake pulled, and nothing in memory of who was to turn round.
    await fleet.kill();
    fleet.intercept = refused;
    await fleet.start();
    await fleet.live(40, { until: async () => (await fleet.records())['press-1'] === 'RolledBack' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    await fleet.live(5);
    expect((await fleet.rollout()).status?.phase).toBe('Aborting');
    fleet.intercept = undefined;
    await fleet.live(20, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    expect((await fleet.rollout()).status?.phase).toBe('Aborted');
    const { policyArn: resourceArn = '' } = await fleet.aws.send('GetPolicy', { policyName: 'base' });
    const { tags = [] } = await fleet.aws.send('ListTagsForResource', { resourceArn });
    expect(tags).toContainEqual({
      Key: 'fleetward.dev/rejected',
      Value: spec.policies[0]?.digest.slice(0, 8),
    });
  }, 60_000);

  test('the brake comes before the tags that remember why, whatever becomes of those', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Observing' });
    const flips = () => fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', outcome: 'ok' });
    const { metadata, spec } = await fleet.rollout();
    fleet.intercept = async (send, _operation, { method, path }) => {
      if (method !== 'POST' || path !== '/tags') return send();
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    };
    const before = flips();
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/abort': `t1@${spec.revision} by kim@example.com`,
    });
    await fleet.live(1);
    expect(flips()).toBe(before + 1);
    fleet.intercept = undefined;
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    const { policyArn: resourceArn = '' } = await fleet.aws.send('GetPolicy', {
      policyName: spec.policies[0]?.candidateName ?? '',
    });
    const { tags } = await fleet.aws.send('ListTagsForResource', { resourceArn });
    expect(tags).toContainEqual({ Key: 'fleetward.dev/state', Value: 'rejected' });
  }, 60_000);

  test.each([{ size: 1 }, { size: 40 }])(
    'the brake is one call for a fleet of $size',
    async ({ size }) => {
      await using fleet = await rolloutFleet(size);
      for (const name of fleet.names) hear(fleet, name);
      await fleet.change(NARROW, { ...STRATEGY, waves: [{ count: size, bake: '1m' }], maxInFlight: size });
      const taken = async () => Object.values(await fleet.records()).every((state) => state === 'Observing');
      await fleet.live(30, { ...PUBLISHING, until: taken });
      expect(await taken()).toBe(true);
      const { metadata, spec } = await fleet.rollout();
      const since = fleet.clock.now();
      await annotate(fleet, 'PolicyRollout', metadata.name, {
        'rollout.fleetward.dev/abort': `t1@${spec.revision} by kim@example.com`,
      });
      await fleet.live(1, PUBLISHING);
      const { candidateName: policyName = '' } = spec.policies[0] ?? {};
      expect(await fleet.attached(`press-${size}`)).toContain(policyName);
      const { policyDocument = '' } = await fleet.aws.send('GetPolicy', { policyName });
      expect(JSON.parse(policyDocument)).toEqual(WIDE);
      expect(fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', since, changed: true })).toBe(1);
    },
    60_000,
  );

  test('a commit that takes the change back is an abort, and the same change may come again', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(15);
    await fleet.change(WIDE);
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    expect((await fleet.rollout()).status?.reason).toBe('Reverted');
    expect(await fleet.attached('press-1')).toEqual(['base']);
    await fleet.change(NARROW);
    await fleet.live(2);
    expect((await fleet.rollout()).spec.attempt).toBe(2);
  }, 60_000);
});

describe('what does not start', () => {
  test('an offline asset keeps all it has: deferred, never contracted', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(40, { silent: ['press-1'] });
    expect(await fleet.records()).toEqual({ 'press-1': 'Deferred' });
    expect(await fleet.attached('press-1')).toContain('base');
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded' });
  }, 60_000);

  test('a document under which an asset could not connect is refused before anything moves', async () => {
    await using fleet = await rolloutFleet(1);
    const { Statement } = grants('telemetry/*') as { Statement: readonly unknown[] };
    await fleet.change({ Version: '2012-10-17', Statement: Statement.slice(1) });
    await fleet.live(3);
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Pending', reason: 'LifelineViolation' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 60_000);

  test('a widening waits for approval by revision; a stale approval is refused', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(grants('telemetry/*', 'debug/*', 'extra/*'));
    await fleet.live(3);
    const { metadata, spec, status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'AwaitingApproval', class: 'widens' });
    await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/approve': 't1@00000000 by kim' });
    await fleet.live(2);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'AwaitingApproval',
      refused: [{ reason: 'StaleRevision' }],
    });
    await annotate(fleet, 'PolicyRollout', metadata.name, {
      'rollout.fleetward.dev/approve': `t2@${spec.revision} by kim`,
    });
    await fleet.live(2);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Progressing', verbs: { approvedBy: 'kim' } });
  }, 60_000);
});
