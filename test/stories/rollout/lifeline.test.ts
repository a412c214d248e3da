import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { csr, device } from '../../support/fleet.ts';
import { annotate, NARROW, type RolloutFleet, rolloutFleet, STRATEGY, WIDE } from './support.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012';
const OWN = '$aws/things/${iot:Connection.Thing.ThingName}/jobs';

/** The same with what jobs need. */
function withJobs(document: object): object {
  const { Statement, ...rest } = document as { readonly Statement: readonly object[] };
  const jobs = [
    { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: [`${ARN}:topic/${OWN}/*`] },
    { Effect: 'Allow', Action: ['iot:Subscribe'], Resource: [`${ARN}:topicfilter/${OWN}/*`] },
  ];
  return { ...rest, Statement: [...Statement, ...jobs] };
}

const certificates = [{ name: 'a', csr: csr('press-1') }];
const press = (lifeline: object, more: object = {}) =>
  device('press-1', { thingTypeRef: { name: 'press' }, certificates, lifeline, ...more });

async function jobFleet(lifeline: object): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(0);
  await fleet.change(withJobs(WIDE));
  await fleet.settleUntilReady();
  await fleet.apply(press(lifeline));
  fleet.names.push('press-1');
  await fleet.settleUntilReady();
  await fleet.live(2);
  return fleet;
}

const remembered = async (fleet: RolloutFleet) => ((await fleet.get('Device', 'press-1')) as Device).status?.lifeline;

describe('R12: a lifeline that shrinks', () => {
  test('in the same commit as a tightening locks nobody out: what was in it still counts', async () => {
    await using fleet = await jobFleet({ jobs: true });
    await fleet.apply(press({}));
    await fleet.change(NARROW);
    await fleet.live(60);
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Pending', reason: 'LifelineViolation' });
    expect(status?.message).toContain('the specs no longer ask for it');
    expect(status?.message).toContain((await remembered(fleet))?.digest);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    expect(await remembered(fleet)).toMatchObject({ removed: ['jobs'] });
  }, 60_000);

  test('once approved counts for the revision that comes next, not for the one that waits', async () => {
    await using fleet = await jobFleet({ jobs: true });
    await fleet.apply(press({}));
    await fleet.change(NARROW);
    await fleet.live(2);
    const { digest = '' } = (await remembered(fleet)) ?? {};
    await annotate(fleet, 'Device', 'press-1', { 'rollout.fleetward.dev/shrink-lifeline': `t1@${digest} by kim` });
    await fleet.live(10);
    expect(await remembered(fleet)).toMatchObject({ approvedBy: 'kim', token: 't1' });
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'LifelineViolation' });
    await fleet.change(JSON.parse(JSON.stringify(NARROW).replace('telemetry/*', 'telemetry/press*')) as object);
    await fleet.live(5);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Progressing', class: 'tightens' });
    expect(await fleet.attached('press-1')).toEqual(['base', expect.stringMatching(/^base@/)]);
  }, 90_000);

  test('is not approved by a name for which nobody vouches, but by a commit', async () => {
    await using fleet = await rolloutFleet(0, { usersPinned: false });
    await fleet.change(withJobs(WIDE));
    await fleet.settleUntilReady();
    await fleet.apply(press({ jobs: true }));
    await fleet.settleUntilReady();
    await fleet.apply(press({}));
    await fleet.live(2);
    const { digest = '' } = (await remembered(fleet)) ?? {};
    await annotate(fleet, 'Device', 'press-1', { 'rollout.fleetward.dev/shrink-lifeline': `t1@${digest} by kim` });
    await fleet.live(5);
    expect(await remembered(fleet)).toMatchObject({ removed: ['jobs'], digest });
    // Neither by a field that somebody writes; by a commit it is, and once.
    const agreed = press({}, { approvedLifelineRemoval: digest });
    await fleet.apply(agreed);
    await fleet.live(2);
    expect(await remembered(fleet)).toMatchObject({ removed: ['jobs'], digest });
    const labels = { 'fleetward.dev/source': 'a-source' };
    const kept = (one: ReturnType<typeof press>) => ({ ...one, metadata: { ...one.metadata, labels } });
    await fleet.apply(kept(agreed));
    await fleet.live(2);
    expect(await remembered(fleet)).toMatchObject({ approvedBy: 'Git', kept: '{}' });
    await fleet.apply(kept(press({ jobs: true }, { approvedLifelineRemoval: digest })));
    await fleet.live(2);
    await fleet.apply(kept(agreed));
    await fleet.live(2);
    expect(await remembered(fleet), 'what has come back needs a word of its own').toMatchObject({ removed: ['jobs'] });
    await fleet.apply(kept(press({}, { approvedLifelineRemoval: `${digest}-2` })));
    await fleet.live(2);
    expect((await remembered(fleet))?.removed).toBeUndefined();
  }, 90_000);

  test('with the status lost, what a device in use may do of it counts until somebody approves', async () => {
    await using fleet = await jobFleet({ jobs: true });
    await fleet.kill();
    // As a restore without status leaves it.
    const { namespace = '', name, uid = '' } = (await fleet.get('Device', 'press-1')).metadata;
    await fleet.store.applyStatus({ kind: 'Device', namespace, name, uid }, {}, { owner: 'fleetward-status' });
    await fleet.apply(press({}));
    await fleet.start();
    await fleet.live(3);
    expect(await remembered(fleet)).toMatchObject({ assumed: true, removed: expect.arrayContaining(['jobs']) });
    await fleet.change(NARROW, STRATEGY);
    await fleet.live(30);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'LifelineViolation' });
    expect(await fleet.attached('press-1')).toEqual(['base']);
  }, 90_000);
});

