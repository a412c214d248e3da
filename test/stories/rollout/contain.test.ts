import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { policy } from '../../support/fleet.ts';
import { person } from './person.ts';
import { annotate, NARROW, type RolloutFleet, rolloutFleet } from './support.ts';

const SILENCE = policy('silence', {
  containment: true,
  document: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: ['iot:Publish', 'iot:Subscribe', 'iot:Receive'], Resource: ['*'] }],
  },
});

const device = async (fleet: RolloutFleet, name: string) => (await fleet.get('Device', name)) as Device;
const detached = (fleet: RolloutFleet) => fleet.sandbox.ledger.count({ operation: 'DetachPolicy', outcome: 'ok' });

describe('containing a device', () => {
  test('puts the prepared denial on at once, holds the device, and only an acknowledgement takes it off', async () => {
    await using fleet = await rolloutFleet(2);
    await using kim = person(fleet);
    await fleet.apply(SILENCE);
    await fleet.live(1);
    const said = await kim.fleetward('contain', 'press-1', '--remark', 'case 4711');
    expect(said).toMatchObject({ status: 0, stdout: expect.stringContaining('press-1: contained with silence') });
    expect(await fleet.attached('press-1')).toEqual(['base', 'silence']);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    await fleet.live(2);
    const { status } = await device(fleet, 'press-1');
    expect(status).toMatchObject({
      held: { reason: 'Contained' },
      contained: { policy: 'silence', remark: 'case 4711' },
    });
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Quarantined', status: 'True' }));
    expect(fleet.events).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'DeviceContained' }));
    // Neither a restart, nor a lost status, nor the loss of the annotation undoes it.
    const before = detached(fleet);
    await fleet.kill();
    const { metadata } = await fleet.get('Device', 'press-1');
    const key = { kind: 'Device', namespace: 'factory', name: 'press-1', uid: metadata.uid ?? '' };
    const { contained: _contained, held: _held, drift: _drift, ...rest } = status ?? {};
    await fleet.store.applyStatus(key, rest, { owner: 'fleetward-status' });
    await fleet.start();
    await fleet.live(5);
    expect(await fleet.attached('press-1')).toEqual(['base', 'silence']);
    expect(detached(fleet)).toBe(before);
    expect((await kim.fleetward('rollout', 'release', 'press-1')).status).toBe(0);
    await fleet.live(2);
    expect(await fleet.attached('press-1'), 'a hold by a person is another thing').toEqual(['base', 'silence']);
    expect((await kim.fleetward('contain', '--lift', 'press-1')).stdout).toContain('acknowledged');
    await fleet.live(3);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect((await device(fleet, 'press-1')).status?.held).toBeUndefined();
  }, 60_000);

  test('an asset that is under way is held and pauses its rollout; the rollout goes on when it was acknowledged', async () => {
    await using fleet = await rolloutFleet(2);
    await using kim = person(fleet);
    await fleet.apply(SILENCE);
    await fleet.change(NARROW);
    await fleet.live(15);
    await kim.fleetward('contain', 'press-1');
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Paused',
      reason: 'DefenderMitigation',
      acts: [{ object: 'Device/press-1' }],
    });
    const listed = await kim.fleetward('rollout', 'acknowledge', 'base');
    expect(listed).toMatchObject({ status: 1, stdout: expect.stringContaining('rollout acknowledge device/press-1') });
    await kim.fleetward('rollout', 'acknowledge', 'device/press-1');
    await fleet.live(90, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect(await fleet.records()).toEqual({ 'press-1': 'Succeeded', 'press-2': 'Succeeded' });
  }, 90_000);

  test('a contained device stops no rollout of the others', async () => {
    await using fleet = await rolloutFleet(2);
    await using kim = person(fleet);
    await fleet.apply(SILENCE);
    await fleet.live(1);
    await kim.fleetward('contain', 'press-1');
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-2'] === 'Succeeded' });
    expect(await fleet.records()).toMatchObject({ 'press-2': 'Succeeded' });
    expect(await fleet.attached('press-1')).toEqual(['base', 'silence']);
  }, 60_000);

  test('what is not prepared for it contains nothing, and the operator says why', async () => {
    await using fleet = await rolloutFleet(1);
    await using kim = person(fleet);
    await fleet.live(1);
    const none = await kim.fleetward('contain', 'press-1');
    expect(none).toMatchObject({ status: 1, stderr: expect.stringContaining('prepare one in Git') });
    await annotate(fleet, 'Device', 'press-1', { 'rollout.fleetward.dev/contain': 't1@base by kim' });
    await fleet.live(1);
    expect((await device(fleet, 'press-1')).status?.contained).toMatchObject({
      problem: expect.stringContaining('not one for containment'),
    });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 60_000);
});
