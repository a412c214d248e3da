import { describe, expect, test } from 'vitest';
import { getCondition } from '../../../operator/api/conditions.ts';
import type { Device } from '../../../operator/api/device.gen.ts';
import { account, device, group, policy, thingType } from '../../support/fleet.ts';
import { createFleet } from '../../support/operator.ts';
import { annotate, grants, NARROW, rolloutFleet, STRATEGY, WIDE } from './support.ts';

const reasonOf = (object: unknown) => getCondition((object as Device).status?.conditions, 'Ready')?.reason;

describe('R20: what others attached', () => {
  test('is taken off at once', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.aws.send('CreatePolicy', { policyName: 'theirs', policyDocument: JSON.stringify(grants('#')) });
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    await fleet.aws.send('AttachPolicy', { policyName: 'theirs', target: status?.certificates?.[0]?.arn ?? '' });
    await annotate(fleet, 'Device', 'press-1', { 'reconcile.fleetward.dev/requestedAt': '1' });
    await fleet.advance(5_000);
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 60_000);

  test('stays where the device would lose its lifeline without it, and the reason says so', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.aws.send('CreatePolicy', { policyName: 'theirs', policyDocument: JSON.stringify(WIDE) });
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    const target = status?.certificates?.[0]?.arn ?? '';
    await fleet.aws.send('AttachPolicy', { policyName: 'theirs', target });
    await fleet.aws.send('DetachPolicy', { policyName: 'base', target });
    await annotate(fleet, 'Device', 'press-1', { 'reconcile.fleetward.dev/requestedAt': '1' });
    await fleet.advance(5_000);
    expect(await fleet.attached('press-1')).toEqual(['theirs']);
    expect(reasonOf(await fleet.get('Device', 'press-1'))).toBe('LifelineNeedsIt');
  }, 60_000);
});

describe('R8: a certificate that two Devices share', () => {
  test('moves with neither of them alone', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.apply(policy('tight', { document: grants('telemetry/*'), strategy: STRATEGY }));
    await fleet.settleUntilReady();
    const { status, spec } = (await fleet.get('Device', 'press-1')) as Device;
    const certificates = [{ name: 'a', certificateId: status?.certificates?.[0]?.certificateId ?? '' }];
    await fleet.apply(device('press-2', { thingTypeRef: { name: 'press' }, certificates }));
    await fleet.settleUntilReady();
    await fleet.apply(device('press-1', { ...spec, policyRefs: [{ name: 'tight' }] }));
    await fleet.live(30);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Pending',
      reason: 'SharedCertificate',
      message: expect.stringContaining('press-1 and Device press-2'),
    });
    expect(await fleet.attached('press-2')).toEqual(['base']);
  }, 60_000);
});

describe('R18: what went back', () => {
  test('is not tried again after the loss of all state, until somebody asks', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(15);
    const { metadata, spec } = await fleet.rollout();
    const by = `t1@${spec.revision} by kim`;
    await annotate(fleet, 'PolicyRollout', metadata.name, { 'rollout.fleetward.dev/abort': by });
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Aborted' });
    const press = (await fleet.get('Device', 'press-1')) as Device;
    await fleet.kill();

    await using again = await createFleet({ sandboxOf: fleet });
    await again.apply(account(), thingType('press'), group('presses'));
    const narrow = (annotations: object = {}) =>
      ({
        ...policy('base', { document: NARROW, strategy: STRATEGY }),
        metadata: { name: 'base', namespace: 'factory', annotations },
      }) as never;
    await again.apply(narrow(), device('press-1', press.spec));
    await again.start();
    await again.advance(60_000);
    expect(reasonOf(await again.get('IoTPolicy', 'base'))).toBe('RevisionRejected');
    expect((await again.store.list({ kind: 'PolicyRollout' })).items).toEqual([]);
    await again.apply(narrow({ 'rollout.fleetward.dev/retry': spec.revision }));
    await again.advance(60_000);
    expect((await again.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(1);
  }, 90_000);
});