describe('R11: a lifeline of which somebody else has taken the policy', () => {
  const taken = async (fleet: RolloutFleet, name: string, how: 'AttachPolicy' | 'DetachPolicy') => {
    const { status } = (await fleet.get('Device', name)) as Device;
    await fleet.aws.send(how, { policyName: 'base', target: status?.certificates?.[0]?.arn ?? '' });
  };
  const analyzed = async (fleet: RolloutFleet) =>
    (await fleet.rollout()).status?.conditions?.find(({ type }) => type === 'Analyzed');

  test('keeps that device where it is, by name; the others move, and it follows when it has the policy back', async () => {
    await using fleet = await rolloutFleet(3);
    await taken(fleet, 'press-2', 'DetachPolicy');
    await fleet.live(6);
    await fleet.change(NARROW);
    await fleet.live(120, { until: async () => (await fleet.records())['press-3'] === 'Succeeded' });
    expect(await fleet.records()).toMatchObject({ 'press-1': 'Succeeded', 'press-2': '-', 'press-3': 'Succeeded' });
    expect(await fleet.attached('press-2')).toEqual([]);
    expect(await analyzed(fleet)).toMatchObject({
      status: 'True',
      message: expect.stringMatching(/press-2 stands aside: policy base.*iot:Connect.*Put the policy back/),
    });
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Progressing', reason: 'WaitingForDevices', counters: { held: 1 } });
    expect(status?.message).toContain('press-2');
    expect(status?.samples).toMatchObject([{ device: 'press-2', state: 'Held', why: expect.stringContaining('base') }]);
    await taken(fleet, 'press-2', 'AttachPolicy');
    await fleet.live(60, { until: async () => (await fleet.rollout()).status?.phase === 'Succeeded' });
    expect(await fleet.records()).toMatchObject({ 'press-2': 'Succeeded' });
    expect(await analyzed(fleet)).toMatchObject({ message: expect.stringContaining('every lifeline holds') });
  }, 120_000);

  test('of a device that has moved already stops nobody else', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    const [policyName = ''] = await fleet.attached('press-1');
    await fleet.aws.send('DetachPolicy', { policyName, target: status?.certificates?.[0]?.arn ?? '' });
    await fleet.live(90, { until: async () => (await fleet.records())['press-2'] === 'Succeeded' });
    expect(await fleet.records()).toMatchObject({ 'press-2': 'Succeeded' });
  }, 120_000);

  test('of every device is no act of a moment: nothing moves, and the reason names the first', async () => {
    await using fleet = await rolloutFleet(2);
    await fleet.change(NARROW, { ...STRATEGY, approval: 'Always' });
    await fleet.live(1);
    await taken(fleet, 'press-1', 'DetachPolicy');
    await fleet.live(6);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'AwaitingApproval' });
    await taken(fleet, 'press-2', 'DetachPolicy');
    await fleet.live(6);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Pending',
      reason: 'LifelineViolation',
      message: expect.stringContaining('policy base'),
    });
  }, 60_000);
});
