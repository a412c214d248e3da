import { describe, expect, test } from 'vitest';
import { group, policy } from '../../support/fleet.ts';
import { person } from './person.ts';
import { annotate, NARROW, type RolloutFleet, rolloutFleet } from './support.ts';

const move = (fleet: RolloutFleet, thingName: string, how: 'AddThingTo' | 'RemoveThingFrom') =>
  fleet.aws.send(`${how}ThingGroup`, { thingName, thingGroupName: 'quarantine' });

const flips = (fleet: RolloutFleet) =>
  fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', outcome: 'ok' });

async function abort(fleet: RolloutFleet): Promise<void> {
  const { metadata, spec } = await fleet.rollout();
  await annotate(fleet, 'PolicyRollout', metadata.name, {
    'rollout.fleetward.dev/abort': `t1@${spec.revision} by kim`,
  });
}

const is = (fleet: RolloutFleet, name: string, state: string) => async () => (await fleet.records())[name] === state;
const phase = (fleet: RolloutFleet, wanted: string) => async () => (await fleet.rollout()).status?.phase === wanted;

describe('R16: a quarantine', () => {
  test('of a device under way stops everything, and the rollout says what happened to whom and what to do', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.apply(group('quarantine', { quarantine: true }));
    await fleet.change(NARROW);
    await fleet.live(30, { until: is(fleet, 'press-1', 'Observing') });
    await move(fleet, 'press-1', 'AddThingTo');
    await fleet.live(15);
    await abort(fleet);
    await fleet.live(5);
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Paused', reason: 'DefenderMitigation' });
    expect(status?.message).toMatch(
      /^device press-1 was put into thing group quarantine in the middle of its change\. .*takes it back or acknowledges it.*: fleetward rollout acknowledge device\/press-1$/,
    );
    expect(flips(fleet), 'an abort waits for it').toBe(0);
    expect(fleet.sandbox.ledger.count({ operation: 'RemoveThingFromThingGroup' })).toBe(0);
    await move(fleet, 'press-1', 'RemoveThingFrom');
    await fleet.live(60, { until: phase(fleet, 'Aborted') });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 90_000);

  test('of a device on the candidate takes the brake out of use: the others go back by attachment', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.apply(group('quarantine', { quarantine: true }));
    await fleet.change(NARROW);
    await fleet.live(60, { until: is(fleet, 'press-2', 'Contracting') });
    await move(fleet, 'press-1', 'AddThingTo');
    await fleet.live(6);
    await abort(fleet);
    await fleet.live(60, { until: phase(fleet, 'Aborted') });
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Aborted',
      brakeProblem: expect.stringContaining('press-1'),
    });
    expect(flips(fleet)).toBe(0);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    expect(await fleet.attached('press-1')).toEqual([expect.stringMatching(/^base@/)]);
    await move(fleet, 'press-1', 'RemoveThingFrom');
    await fleet.live(60, { until: async () => (await fleet.attached('press-1')).join() === 'base' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 90_000);

  test('that denies all that the brake would give leaves the brake as it is: one call, and the quarantine holds', async () => {
    await using fleet = await rolloutFleet(2);
    const Statement = [{ Effect: 'Deny', Action: ['iot:*'], Resource: ['*'] }];
    await fleet.apply(policy('silence', { document: { Version: '2012-10-17', Statement } }));
    await fleet.apply(group('quarantine', { quarantine: true, policyRefs: [{ name: 'silence' }] }));
    await fleet.change(NARROW);
    await fleet.live(60, { until: is(fleet, 'press-2', 'Contracting') });
    await move(fleet, 'press-1', 'AddThingTo');
    await fleet.live(6, { silent: ['press-1'] });
    await abort(fleet);
    await fleet.live(60, { silent: ['press-1'], until: phase(fleet, 'Aborted') });
    expect((await fleet.rollout()).status?.phase).toBe('Aborted');
    expect(flips(fleet)).toBe(1);
    expect(await fleet.attached('press-2')).toEqual(['base']);
    expect(await fleet.attached('press-1'), 'nothing of the held one is touched').toEqual([
      expect.stringMatching(/^base@/),
    ]);
    expect(fleet.sandbox.ledger.count({ operation: 'RemoveThingFromThingGroup' })).toBe(0);
  }, 90_000);

  test('of a device that does not carry the candidate leaves the brake as it is: one call', async () => {
    await using fleet = await rolloutFleet(3);
    await fleet.apply(group('quarantine', { quarantine: true }));
    await fleet.live(1);
    await move(fleet, 'press-3', 'AddThingTo');
    await fleet.live(6);
    await fleet.change(NARROW);
    await fleet.live(60, { until: is(fleet, 'press-2', 'Contracting') });
    await abort(fleet);
    await fleet.live(1);
    expect(flips(fleet)).toBe(1);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Aborting' });
  }, 90_000);
});

describe('R16: a hold by a person is no security act', () => {
  test('in the middle of a change it keeps that device where it is; an abort is heard', async () => {
    await using fleet = await rolloutFleet(2);
    await using kim = person(fleet);
    await fleet.change(NARROW);
    await fleet.live(30, { until: is(fleet, 'press-1', 'Observing') });
    expect((await kim.fleetward('rollout', 'hold', 'press-1', '--remark', 'in repair')).status).toBe(0);
    await fleet.live(15);
    expect((await fleet.records())['press-1']).toBe('Held');
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Progressing' });
    await abort(fleet);
    await fleet.live(3);
    expect(flips(fleet), 'its rights come back all the same').toBe(1);
    expect(await fleet.attached('press-1')).toEqual([expect.stringMatching(/^base@/)]);
    expect((await kim.fleetward('rollout', 'release', 'press-1')).status).toBe(0);
    await fleet.live(60, { until: async () => (await fleet.attached('press-1')).join() === 'base' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect((await fleet.rollout()).status?.phase).toBe('Aborted');
  }, 90_000);
});
